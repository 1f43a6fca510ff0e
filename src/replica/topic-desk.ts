// The voters of one replica, one a topic: they answer proposers, and tell each other across replicas what one of them
// lacks, because it was down when a decision was told or because the proposer died on its way. What a voter has applied
// is decided, so the one that has applied the most is right, and nobody has to vote on it.
//
// A replica that lost its memory hears as many others before it votes again as for its registers: what a write quorum
// of voters had applied, one of those has. Where members change it asks all others once at each step: who comes in is
// told of decisions only from then on, and who leaves tells nobody any more.
import { assert } from '../base/assert.ts';
import type { Rules } from '../protocol/rules.ts';
import type { TopicDefinition } from '../store/topic.ts';
import type { Epochs } from './environment.ts';
import type { Question } from './answerer.ts';
import { LargePool } from './large-pool.ts';
import type { LiveQuorums } from './live-quorums.ts';
import type { Peer } from './recovery.ts';
import { readTopicFrame, writeTopicFrame, writeTopicsEnd } from './topic-frames.ts';
import { readQuestion, writeAnswer } from './topic-wire.ts';
import type { Proposed, Told, TopicQuestion, VoterAnswer } from './topic-wire.ts';
import { Voter } from './voter.ts';
import type { News } from './voter.ts';
import { TOPICS_ASK, TOPICS_END, TOPICS_NEWS, TOPIC_FRAME } from './wire.ts';
import type { FrameViews } from './wire.ts';

/** What a replica needs to have voters. */
export interface TopicPlan {
  readonly definitions: ReadonlyMap<string, TopicDefinition>;
  readonly epochs: Epochs;
}

/** What a desk is made with. */
export interface TopicDeskOptions extends TopicPlan {
  readonly index: number;
  readonly epoch: number;
  /** By replica; its own place is unused. */
  readonly peers: readonly (Peer | undefined)[];
  readonly rules: Rules;
  readonly quorums: LiveQuorums;
  /** Whether others must have answered before it votes: not on a first start. */
  readonly recovers: boolean;
}

/** Who recovers asks again after so long. */
const PATIENCE_MS = 50;
/** A voter that lacks something asks everybody, at most so often. */
const HASTE_MS = 5;
/** Every so often each replica asks one other, in turn: a decision may have reached few before its proposer died. */
export const GOSSIP_MS = 1000;

/** The voters of one incarnation of a replica. */
export class TopicDesk {
  readonly voters: ReadonlyMap<string, Voter>;
  readonly #options: TopicDeskOptions;
  readonly #pool: LargePool;
  /** Replicas that have answered whole, as a mask; and news that came from each since it was asked. */
  #heard = 0;
  readonly #news: number[];
  #isBehind = false;
  #askedAtMs = Number.NEGATIVE_INFINITY;
  #gossipedAtMs = Number.NEGATIVE_INFINITY;
  #nextPeer = 0;

  constructor(options: TopicDeskOptions) {
    this.#options = options;
    this.#pool = new LargePool(options.epochs, options.rules);
    this.#news = options.peers.map(() => 0);
    this.voters = new Map(
      Array.from(options.definitions, ([topic, definition]) => {
        const { index: voter, rules } = options;
        return [topic, new Voter({ topic, definition, voter, rules })];
      }),
    );
  }

  /** Whether it has heard enough others to vote. */
  get isCaughtUp(): boolean {
    const { index, quorums, recovers, rules } = this.#options;
    if (!recovers || !rules.hearsOfDecisions) return true;
    return quorums.electorate.mayRecover(index, this.#heard, rules);
  }

  /** Another configuration is in force: others have to answer, and may know more. */
  beginAgain(): void {
    this.#heard = 0;
    this.#isBehind = true;
  }

  /** Asks others, where something may be missing. `nowMs` is any monotonic clock. */
  tick(nowMs: number): void {
    const sinceMs = nowMs - this.#askedAtMs;
    if (!this.isCaughtUp) {
      if (sinceMs >= PATIENCE_MS) this.#askAll(nowMs, (replica) => ((this.#heard >>> replica) & 1) === 0);
    } else if (this.#isBehind && sinceMs >= HASTE_MS) {
      this.#isBehind = false;
      this.#askAll(nowMs, () => true);
    } else if (nowMs - this.#gossipedAtMs >= GOSSIP_MS) {
      this.#gossipedAtMs = nowMs;
      this.#nextPeer = (this.#nextPeer + 1) % this.#options.peers.length;
      this.#ask(this.#nextPeer);
    }
  }

  /** Answers a proposer that asks what a voter says. @returns the length of the answer, in bytes. */
  judge(question: Question, answer: FrameViews): number {
    return this.#answer(question, answer, (voter, { place, value }) => voter.judge(place, proposedIn(value)));
  }

  /** Takes note of a decision. @returns the length of the answer, in bytes. */
  tell(question: Question, answer: FrameViews): number {
    return this.#answer(question, answer, (voter, { value }) => voter.take(toldIn(value)));
  }

  /** Handles a frame of another replica; this one serves, or recovers. */
  receive(peer: number, frame: FrameViews, start: number): void {
    const at = start >> 2;
    const epoch = frame.words[at + TOPIC_FRAME.EPOCH]!;
    switch (frame.words[at + TOPIC_FRAME.KIND]!) {
      case TOPICS_ASK:
        return this.#tellPeer(peer, epoch, readTopicFrame(this.#peerAt(peer), frame, start));
      case TOPICS_NEWS: {
        const news = readTopicFrame(this.#peerAt(peer), frame, start); // Also for a predecessor: it is decided.
        if (news === undefined) return;
        this.#adopt(news);
        if (epoch === this.#options.epoch) this.#news[peer]!++;
        return;
      }
      case TOPICS_END:
        // Less news than was sent: some was on its way when it asked, or is gone, and is asked for again.
        if (epoch !== this.#options.epoch || this.#news[peer]! < frame.words[at + TOPIC_FRAME.VALUE_BYTES]!) return;
        this.#heard |= 1 << peer;
        return;
      default:
        return;
    }
  }

  #answer(question: Question, answer: FrameViews, make: (voter: Voter, asked: TopicQuestion) => VoterAnswer): number {
    const asked = readQuestion(question);
    const voter = this.voters.get(asked.topic);
    if (voter === undefined) return writeAnswer(answer, asked.ballot, { stance: 'unknown-topic', place: 0 });
    const isAddressed = asked.epoch === 0 || asked.epoch === this.#options.epoch;
    const made = isAddressed ? make(voter, asked) : ({ stance: 'successor', place: voter.applied } as const);
    if (made.stance === 'behind') this.#isBehind = true;
    return writeAnswer(answer, asked.ballot, made);
  }

  #askAll(nowMs: number, isAsked: (replica: number) => boolean): void {
    this.#askedAtMs = nowMs;
    for (let replica = 0; replica < this.#options.peers.length; replica++) if (isAsked(replica)) this.#ask(replica);
  }

  /** Without room the question is dropped: it is asked again. */
  #ask(replica: number): void {
    const { peers, epochs, epoch } = this.#options;
    const peer = peers[replica];
    if (peer === undefined || !epochs.isOperational(replica)) return;
    this.#news[replica] = 0;
    const have = Object.fromEntries(Array.from(this.voters, ([topic, { applied }]) => [topic, applied]));
    writeTopicFrame(peer, { kind: TOPICS_ASK, epoch }, have, this.#pool);
  }

  /** Tells a peer what it lacks; the end only where everything before it had room. */
  #tellPeer(replica: number, epoch: number, have: unknown): void {
    if (typeof have !== 'object' || have === null) return;
    const peer = this.#peerAt(replica);
    let sent = 0;
    for (const [topic, applied] of Object.entries(have)) {
      const voter = this.voters.get(topic);
      if (voter === undefined) continue;
      if (applied > voter.applied) this.#isBehind = true;
      const news = voter.newsSince(Number(applied));
      if (news === undefined) continue;
      const wasSent = this.#send(peer, epoch, news);
      if (wasSent === false) return;
      if (wasSent) sent++;
    }
    writeTopicsEnd(peer, epoch, sent);
  }

  /** @returns whether there was room; `undefined` where the state cannot be told, because it is no plain data. */
  #send(peer: Peer, epoch: number, news: News): boolean | undefined {
    try {
      return writeTopicFrame(peer, { kind: TOPICS_NEWS, epoch }, news, this.#pool);
    } catch {
      return undefined; // Its topic stays behind at the other one, where votes are missing then; nothing is wrong.
    }
  }

  #adopt(news: unknown): void {
    const isNews = typeof news === 'object' && news !== null && 'topic' in news && typeof news.topic === 'string';
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only `#send` makes it
    if (isNews) this.voters.get(String(news.topic))?.adopt(news as unknown as News);
  }

  #peerAt(replica: number): Peer {
    const peer = this.#options.peers[replica];
    assert(peer !== undefined, 'A replica hears only of its peers');
    return peer;
  }
}

function proposedIn(value: unknown): Proposed {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only proposers ask so
  return value as Proposed;
}

function toldIn(value: unknown): Told {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only proposers tell so
  return value as Told;
}
