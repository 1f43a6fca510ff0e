// Chance of a simulated run: every node draws from a stream of its own for every purpose, so that a fault that is taken
// away does not shift what others draw. That is what makes shrinking a failure work.
//
// Only 32-bit integer steps and the four operations that IEEE 754 rounds exactly: a seed gives the same run on every
// version of Node, which Math.log and its like do not promise.
import { seededRandom, unitOf } from '../../base/random.ts';
import type { Random } from '../../base/random.ts';

/** Mixes two 32-bit words into one, an integer from 0 to 2^32 - 1. Source: the finalizer of MurmurHash3 (Appleby). */
export function mixWords(a: number, b: number): number {
  let word = Math.imul(a ^ (a >>> 16), 0x85eb_ca6b) ^ b;
  word = Math.imul(word ^ (word >>> 13), 0xc2b2_ae35);
  word = Math.imul(word ^ (word >>> 16), 0x85eb_ca6b);
  return (word ^ (word >>> 15)) >>> 0;
}

/** A text as a 32-bit word. Source: FNV-1a. */
export function wordOf(text: string): number {
  let word = 0x811c_9dc5;
  for (let index = 0; index < text.length; index++) word = Math.imul(word ^ text.charCodeAt(index), 0x0100_0193);
  return word >>> 0;
}

/** The stream of one purpose of one node (-1: of the whole run). */
export function streamOf(seed: number, node: number, purpose: string): Random {
  return seededRandom(mixWords(mixWords(seed, wordOf(purpose)), node + 1));
}

/** Whether an event of this probability happens. */
export function happens(random: Random, probability: number): boolean {
  return unitOf(random) < probability;
}

/** One of the values. */
export function pick<Value>(random: Random, values: readonly Value[]): Value {
  return values[Math.floor(unitOf(random) * values.length)]!;
}

/** An integer from `min` to `max`, both included. */
export function between(random: Random, min: number, max: number): number {
  return min + Math.floor(unitOf(random) * (max - min + 1));
}

/** An exponentially distributed number of mean 1 from a 32-bit word: -ln of a number above 0 and up to 1. */
export function exponentialOf(word: number): number {
  // (word + 1) / 2^32 = mantissa * 2^-shift with a mantissa from 0.5 to 1; ln(mantissa) = 2 artanh(z), |z| <= 1/3.
  const shift = word >>> 0 === 0xffff_ffff ? 0 : Math.clz32((word >>> 0) + 1);
  const mantissa = (((word >>> 0) + 1) / 0x1_0000_0000) * 2 ** shift;
  const z = (mantissa - 1) / (mantissa + 1);
  const square = z * z;
  const series = 1 + square * (1 / 3 + square * (1 / 5 + square * (1 / 7 + square * (1 / 9 + square / 11))));
  return shift * Math.LN2 - 2 * z * series;
}
