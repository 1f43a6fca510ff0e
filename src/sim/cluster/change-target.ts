// What a planned change of members comes to, from the members of the moment.
import { isQuorateError } from '../../base/errors.ts';
import { freePlaces, membersAfter } from '../../quorum/configuration.ts';
import type { Configuration, MemberCounts, Membership } from '../../quorum/configuration.ts';
import { majorityOf, votersIn } from '../../quorum/quorum-system.ts';
import { registerQuorums } from '../../quorum/register-quorums.ts';
import type { RegisterOptions } from '../../quorum/register-quorums.ts';
import type { FaultPlan } from './plan.ts';

/** A change of a plan. */
export type PlannedChange = Extract<FaultPlan, { readonly kind: 'change' }>;

/** What it asks for. */
type Asked = Pick<PlannedChange, 'add' | 'remove' | 'copies' | 'writeMore' | 'quorum'>;

/** The members and quorums that it asks for; `undefined` where nobody would be left, or no quorums are. */
export function changeTarget({ current }: Configuration, asked: Asked, places: number): Membership | undefined {
  const counts = countsAfter(current, asked, places);
  if (counts.threads === 0) return undefined;
  try {
    return { members: counts.members, quorums: registerQuorums(quorumsAfter(current, asked, counts)) };
  } catch (error) {
    if (isQuorateError(error)) return undefined;
    throw error;
  }
}

function countsAfter(current: Membership, { add, remove, copies, quorum }: Asked, places: number): MemberCounts {
  const free = freePlaces(current, places);
  if (quorum === undefined) return membersAfter(current, free.slice(0, add), { removed: remove, copies });
  // As many as the system has voters: those who stay, then others, then who was to leave.
  const { members } = current;
  const order = [...votersIn(members & ~remove), ...free, ...votersIn(members & remove)];
  const voters = (quorum.write ?? quorum.read)?.voters ?? 0;
  return membersAfter(current, order.slice(0, voters), { removed: members, copies: voters });
}

function quorumsAfter({ quorums }: Membership, asked: Asked, counts: MemberCounts): RegisterOptions {
  const { copies, writeMore = 0, quorum } = asked;
  const { threads } = counts;
  const replicas = Math.min(threads, counts.replicas);
  if (quorum !== undefined) return { replicas, quorum };
  const namesSizes = copies !== undefined || writeMore > 0;
  if (quorums.systems !== undefined && threads === quorums.replicas && !namesSizes) {
    return { replicas, quorum: quorums.systems };
  }
  return { replicas, threads, write: Math.min(replicas, majorityOf(replicas) + writeMore) };
}
