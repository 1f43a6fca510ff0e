// What a planned change of members comes to, from the members of the moment.
import { isQuorateError } from '../../base/errors.ts';
import { freePlaces, membersAfter } from '../../quorum/configuration.ts';
import type { Configuration, Membership } from '../../quorum/configuration.ts';
import { majorityOf } from '../../quorum/quorum-system.ts';
import { registerQuorums } from '../../quorum/register-quorums.ts';
import type { FaultPlan } from './plan.ts';

/** A change of a plan. */
export type PlannedChange = Extract<FaultPlan, { readonly kind: 'change' }>;

/** The members and sizes that it asks for; `undefined` where nobody would be left, or no quorums are. */
export function changeTarget(
  { current }: Configuration,
  { add, remove, copies, writeMore = 0 }: Pick<PlannedChange, 'add' | 'remove' | 'copies' | 'writeMore'>,
  places: number,
): Membership | undefined {
  const added = freePlaces(current, places).slice(0, add);
  const { members, threads, replicas: wanted } = membersAfter(current, added, { removed: remove, copies });
  if (threads === 0) return undefined;
  const replicas = Math.min(threads, wanted);
  const write = Math.min(replicas, majorityOf(replicas) + writeMore);
  try {
    return { members, quorums: registerQuorums({ replicas, threads, write }) };
  } catch (error) {
    if (isQuorateError(error)) return undefined;
    throw error;
  }
}
