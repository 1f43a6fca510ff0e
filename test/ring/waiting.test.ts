import { describe, expect, it } from 'vitest';
import { SPIN_LOOKS_MAX } from '../../src/base/limits.ts';
import { Doorbell } from '../../src/ring/doorbell.ts';
import { DOORBELL } from '../../src/ring/layout.ts';
import { awaitBell, chooseWait, lookForBell } from '../../src/ring/waiting.ts';
import { freshMemory } from './interleavings.ts';
import { observedMemory } from './observed-memory.ts';

describe('A waiting strategy', () => {
  it.each([
    [1, 1, SPIN_LOOKS_MAX / 2],
    [1, 2, 0],
    [2, 1, SPIN_LOOKS_MAX],
    [2, 2, SPIN_LOOKS_MAX / 2],
    [2, 3, 0],
    [2, 9, 0],
    [64, 9, SPIN_LOOKS_MAX],
  ])('of %i cores and %i busy threads looks %i times before it parks', (cores, busyThreads, looks) => {
    expect(chooseWait({ cores, busyThreads, parkMs: 250 })).toEqual({ looks, parkMs: 250 });
  });
});

function observedBell(): { bell: Doorbell; accesses: () => number } {
  let count = 0;
  const memory = observedMemory(freshMemory(DOORBELL.WORDS), (access) => {
    count++;
    return access();
  });
  return { bell: new Doorbell(memory), accesses: () => count };
}

describe('Waiting for a doorbell', () => {
  it('ends at once when it has rung', () => {
    const { bell } = observedBell();
    bell.ring(2);
    awaitBell(bell, { looks: 0, parkMs: 1e9 });
    awaitBell(bell, { looks: 1e9, parkMs: 1e9 });
    expect([bell.parks, bell.take()]).toEqual([1, 4]); // With looks it did not even raise the flag.
  });

  it('looks as often as it was told, then parks for as long as it was told', () => {
    const { bell, accesses } = observedBell();
    expect(lookForBell(bell, 100)).toBe(false);
    expect(accesses()).toBe(200); // READY and CONTROL.
    awaitBell(bell, { looks: 3, parkMs: 1 });
    expect(bell.parks).toBe(1);
  });
});
