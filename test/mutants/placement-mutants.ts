// Seeded bugs of keys that some threads hold and others do not.
import assert from 'node:assert/strict';
import { lowestBits } from '../../src/base/bits.ts';
import { registerQuorums } from '../../src/quorum/register-quorums.ts';
import { votersIn } from '../../src/quorum/quorum-system.ts';
import { hashOf } from '../../src/replica/key-bytes.ts';
import type { Director } from '../replica/director.ts';
import type { Mutant } from './mutant.ts';
import { without } from './register-mutants.ts';
import { atRandom, byDirection } from './world-catchers.ts';

const N3_OF_5 = { quorums: registerQuorums({ replicas: 3, threads: 5 }) };

export const PLACEMENT_MUTANTS: readonly Mutant[] = [
  {
    bug: 'A thread that does not hold a key is asked for it, and counts',
    layer: 'coordinator',
    removed: 'rule asksHomes',
    catchers: [atRandom(without('asksHomes'), N3_OF_5)],
  },
  {
    bug: 'A recovering replica hears M others, whatever they hold',
    layer: 'recovery',
    removed: 'rule hearsAllGroups',
    catchers: [
      byDirection(recoverFromStrangers, { broken: without('hearsAllGroups'), kept: N3_OF_5 }),
      atRandom(without('hearsAllGroups'), N3_OF_5),
    ],
  },
  {
    bug: 'A thread counts for two of the homes of a key',
    layer: 'coordinator',
    removed: 'rule placesApart',
    catchers: [atRandom(without('placesApart'), N3_OF_5)],
  },
];

/** A put is acknowledged by two homes; one of them recovers from the third, and from those that hold nothing of it. */
function recoverFromStrangers(director: Director): void {
  const { world } = director;
  const [first, second, third] = votersIn(world.placement.homesOf(hashOf('k')));
  assert(first !== undefined && second !== undefined && third !== undefined, 'A key has three homes');
  const strangers = votersIn(lowestBits(world.quorums.threads) & ~world.placement.homesOf(hashOf('k')));
  world.start(0, { kind: 'put', value: 'v1' });
  director.exchange(0, 'accept', [first, second]);
  director.restart(first, [...strangers, third]);
  director.readAt(1, [first, third]);
}
