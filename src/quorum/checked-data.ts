// Quorum systems that come from outside: from JSON, from another thread, from a caller who does not type-check.
import { unreachable } from '../base/assert.ts';
import { integerOption, rangeError, typeError } from '../base/errors.ts';
import { QUORUM_DEPTH_MAX, QUORUM_MEMBERS_MAX, VOTERS_MAX } from '../base/limits.ts';
import type { QuorumData, QuorumMember } from './quorum-data.ts';
import { checkedWeights, sumOf } from './weighted.ts';

const KINDS: readonly unknown[] = ['threshold', 'weighted', 'choice'] satisfies readonly QuorumData['kind'][];

/** What is left of the bound while a value is gone through: also what ends one that contains itself. */
interface Budget {
  membersLeft: number;
}

/**
 * A copy of what is a quorum system, with nothing but its data.
 *
 * @throws {TypeError | RangeError} `ERR_QUORATE_INVALID_ARGUMENT` where it is none.
 */
export function checkedData(value: unknown): QuorumData {
  return checkedSystem(value, 1, { membersLeft: QUORUM_MEMBERS_MAX });
}

/** A copy of the members of a choice. @throws as {@link checkedData}, and where a voter is named twice. */
export function checkedMembers(members: unknown): readonly QuorumMember[] {
  return membersOf(members, 1, { membersLeft: QUORUM_MEMBERS_MAX });
}

/** Voters from 0 to the highest one that is named. */
export function votersOf(members: readonly QuorumMember[]): number {
  return Math.max(...members.map((member) => (typeof member === 'number' ? member + 1 : member.voters)));
}

function checkedSystem(system: unknown, depth: number, budget: Budget): QuorumData {
  if (!isOfKnownKind(system)) {
    if (typeof system !== 'object' || system === null) throw mistaken(`quorum system ${shown(system)}`, 'an object');
    const kind = 'kind' in system ? system.kind : undefined;
    throw mistaken(`quorum system of kind ${shown(kind)}`, `one of ${KINDS.join(', ')}`);
  }
  switch (system.kind) {
    case 'threshold': {
      const voters = checkedVoters(system.voters, 1);
      return { kind: 'threshold', voters, needed: checkedNeeded(system.needed, voters) };
    }
    case 'weighted': {
      const weights = checkedWeights(system.weights);
      integerOption('voters of weighted system', system.voters, { min: weights.length, max: weights.length });
      const needed = integerOption('needed weight', system.needed, { min: 1, max: sumOf(weights) });
      return { kind: 'weighted', voters: weights.length, weights, needed };
    }
    case 'choice': {
      const of = membersOf(system.of, depth, budget);
      const voters = checkedVoters(system.voters, votersOf(of));
      return { kind: 'choice', voters, needed: checkedNeeded(system.needed, of.length), of };
    }
    default:
      return unreachable(system);
  }
}

function membersOf(value: unknown, depth: number, budget: Budget): readonly QuorumMember[] {
  if (!Array.isArray(value)) throw mistaken(`members ${shown(value)}`, 'a list of voters and quorum systems');
  if (value.length === 0) throw refused('0 members', 'there must be at least 1');
  if (depth > QUORUM_DEPTH_MAX) throw refused('members of members', `nested at most ${QUORUM_DEPTH_MAX} deep`);
  budget.membersLeft -= value.length;
  if (budget.membersLeft < 0) throw refused('members of members', `at most ${QUORUM_MEMBERS_MAX} of them in all`);
  const named = new Set<number>();
  return value.map((member: unknown) => {
    if (typeof member !== 'number') return checkedSystem(member, depth + 1, budget);
    integerOption('voter', member, { min: 0, max: VOTERS_MAX - 1 });
    if (named.has(member)) throw refused(`voter ${member} twice`, 'give it a weight with weighted');
    named.add(member);
    return member;
  });
}

function checkedVoters(voters: number, min: number): number {
  return integerOption('voters', voters, { min, max: VOTERS_MAX });
}

function checkedNeeded(needed: number, max: number): number {
  return integerOption('quorum', needed, { min: 1, max });
}

/** Whether it says to be a quorum system; its fields are to be checked one by one. */
function isOfKnownKind(value: unknown): value is QuorumData {
  return typeof value === 'object' && value !== null && 'kind' in value && KINDS.includes(value.kind);
}

function shown(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  return typeof value === 'number' ? `${value}` : typeof value;
}

function mistaken(given: string, allowed: string): TypeError {
  return typeError('ERR_QUORATE_INVALID_ARGUMENT', `Cannot use ${given}: it must be ${allowed}`);
}

function refused(given: string, allowed: string): RangeError {
  return rangeError('ERR_QUORATE_INVALID_ARGUMENT', `Cannot use ${given}: ${allowed}`);
}
