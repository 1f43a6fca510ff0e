// Every seeded bug is caught, and production, looked at by the same catchers, is not.
import { describe, expect, it } from 'vitest';
import { MUTANTS } from './catalogue.ts';

const TIMEOUT_MS = 60_000;
/** The issue asks for so many bugs, and for traces that a person can read. */
const MUTANTS_MIN = 30;
const EVENTS_MEDIAN_MAX = 40;

describe('A seeded bug is caught, and production is not', { timeout: TIMEOUT_MS }, () => {
  const events: number[] = [];

  it.each(MUTANTS)('$layer: $bug', ({ catchers }) => {
    const found = catchers.map((catcher) => catcher.catches()).find((each) => each !== undefined);
    expect(found?.what).toEqual(expect.any(String));
    events.push(found?.events ?? Infinity);
    expect(catchers.map((catcher) => catcher.flagsProduction()).filter((each) => each !== undefined)).toEqual([]);
  });

  it(`There are at least ${MUTANTS_MIN}, each of them once`, () => {
    expect(new Set(MUTANTS.map(({ bug }) => bug)).size).toBe(MUTANTS.length);
    expect(new Set(MUTANTS.map(({ removed }) => removed)).size).toBe(MUTANTS.length);
    expect(MUTANTS.length).toBeGreaterThanOrEqual(MUTANTS_MIN);
  });

  it(`Half of the traces have at most ${EVENTS_MEDIAN_MAX} events`, () => {
    const sorted = events.toSorted((one, other) => one - other);
    expect(sorted[sorted.length >> 1]).toBeLessThanOrEqual(EVENTS_MEDIAN_MAX);
  });
});
