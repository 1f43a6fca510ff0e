// Every interleaving of the production code of the ring layer, at the smallest sizes at which it can go wrong.
import { describe, expect, it } from 'vitest';
import { exploreMemory } from '../../../src/sim/explorer/explore-memory.ts';
import type { MemoryModel } from '../../../src/sim/explorer/memory-model.ts';
import {
  CAPACITY,
  PAYLOAD_BYTES,
  PRODUCTION,
  STARTS,
  batch,
  broadcast,
  decidingVote,
  framesOf,
  killedConsumer,
  killedProducer,
  killedWhileFreeing,
  lateVote,
  parkedConsumer,
  parkedProducer,
  twoOwners,
} from './ring-cases.ts';
import type { Case } from './ring-cases.ts';

/** With QUORATE_EXPLORE=all, the cases of most states begin before each wrap too; else before that of 2^32. */
const IS_WHOLE = process.env['QUORATE_EXPLORE'] === 'all';
const LARGE: ReadonlySet<Case> = new Set([
  broadcast,
  killedConsumer,
  killedProducer,
  killedWhileFreeing,
  parkedConsumer,
]);
const TIMEOUT_MS = 120_000;

const CASES: readonly (readonly [string, Case])[] = [
  ['frames of which two fill the ring', framesOf([PAYLOAD_BYTES], CAPACITY)],
  ['frames that run on into the spill', framesOf([16, 8, 24], CAPACITY)],
  ['frames with two lines of free bytes ahead', framesOf([PAYLOAD_BYTES], 2 * CAPACITY)],
  ['two frames of one batch, over bytes that were asked for ahead', batch],
  ['a producer that is killed anywhere, and its successor', killedProducer],
  ['a consumer that is killed anywhere, and its successor', killedConsumer],
  ['a consumer that parks for each frame', parkedConsumer],
  ['a producer that parks until there is room', parkedProducer],
  ['a producer that parks for a consumer that is killed anywhere', killedWhileFreeing],
  ['two threads that take one end', twoOwners],
  ['a vote that comes late', lateVote],
  ['two votes of which one decides', decidingVote],
  ['a reader that is detached while it reads', broadcast],
];

const ORDERS = [
  ['in order', 'in-order'],
  ['late and in any order', 'buffered'],
] as const;

describe.each(ORDERS)('With stores that become visible %s, all is well with', { timeout: TIMEOUT_MS }, (_, stores) => {
  it.each(CASES)('%s', (name, model) => {
    for (const start of IS_WHOLE || !LARGE.has(model) ? STARTS : [-32]) {
      const { verdict, reason, path, states, ends } = exploreMemory({ ...model(PRODUCTION, start), stores });
      expect(path.join('\n') || reason, `start ${start}`).toBe('');
      expect(verdict).toBe('ok');
      expect(states, `${name}: ${states} states, ${ends} ends`).toBeGreaterThan(50);
    }
  });
});

describe("Accesses to words that are one thread's own, taken alone, keep every end", () => {
  it.each([
    ['frames', framesOf([PAYLOAD_BYTES], CAPACITY)],
    ['two owners', twoOwners],
    ['a parked producer', parkedProducer],
    ['two votes', decidingVote],
  ] as const)('of %s', (_, model) => {
    const endsOf = (isReduced: boolean): { ends: string[]; states: number } => {
      const ends = new Set<string>();
      const judgeEnd: MemoryModel['judgeEnd'] = (end) => void ends.add(JSON.stringify([end.said, end.sleepsAt]));
      const { states } = exploreMemory({ ...model(PRODUCTION, -32), stores: 'buffered', isReduced, judgeEnd });
      return { ends: [...ends].sort(), states };
    };
    const reduced = endsOf(true);
    const full = endsOf(false);
    expect(reduced.ends).toEqual(full.ends);
    expect(reduced.states).toBeLessThan(full.states);
  });
});
