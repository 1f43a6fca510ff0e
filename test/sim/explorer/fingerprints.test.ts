import { describe, expect, it } from 'vitest';
import { Fingerprints } from '../../../src/sim/explorer/fingerprints.ts';

describe('A set of fingerprints', () => {
  it('says of each text whether it is new, also while it grows', () => {
    const met = new Fingerprints();
    const known = new Set<string>();
    for (let index = 0; index < 20_000; index++) {
      const text = `${(index * 7919) % 13_000}`;
      expect(met.add(text)).toBe(!known.has(text));
      known.add(text);
    }
    expect(met.size).toBe(known.size);
  });

  // Among half a million texts two of 64 random bits agree once in 150 million times.
  it.each<[string, (index: number) => string]>([
    ['that count', String],
    ['of few letters', (index) => index.toString(2)],
    ['of two small numbers', (index) => `${index % 700},${Math.floor(index / 700)}`],
    ['whose units are unlike letters', (index) => String.fromCharCode(index & 0xffff, index >>> 16)],
    ['that differ in the middle', (index) => `0,0,0,0;${index};0,0,0,0|0,0`],
  ])('tells texts apart %s', (_, textOf) => {
    const met = new Fingerprints();
    for (let index = 0; index < 500_000; index++) met.add(textOf(index));
    expect(met.size).toBe(500_000);
  });
});
