// Which key comes next: few keys are asked often, most hardly ever, and the popular ones lie all over the key space.
import { unitOf, type Random } from '../../base/random.ts';

/** Most keys that a workload may have: up to here the scrambling is exact in doubles. */
export const ZIPFIAN_KEYS_MAX: number = 1 << 20;

const ITEMS = 10_000_000_000;
const THETA = 0.99;
/** zeta(ITEMS, THETA), as YCSB has it: summing ten thousand million terms at each start is not worth it. */
const ZETA_ITEMS = 26.469_028_201_783_02;
const ZETA_2 = 1 + 0.5 ** THETA;
const ALPHA = 1 / (1 - THETA);
const ETA = (1 - (2 / ITEMS) ** (1 - THETA)) / (1 - ZETA_2 / ZETA_ITEMS);

/**
 * The next key, an integer from 0 to `keys` - 1, by the scrambled zipfian distribution of YCSB (theta 0.99).
 *
 * Source: Gray et al., "Quickly Generating Billion-Record Synthetic Databases" (1994), and Cooper et al., "Benchmarking
 * Cloud Serving Systems with YCSB" (2010): ScrambledZipfianGenerator, whose 10^10 ranks are hashed onto the keys.
 */
export function scrambledZipfian(random: Random, keys: number): number {
  return fnv64(zipfianRank(unitOf(random)), keys);
}

/** The rank, from 0, that a number from 0 to 1 stands for: rank r is met in proportion to 1 / (r + 1)^theta. */
export function zipfianRank(unit: number): number {
  const scaled = unit * ZETA_ITEMS;
  if (scaled < 1) return 0;
  if (scaled < ZETA_2) return 1;
  return Math.floor(ITEMS * (ETA * unit - ETA + 1) ** ALPHA);
}

/** FNV-1a over the 8 bytes of `value`, its absolute value as a signed number, modulo `modulus` (to 2^20). */
function fnv64(value: number, modulus: number): number {
  let high = 0xcbf2_9ce4;
  let low = 0x8422_2325;
  const words = [value >>> 0, Math.floor(value / 0x1_0000_0000)];
  for (let byte = 0; byte < 8; byte++) {
    low = (low ^ ((words[byte >> 2]! >>> ((byte & 3) * 8)) & 0xff)) >>> 0;
    // Times 2^40 + 0x1b3, modulo 2^64, in two halves that stay exact in doubles.
    const product = low * 0x1b3;
    high = (Math.imul(high, 0x1b3) + Math.floor(product / 0x1_0000_0000) + (low << 8)) >>> 0;
    low = product >>> 0;
  }
  if (high >= 0x8000_0000) {
    low = -low >>> 0;
    high = (~high + (low === 0 ? 1 : 0)) >>> 0;
  }
  return ((high % modulus) * 0x1_0000_0000 + low) % modulus;
}
