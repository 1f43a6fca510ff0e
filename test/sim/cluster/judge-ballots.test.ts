// The judge of ballots, on hand-made facts: it accepts what ballots promise, and nothing else.
import { describe, expect, it } from 'vitest';
import { judgeBallots } from '../../../src/sim/cluster/judge-ballots.ts';
import type { ProposalPlan } from '../../../src/sim/cluster/plan.ts';
import type { Applied, BallotFacts, Held, ProposalCall, Said } from '../../../src/sim/cluster/sim-ballots.ts';
import type { Decision, RecordedVote } from '../../../src/store/topic.ts';

type Vote = RecordedVote['vote'];

const OF = { topic: 't0', reset: 0, epoch: 1 };

const said = (voter: number, at: number, vote: Said['vote'] = 'yes', more: Partial<Said> = {}): Said => ({
  ...OF,
  at,
  voter,
  place: 1,
  id: 'a',
  vote,
  ...more,
});
const applied = (voter: number, place: number, id: string, more: Partial<Applied> = {}): Applied => ({
  ...OF,
  at: 50,
  voter,
  place,
  id,
  ...more,
});
const held = (voter: number, place: number, state: string, reset = 0): Held => ({
  ...OF,
  at: 60,
  voter,
  place,
  state,
  reset,
});

function decision(votes: readonly Vote[], more: Partial<Decision> = {}): Decision {
  return {
    place: 1,
    id: 'a',
    outcome: 'commit',
    why: 'agreed',
    payload: undefined,
    proposer: 3,
    ballot: '',
    rounds: 1,
    needed: 2,
    weights: undefined,
    vetoes: [],
    votes: votes.map((vote, voter) => ({ voter, epoch: vote === 'missing' ? 0 : 1, vote, reason: undefined })),
    ...more,
  };
}

const PLAN: ProposalPlan = {
  client: 0,
  topic: 't0',
  amount: 1,
  refusedBy: 0,
  unsure: 0,
  thinkUs: 0,
  timeoutMs: 1000,
  retries: 0,
};

function told(result: ProposalCall['result'] | Decision, plan: Partial<ProposalPlan> = {}, id = 'a'): ProposalCall {
  const isDecision = typeof result === 'object' && 'votes' in result;
  return {
    client: 0,
    plan: { ...PLAN, ...plan },
    reset: 0,
    id,
    result: isDecision ? { outcome: result.outcome, decision: result } : result,
  };
}

function facts(more: Partial<BallotFacts>): BallotFacts {
  const { proposals = [] } = more;
  const decided = proposals.flatMap(({ result }) =>
    typeof result === 'object' && 'decision' in result ? [result.decision] : [],
  );
  return {
    said: [said(0, 10), said(1, 11), said(2, 12)],
    applied: [],
    held: [],
    voided: new Map(),
    franchises: [{ voters: 0b111, from: 0, until: Number.POSITIVE_INFINITY }],
    proposals,
    logs: new Map([['t0', decided]]),
    resets: 0,
    wrong: undefined,
    ...more,
  };
}

const ALL_YES = decision(['yes', 'yes', 'yes']);
const SECOND = decision(['yes', 'yes', 'yes'], { id: 'b', place: 2 });
const secondSaid = [0, 1, 2].map((voter) => said(voter, 20 + voter, 'yes', { id: 'b', place: 2 }));
const NO_NO = [said(0, 10), said(1, 11, 'no'), said(2, 12, 'no')];

const ACCEPTED: readonly (readonly [what: string, more: Partial<BallotFacts>])[] = [
  ['nothing at all', {}],
  ['a commit that all agree to', { proposals: [told(ALL_YES)], applied: [applied(0, 1, 'a'), applied(1, 1, 'a')] }],
  [
    'a commit of two, whose third voter was not heard, and is void',
    { proposals: [told(decision(['yes', 'yes', 'missing']))], voided: new Map([['2:1', 1]]) },
  ],
  [
    'votes of incarnations that died after the last of them',
    { proposals: [told(ALL_YES)], voided: new Map([['0:1', 13]]) },
  ],
  [
    'an abort that most refuse',
    { said: NO_NO, proposals: [told(decision(['yes', 'no', 'no'], { outcome: 'abort', why: 'refused' }))] },
  ],
  [
    'an abort because a vote is missing',
    { proposals: [told(decision(['yes', 'missing', 'missing'], { outcome: 'abort', why: 'timeout' }))] },
  ],
  ['a commit by weight', { proposals: [told(decision(['yes', 'missing', 'missing']), { weights: [3, 1, 1] })] }],
  [
    'a commit by a set that is enough',
    { proposals: [told(decision(['missing', 'missing', 'yes']), { quorum: { voters: 3, sets: [4] } })] },
  ],
  [
    'two proposals of one id, both told of one decision',
    { proposals: [told(ALL_YES), told(ALL_YES)], logs: new Map([['t0', [ALL_YES]]]) },
  ],
  [
    'who was told unknown, and is decided',
    { proposals: [told({ outcome: 'unknown', id: 'a' })], logs: new Map([['t0', [ALL_YES]]]) },
  ],
  [
    'an incarnation that starts anew',
    { proposals: [told(ALL_YES)], applied: [applied(0, 1, 'a'), applied(0, 1, 'a', { epoch: 2 })] },
  ],
  ['other states after a reset', { held: [held(0, 2, 'x'), held(1, 2, 'y', 1)] }],
  [
    'votes in the configuration that ends just after them',
    { proposals: [told(ALL_YES)], franchises: [{ voters: 7, from: 0, until: 13 }] },
  ],
];

const REFUSED: readonly (readonly [what: string, more: Partial<BallotFacts>, why: string])[] = [
  ['copies that differ', { held: [held(0, 2, 'x'), held(1, 2, 'y')] }, 'voter 1 holds y, voter 0 x'],
  [
    'a commit that is applied twice',
    { applied: [applied(0, 1, 'a'), applied(0, 1, 'a')] },
    'applies a at place 1 of t0 after place 1',
  ],
  ['commits that are applied out of order', { applied: [applied(0, 2, 'b'), applied(0, 1, 'a')] }, 'after place 2'],
  [
    'two decisions at a place',
    { proposals: [told(ALL_YES)], applied: [applied(0, 1, 'b')] },
    'two decisions at place 1',
  ],
  [
    'an id that is decided twice',
    { proposals: [told(ALL_YES)], applied: [applied(0, 2, 'a')], logs: new Map() },
    'a is decided at place 2',
  ],
  ['a commit that was applied, and is not in the log', { applied: [applied(0, 1, 'a')] }, 'was applied, and is empty'],
  [
    'who was told of a place that is empty',
    { proposals: [told(ALL_YES)], logs: new Map([['t0', []]]) },
    'a place that is empty',
  ],
  [
    'who was told another outcome',
    { proposals: [{ ...told(ALL_YES), result: { outcome: 'abort', decision: ALL_YES } }] },
    'told another outcome',
  ],
  [
    'who was told that nothing is decided, and it is',
    { proposals: [told({ outcome: 'unavailable', id: 'a', heard: 0 })], logs: new Map([['t0', [ALL_YES]]]) },
    'was told that it decided nothing',
  ],
  [
    'who gave up before anything was written, and it is',
    { proposals: [told('ERR_QUORATE_ABORTED')], logs: new Map([['t0', [ALL_YES]]]) },
    'decided nothing',
  ],
  [
    'a vote that nobody cast',
    { said: [said(0, 10), said(1, 11)], proposals: [told(ALL_YES)] },
    'voter 2 never said yes',
  ],
  [
    'a vote for another place',
    { said: [said(0, 10), said(1, 11)].concat(said(2, 12, 'yes', { place: 2 })), proposals: [told(ALL_YES)] },
    'never said yes',
  ],
  [
    'a vote for another proposal',
    { said: [said(0, 10), said(1, 11)].concat(said(2, 12, 'yes', { id: 'b' })), proposals: [told(ALL_YES)] },
    'never said yes',
  ],
  ['a vote that was the other way', { said: NO_NO, proposals: [told(ALL_YES)] }, 'voter 1 never said yes'],
  [
    'a vote of a dead incarnation',
    { proposals: [told(ALL_YES)], voided: new Map([['0:1', 11]]) },
    'was void before the last one was cast',
  ],
  [
    'votes of who is no member',
    { proposals: [told(ALL_YES)], franchises: [{ voters: 3, from: 0, until: 99 }] },
    'who were not the members',
  ],
  [
    'votes of a configuration that was over',
    { proposals: [told(ALL_YES)], franchises: [{ voters: 7, from: 0, until: 12 }] },
    'not the members',
  ],
  ['a commit with too few', { proposals: [told(decision(['yes', 'missing', 'missing']))] }, 'decided to commit'],
  [
    'a commit with too few by its own threshold',
    { proposals: [told(decision(['yes', 'yes', 'missing']), { threshold: 'unanimous' })] },
    'decided to commit',
  ],
  [
    'a commit with too little weight',
    { proposals: [told(decision(['missing', 'yes', 'yes']), { weights: [3, 1, 1] })] },
    'decided to commit',
  ],
  [
    'a commit by no set that is enough',
    { proposals: [told(decision(['yes', 'yes', 'missing']), { quorum: { voters: 3, sets: [4, 5] } })] },
    'decided to commit',
  ],
  [
    'a commit before who may veto it was heard',
    { proposals: [told(decision(['yes', 'yes', 'missing']), { vetoes: [2] })] },
    'decided to commit',
  ],
  [
    'an abort that may yet be agreed on',
    { proposals: [told(decision(['yes', 'missing', 'missing'], { outcome: 'abort', why: 'refused' }))] },
    'decided to abort',
  ],
  [
    'an abort for want of votes that were there',
    { proposals: [told(decision(['yes', 'yes', 'missing'], { outcome: 'abort', why: 'timeout' }))] },
    'decided to abort',
  ],
  ['a decision that nobody proposed', { logs: new Map([['t0', [ALL_YES]]]) }, 'nobody has proposed it'],
  ['what was wrong as it happened', { wrong: 'Two chairs' }, 'Two chairs'],
];

describe('The judge of ballots', () => {
  it.each(ACCEPTED)('accepts %s', (_what, more) => {
    expect(judgeBallots(facts(more))).toBeUndefined();
  });

  it('accepts one decision after the other', () => {
    const proposals = [told(ALL_YES), told(SECOND, {}, 'b')];
    const votes = [said(0, 10), said(1, 11), said(2, 12), ...secondSaid];
    expect(
      judgeBallots(facts({ proposals, said: votes, applied: [applied(0, 1, 'a'), applied(0, 2, 'b')] })),
    ).toBeUndefined();
  });

  it.each(REFUSED)('refuses %s', (_what, more, why) => {
    expect(judgeBallots(facts(more))?.text).toContain(why);
  });
});
