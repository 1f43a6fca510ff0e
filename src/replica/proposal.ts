// One proposal that somebody waits for: what it asks, and how far it has come.
import { assert } from '../base/assert.ts';
import type { Ballot, MutableBallot } from '../protocol/ballot.ts';
import { mutableBallot, versionOf } from '../protocol/ballot.ts';
import { NO_POLL } from '../protocol/poll.ts';
import type { Poll } from '../protocol/poll.ts';
import { votersIn } from '../quorum/quorum-system.ts';
import type { ReadResult } from '../store/store.ts';
import type { Decision, DecisionResult, ProposeResult, RecordedVote } from '../store/topic.ts';
import type { Operation } from './operation.ts';
import type { Failure } from './results.ts';
import type { PendingChange } from './round.ts';
import type { RuleMaker, TopicRule } from './topic-rules.ts';
import type { Told } from './topic-wire.ts';

/** What is proposed. */
export interface ProposalRequest {
  readonly topic: string;
  readonly payload: unknown;
  readonly ruleAmong: RuleMaker;
  readonly timeoutMs: number;
  readonly retries: number;
  /** `undefined`: one is made from its first ballot. */
  readonly id: string | undefined;
}

/** Where it stands: asks voters; waits before it asks again; writes the decision down, or looks one up; tells it. */
export type ProposalPhase = 'polling' | 'back-off' | 'recording' | 'looking' | 'telling' | 'settled';

/** One proposal. */
export class Proposal {
  readonly request: ProposalRequest;
  /** The caller's: what to settle. */
  context: unknown = undefined;
  /** What it ended as; `undefined` while it has not. */
  result: ProposeResult | Failure | undefined = undefined;
  id = '';
  phase: ProposalPhase = 'back-off';
  /** Infinite until it is first looked at. */
  deadlineMs: number = Number.POSITIVE_INFINITY;
  /** When it asks again, in the back-off. */
  retryAtMs = 0;
  place = 0;
  readonly ballot: MutableBallot = mutableBallot();
  /** Rounds so far; those in which votes were missing; and those lost in a row. */
  rounds = 0;
  roundsMissed = 0;
  losses = 0;
  /** The number of the configuration in which the round was begun, and the rule for its members. */
  configuration = -1;
  rule: TopicRule | undefined = undefined;
  /** Votes of the round by position among its members, and what they said, by replica. */
  poll: Poll = NO_POLL;
  heard: (RecordedVote | undefined)[] = [];
  /** How many decisions those of the round have applied, at most, that lack some before its place; -1 for nobody. */
  behindAt = -1;
  /** Whether a voter of the round has not answered in time. */
  isSilent = false;
  /** How often each voter has died while it was asked. */
  readonly deaths: number[] = [];
  /** What is asked of each voter, by replica, while it has not answered. */
  asked: (Operation | undefined)[] = [];
  /** The write or look-up under way. */
  made: Operation | PendingChange | undefined = undefined;
  /** Whether a decision of it may stand in a register. */
  mayStand = false;
  decision: Decision | undefined = undefined;
  /** Voters that have applied the decision, and their epochs. */
  readonly told: Map<number, number> = new Map();

  constructor(request: ProposalRequest) {
    this.request = request;
  }

  /** Voters heard in this round. */
  get heardCount(): number {
    return this.heard.filter((vote) => vote !== undefined).length;
  }
}

/** What the register of a place holds once the record is dropped: its place stays taken. */
export const FORGOTTEN: { readonly forgotten: true } = Object.freeze({ forgotten: true });

/** The record of a decision. */
export function recordOf(
  proposal: Proposal,
  { outcome, why, proposer }: Pick<Decision, 'outcome' | 'why' | 'proposer'>,
): Decision {
  const { request, place, id, ballot, rounds, heard, rule } = proposal;
  assert(rule !== undefined, 'What is decided was polled');
  const { needed, weights, members, vetoes } = rule;
  const votes = votersIn(members).map((replica) => heard[replica] ?? missing(replica));
  return {
    place,
    id,
    outcome,
    why,
    payload: request.payload,
    proposer,
    ballot: textOf(ballot),
    rounds,
    needed,
    weights,
    vetoes: votes.flatMap(({ voter }, position) => (((vetoes >>> position) & 1) === 1 ? [voter] : [])),
    votes,
  };
}

/** What voters are told of a decision. */
export function toldOf({ id, payload, proposer, place, outcome }: Decision): Told {
  return { id, payload, proposer, place, outcome };
}

/** A decision from a register; `undefined` where its record was dropped. */
export function decisionIn(value: unknown): Decision | undefined {
  const isWhole = typeof value === 'object' && value !== null && 'votes' in value;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only proposers write there
  return isWhole ? (value as unknown as Decision) : undefined;
}

/** What the read of a place says of its decision. */
export function decisionResult(read: ReadResult): DecisionResult {
  if (read.outcome !== 'ok') return { outcome: read.outcome };
  const decision = decisionIn(read.value);
  return decision === undefined ? { outcome: 'forgotten' } : { outcome: 'ok', decision };
}

function missing(voter: number): RecordedVote {
  return { voter, epoch: 0, vote: 'missing', reason: undefined };
}

function textOf(ballot: Ballot): string {
  return versionOf(ballot);
}
