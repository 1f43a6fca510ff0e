import { describe, expect, it } from 'vitest';
import type { HangMeasurement, Observation } from '../../src/supervision/hang-watch.ts';
import { isHung, measure } from '../../src/supervision/hang-watch.ts';

const POLICY = { hungMs: 500, tickMs: 50 };

interface Look {
  readonly nowMs: number;
  readonly turns?: number;
  readonly unread?: boolean;
  readonly parked?: boolean;
}

function verdict(looks: readonly Look[]): boolean {
  let measurement: HangMeasurement | undefined;
  for (const { nowMs, turns = 0, unread = true, parked = false } of looks) {
    const observation: Observation = { nowMs, turns, hasUnread: unread, isParked: parked };
    measurement = measure(POLICY, measurement, observation);
  }
  return measurement !== undefined && isHung(POLICY, measurement);
}

/** Looks every tick from `fromMs` to `toMs`, both included. */
function ticks(fromMs: number, toMs: number, look: Omit<Look, 'nowMs'> = {}): Look[] {
  const looks: Look[] = [];
  for (let nowMs = fromMs; nowMs <= toMs; nowMs += POLICY.tickMs) looks.push({ nowMs, ...look });
  return looks;
}

describe('A hang watch', () => {
  it.each([
    { sentence: 'convicts a thread that sits on unread frames for hungMs', looks: ticks(0, 500), expected: true },
    { sentence: 'waits until hungMs are full', looks: ticks(0, 450), expected: false },
    { sentence: 'acquits a thread with nothing to read', looks: ticks(0, 5000, { unread: false }), expected: false },
    { sentence: 'acquits a parked thread', looks: ticks(0, 5000, { parked: true }), expected: false },
    {
      sentence: 'starts again when a turn was finished',
      looks: [...ticks(0, 450), ...ticks(500, 950, { turns: 1 })],
      expected: false,
    },
    {
      sentence: 'notices progress when the turn counter wraps',
      looks: [...ticks(0, 450, { turns: 2 ** 31 - 1 }), ...ticks(500, 950, { turns: -(2 ** 31) })],
      expected: false,
    },
    {
      sentence: 'starts again after a look at which the thread had read everything',
      looks: [...ticks(0, 450), { nowMs: 500, unread: false }, ...ticks(550, 1000)],
      expected: false,
    },
    {
      sentence: 'counts nothing when the observer itself was stopped (SIGSTOP) for longer than hungMs',
      looks: [...ticks(0, 100), { nowMs: 60_000 }, ...ticks(60_050, 60_450)],
      expected: false,
    },
    {
      sentence: 'convicts after a stop of the observer only by what it observes afterwards',
      looks: [...ticks(0, 100), { nowMs: 60_000 }, ...ticks(60_050, 60_500)],
      expected: true,
    },
    {
      sentence: 'never convicts while the observer is starved so that every gap exceeds two ticks',
      looks: Array.from({ length: 100 }, (_, index) => ({ nowMs: index * 101 })),
      expected: false,
    },
    {
      sentence: 'bears an observer that is late by up to two ticks',
      looks: Array.from({ length: 6 }, (_, index) => ({ nowMs: index * 100 })),
      expected: true,
    },
    { sentence: 'does not convict at the first look', looks: [{ nowMs: 1e9 }], expected: false },
  ])('$sentence', ({ looks, expected }) => {
    expect(verdict(looks)).toBe(expected);
  });
});
