// The one place that reads system randomness. Everything that must be repeatable takes a Random as an argument.

/** A source of chance. */
export interface Random {
  /** The next number, an integer from 0 to 2^32 - 1. */
  nextUint32(): number;
}

/**
 * A repeatable source: the same seed gives the same numbers on every platform.
 *
 * Source: sfc32, from the PractRand suite by Chris Doty-Humphrey (2010); 32-bit operations only.
 */
export function seededRandom(seed: number): Random {
  let a = 0x9e3779b9 | 0;
  let b = 0x243f6a88 | 0;
  let c = seed | 0;
  let counter = 1;
  const nextUint32 = (): number => {
    const mixed = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + mixed) | 0;
    return mixed >>> 0;
  };
  for (let round = 0; round < 12; round++) nextUint32(); // The authors' warm-up: close seeds part ways.
  return { nextUint32 };
}

/** A source seeded from the system: for jitter and identifiers, where no two processes should agree. */
export function systemRandom(): Random {
  return seededRandom(systemSeed());
}

/** A fresh seed from the system, an integer from 0 to 2^32 - 1. */
export function systemSeed(): number {
  const word = new Uint32Array(1);
  globalThis.crypto.getRandomValues(word);
  return word[0]!;
}

/** A number from 0 (included) to 1 (excluded). */
export function unitOf(random: Random): number {
  return random.nextUint32() / 0x1_0000_0000;
}

/** An integer from 0 to `bound` - 1. */
export function below(random: Random, bound: number): number {
  return Math.floor(unitOf(random) * bound);
}
