// Who holds registers, and which of them decide, at a time: the members of a cluster and the sizes of their quorums. A
// configuration has a number, which only grows; what was asked, promised or voted under one counts for nothing under
// another one.
//
// A change goes through two more, so that no two that follow each other could decide apart. While newcomers catch up,
// the old members decide alone, and nothing is erased. Then both decide: every quorum has to be one of the old members
// and one of the new ones, until what the old ones had decided alone lies with the new ones too. Then those decide
// alone. Source: joint consensus, Ongaro and Ousterhout, "In Search of an Understandable Consensus Algorithm" (2014),
// section 6; the rescan of all registers, Rystsov, "CASPaxos: Replicated State Machines without logs" (2018), 2.3.
//
// What only some of the old members had stored by then, and was never decided, may have been promised by old members
// alone. New members who decide alone could take it up after something older that was proposed past it. So once both
// decide, a barrier is put behind the last ballot: up to there nobody stores what he does not hold, and whoever wants
// to finish it proposes it anew, above.
import { lowestBits, maskOf, popcount } from '../base/bits.ts';
import { votersIn } from './quorum-system.ts';
import type { RegisterQuorums } from './register-quorums.ts';

/** Members, and what decides among them. */
export interface Membership {
  /** Threads that hold registers, as a mask. */
  readonly members: number;
  /** Invariant: `threads` of them is the number of members. */
  readonly quorums: RegisterQuorums;
}

/** Whether nothing changes; newcomers catch up, and the old members decide; or old and new members decide together. */
export type ConfigurationPhase = 'stable' | 'learning' | 'joint';

/** A configuration: plain data. */
export interface Configuration {
  /** From 1; 0 where it is the only one for ever. */
  readonly number: number;
  readonly phase: ConfigurationPhase;
  readonly current: Membership;
  /** Missing where nothing changes. */
  readonly next?: Membership;
  /** The last ballot under which nothing is stored any more; missing before the first change. */
  readonly barrier?: { readonly high: number; readonly low: number };
}

/** The same members and sizes under another number: nothing that was sent before is stored or counted any more. */
export function renewed(configuration: Configuration): Configuration {
  return { ...configuration, number: configuration.number + 1 };
}

/** Places of a cluster that has so many and whose threads are no members, in order. */
export function freePlaces({ members }: Membership, places: number): number[] {
  return votersIn(lowestBits(places) & ~members);
}

/** Members that are to be, and how many copies of each key. */
export interface MemberCounts {
  readonly members: number;
  readonly threads: number;
  readonly replicas: number;
}

/**
 * The members once those of the mask `removed` have gone and `added` have come, with as many copies of each key as
 * `copies` says, or as there were; where every member had one, every member has one.
 */
export function membersAfter(
  { members: before, quorums }: Membership,
  added: readonly number[],
  { removed, copies }: { readonly removed: number; readonly copies: number | undefined },
): MemberCounts {
  const members = (before & ~removed) | maskOf(added);
  const threads = popcount(members);
  const wasWhole = quorums.threads === quorums.replicas;
  return { members, threads, replicas: copies ?? (wasWhole ? threads : quorums.replicas) };
}
