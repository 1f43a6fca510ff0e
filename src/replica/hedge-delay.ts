// How long a read waits before it is hedged: the time that 95 of 100 reads took lately, counted in a small histogram
// of quarter octaves that forgets by halving. It is never exact, and need not be: a quarter octave is 19 %.
import { HEDGE_MS_MAX, HEDGE_MS_MIN } from '../base/limits.ts';

const SHARE = 0.95;
/** Samples between two looks at the percentile: a look costs what ten samples do. */
const SAMPLES_PER_LOOK = 16;
/** Samples after which the older half of the weight is forgotten. */
const SAMPLES_KEPT = 256;
/** Buckets of a quarter octave each, from 4 microseconds to 67 seconds. */
const BUCKETS = 96;
const US_MIN = 4;

/** Estimates a percentile of latencies. It allocates nothing after it was made. */
export class HedgeDelay {
  /** The delay in milliseconds, within {@link HEDGE_MS_MIN} and {@link HEDGE_MS_MAX}; the latter at first. */
  ms: number = HEDGE_MS_MAX;
  readonly #counts = new Uint32Array(BUCKETS);
  #count = 0;
  #untilLook = SAMPLES_PER_LOOK;

  /** Counts a sample of so many milliseconds. */
  note(latencyMs: number): void {
    this.#counts[bucketOf(latencyMs)]!++;
    this.#count++;
    if (--this.#untilLook > 0) return;
    this.#untilLook = SAMPLES_PER_LOOK;
    this.ms = Math.min(HEDGE_MS_MAX, Math.max(HEDGE_MS_MIN, this.#percentileMs()));
    if (this.#count >= SAMPLES_KEPT) this.#forgetHalf();
  }

  /** The upper end of the bucket in which the percentile lies. */
  #percentileMs(): number {
    let left = Math.ceil(SHARE * this.#count);
    let bucket = 0;
    for (; bucket < BUCKETS - 1; bucket++) {
      left -= this.#counts[bucket]!;
      if (left <= 0) break;
    }
    const octave = bucket >>> 2;
    return ((US_MIN + (bucket & 3) + 1) << octave) / 1000;
  }

  #forgetHalf(): void {
    this.#count = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) this.#count += this.#counts[bucket]! >>>= 1;
  }
}

function bucketOf(latencyMs: number): number {
  const us = Math.min(0x3fff_ffff, Math.max(US_MIN, Math.round(latencyMs * 1000)));
  const octave = 31 - Math.clz32(us);
  return Math.min(BUCKETS - 1, ((octave - 2) << 2) | ((us >>> (octave - 2)) & 3));
}
