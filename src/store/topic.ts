// What a topic is: proposals about one thing, judged by every voter on its own copy of that thing's state. Types only.

/** What a voter says of a proposal: `true` is yes, `false` is no. */
export type Verdict = boolean | { readonly vote: 'yes' | 'no' | 'abstain'; readonly reason?: string };

/** Which proposal is judged or applied. */
export interface ProposalContext {
  /** The number of the client that proposes. */
  readonly proposer: number;
  /** The place of the decision in the topic, from 1. */
  readonly place: number;
  readonly id: string;
}

/** The same, and who judges. */
export interface VoterContext extends ProposalContext {
  /** The replica whose voter this is, from 0. */
  readonly voter: number;
}

/** The rules of a topic, as a module in every replica's thread gives them. State and payloads are plain data. */
export interface TopicDefinition<State = unknown, Payload = unknown> {
  /** The state before the first decision; each voter has a copy of its own. */
  readonly initial: State;
  /**
   * Judges a proposal: synchronous, and it alters nothing. What it throws is an abstention with that reason. Default:
   * yes.
   */
  validate?(payload: Payload, state: State, context: VoterContext): Verdict;
  /**
   * The state after a commit: synchronous, without side effects, and the same at every voter for the same arguments.
   * Where it throws, the state stays as it was. Default: the state stays.
   */
  apply?(state: State, payload: Payload, context: ProposalContext): State;
}

/** How many must agree. */
export interface AgreementOptions {
  /**
   * Voters, or weight, that must say yes: a number; a fraction of all such as `'2/3'` (at least that much);
   * `'majority'` (more than half, the default); or `'unanimous'`.
   */
  readonly threshold?: number | 'majority' | 'unanimous' | `${number}/${number}`;
  /** By replica, in ascending order of the members: integers from 1 to 10^9; default 1 each. */
  readonly weights?: readonly number[];
  /**
   * Voters, by their places among the members, any one of whose no aborts; nothing is committed before all of them have
   * voted.
   */
  readonly vetoes?: readonly number[];
}

/** Rules of one topic, as a cluster is opened with. */
export interface TopicOptions extends AgreementOptions {
  /**
   * The module of its {@link TopicDefinition}, loaded in the thread of every replica: a URL, or its text. Its default
   * export is what `defineTopic` gave. Without a module voters say yes to everything.
   */
  readonly module?: URL | string;
}

/** Sets of voters that are enough, such as the systems of `quorate/quorum`. */
export interface Agreement {
  /** As many as there are members, in ascending order of their numbers. */
  readonly voters: number;
  /** Whether the voters in `mask` are enough; more than enough is enough. */
  isQuorum(mask: number): boolean;
}

/** Options of one proposal; those of agreement take the place of the topic's, all together. */
export interface ProposeOptions extends AgreementOptions {
  /** In place of threshold and weights. */
  readonly quorum?: Agreement;
  /** Deadline in milliseconds, an integer from 1 to 2^31 - 1; default 5000. */
  readonly timeoutMs?: number;
  /** Rounds that may follow one in which votes were missing, an integer from 0 to 100; default 3. */
  readonly retries?: number;
  /**
   * Names the proposal, 1 to 128 characters: of all proposals of a topic with one id, one is decided. Default: an id
   * that nobody else has.
   */
  readonly id?: string;
  /** Gives up waiting. */
  readonly signal?: AbortSignal;
}

/** What one voter said, or did not. */
export interface RecordedVote {
  /** The replica, and its incarnation; 0 where it was not heard. */
  readonly voter: number;
  readonly epoch: number;
  readonly vote: 'yes' | 'no' | 'abstain' | 'missing';
  readonly reason: string | undefined;
}

/** A decision, as it stands in the topic for good. */
export interface Decision {
  /** Its place in the topic, from 1. */
  readonly place: number;
  readonly id: string;
  readonly outcome: 'commit' | 'abort';
  /** `agreed`: enough said yes; `refused`: they could no longer; `vetoed`; `timeout`: votes were missing to the end. */
  readonly why: 'agreed' | 'refused' | 'vetoed' | 'timeout';
  readonly payload: unknown;
  readonly proposer: number;
  /** The ballot of the last round, as text: of two rounds the one that sorts later began later. */
  readonly ballot: string;
  /** Rounds that it took, those included that were lost to other proposals. */
  readonly rounds: number;
  /** What had to be reached: voters, or weight where there are weights; `undefined` for the caller's quorum system. */
  readonly needed: number | undefined;
  readonly weights: readonly number[] | undefined;
  readonly vetoes: readonly number[];
  /** Of all members of the last round, in ascending order. */
  readonly votes: readonly RecordedVote[];
}

/** It is decided, for good; most voters know it already, and every one will. */
export interface Decided {
  readonly outcome: 'commit' | 'abort';
  readonly decision: Decision;
}
/** It may be decided, or be decided later. Propose it again with this `id`: it is decided once. */
export interface ProposalUnknown {
  readonly outcome: 'unknown';
  readonly id: string;
}
/** This call has decided nothing: too few voters or replicas were heard in time. It may be tried again. */
export interface ProposalUnavailable {
  readonly outcome: 'unavailable';
  readonly id: string;
  /** Voters heard in the last round. */
  readonly heard: number;
}
export type ProposeResult = Decided | ProposalUnknown | ProposalUnavailable;

/** A decision that was looked up; `absent`: the place is free; `forgotten`: it is decided, too long ago. */
export type DecisionResult =
  | { readonly outcome: 'ok'; readonly decision: Decision }
  | { readonly outcome: 'absent' }
  | { readonly outcome: 'forgotten' }
  | { readonly outcome: 'unavailable' };
