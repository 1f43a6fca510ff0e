// Quorum systems at random, and what a set of voters is to them by definition: sets of indices, all subsets, no masks.
import * as fc from 'fast-check';
import { among, choose, majority, weighted } from '../../src/quorum/index.ts';
import type { QuorumData, QuorumMember, QuorumSystem } from '../../src/quorum/index.ts';

/** A system over exactly `voters` voters, with members of members up to three deep. */
export function anySystem(voters: number): fc.Arbitrary<QuorumSystem> {
  return fc.oneof(
    { weight: 1, arbitrary: fc.integer({ min: 1, max: voters }).map((needed) => choose(needed, voters)) },
    { weight: 1, arbitrary: anyWeighted(voters) },
    { weight: 4, arbitrary: anyMember(voters, 3).map((member) => among(voters, member)) },
  );
}

/** Two systems over the same voters, 1 to `votersMax`. */
export function anyPair(votersMax: number): fc.Arbitrary<readonly [QuorumSystem, QuorumSystem]> {
  return fc.integer({ min: 1, max: votersMax }).chain((voters) => fc.tuple(anySystem(voters), anySystem(voters)));
}

/** A system over 1 to `votersMax` voters. */
export function anySystemUpTo(votersMax: number): fc.Arbitrary<QuorumSystem> {
  return fc.integer({ min: 1, max: votersMax }).chain(anySystem);
}

function anyWeighted(voters: number): fc.Arbitrary<QuorumSystem> {
  return fc
    .array(fc.integer({ min: 1, max: 4 }), { minLength: voters, maxLength: voters })
    .chain((weights) =>
      fc
        .integer({ min: 1, max: weights.reduce((sum, weight) => sum + weight, 0) })
        .map((needed) => weighted(weights, needed)),
    );
}

function anyMember(voters: number, depth: number): fc.Arbitrary<QuorumMember> {
  const voter = fc.integer({ min: 0, max: voters - 1 });
  if (depth === 0) return voter;
  const members = fc.uniqueArray(anyMember(voters, depth - 1), {
    minLength: 1,
    maxLength: 4,
    selector: (member) => (typeof member === 'number' ? member : Symbol('system')),
  });
  const choice = members.chain((of) => fc.integer({ min: 1, max: of.length }).map((needed) => choose(needed, of)));
  const smaller = fc.integer({ min: 1, max: voters }).map((of) => majority(of));
  return fc.oneof({ weight: 3, arbitrary: voter }, { weight: 4, arbitrary: choice }, { weight: 1, arbitrary: smaller });
}

/** Slow and obvious: whether the voters of a set are a quorum. */
export function slowIsQuorum(system: QuorumData, present: ReadonlySet<number>): boolean {
  if (system.kind === 'choice') {
    const satisfied = system.of.filter((member) =>
      typeof member === 'number' ? present.has(member) : slowIsQuorum(member, present),
    );
    return satisfied.length >= system.needed;
  }
  const own = Array.from({ length: system.voters }, (_, voter) => voter).filter((voter) => present.has(voter));
  const weightOf = (voter: number): number => (system.kind === 'weighted' ? system.weights[voter]! : 1);
  return own.reduce((sum, voter) => sum + weightOf(voter), 0) >= system.needed;
}

/** The voters of a mask, by arithmetic. */
export function setOf(mask: number): ReadonlySet<number> {
  const present = new Set<number>();
  for (let voter = 0; voter < 31; voter++) if (Math.floor(mask / 2 ** voter) % 2 === 1) present.add(voter);
  return present;
}

/** Every mask of `voters` voters, in ascending order. */
export function allMasks(voters: number): readonly number[] {
  return Array.from({ length: 2 ** voters }, (_, mask) => mask);
}

/** Slow and obvious: the masks of all quorums. */
export function slowQuorums(system: QuorumData): readonly number[] {
  return allMasks(system.voters).filter((mask) => slowIsQuorum(system, setOf(mask)));
}

/** Slow and obvious: the quorums of which no other one is a part. */
export function slowMinimal(system: QuorumData): readonly number[] {
  const quorums = slowQuorums(system);
  return quorums.filter((mask) => !quorums.some((other) => other !== mask && (other & mask) === other));
}
