// What reads do for replicas that they have seen behind.
import { describe, expect, it } from 'vitest';
import { RepairFixture } from './repair-fixture.ts';

/** The read of a key which A2 holds older than A0 and A1, or not at all. */
function readOfDiverged(before: string | undefined, repairsReads = true): RepairFixture {
  const fixture = new RepairFixture(3, { repairsReads });
  const { cluster } = fixture;
  if (before !== undefined) fixture.put('k', before, [0, 1, 2]);
  fixture.put('k', 'newest', [0, 1]);
  const call = cluster.call(1, (core) => core.get('k', { level: { r: 3 } }));
  cluster.exchange(1, 'read', [2, 0, 1]);
  expect(call.result).toMatchObject({ outcome: 'ok', value: 'newest' });
  return fixture;
}

describe('A read that saw a replica behind', () => {
  it.each([
    ['an older entry', 'old'],
    ['none', undefined],
  ])('sends it what it has returned, and waits for nothing: it had %s', (_, before) => {
    const fixture = readOfDiverged(before);
    const { cluster } = fixture;
    expect(cluster.core(1).pending).toBe(0);
    cluster.reach(1, 'accept', [0, 1, 2]);
    cluster.hear(1, [2]); // Its vote is for a question that is over.
    expect(fixture.holdingOf(2)).toEqual(fixture.holdingOf(0));
    expect(cluster.core(1).coordinator.counters).toMatchObject({ readRepairs: 1, gets: 1, puts: 0, fastReads: 1 });
  });

  it('sends nothing where that is not wanted', () => {
    const fixture = readOfDiverged('old', false);
    fixture.cluster.reach(1, 'accept', [0, 1, 2]);
    expect(fixture.holdingOf(2)).not.toEqual(fixture.holdingOf(0));
  });

  it('leaves a write under way alone, which is newer than what it returns', () => {
    const fixture = new RepairFixture(5, { repairsReads: true });
    const { cluster } = fixture;
    fixture.put('k', 'old', [0, 1, 2, 3, 4]);
    fixture.put('k', 'newest', [0]);
    const call = cluster.call(1, (core) => core.get('k', undefined));
    cluster.exchange(1, 'read', [0, 1, 2]); // Two agree, of three.
    cluster.exchange(1, 'read', [3]);
    expect(call.result).toMatchObject({ outcome: 'ok', value: 'old' });
    expect(cluster.core(1).coordinator.counters).toMatchObject({ readRepairs: 0, slowReads: 1 });
  });
});
