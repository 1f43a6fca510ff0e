// Tells voters of decisions that nobody told them of: a proposer may die after it has written a decision into its
// register, and before it has told a single voter. Whoever proposes next would find it; where nobody does, this does.
// One runs where housekeeping is done: now and then it reads the place after the last that its own voter has applied.
import { QuorateError } from '../base/errors.ts';
import type { MutableBallot } from '../protocol/ballot.ts';
import { mutableBallot } from '../protocol/ballot.ts';
import { votersIn } from '../quorum/quorum-system.ts';
import type { OperationOptions } from '../store/store.ts';
import type { Bucket } from './bucket.ts';
import type { Inquiry } from './inquiry.ts';
import type { LiveQuorums } from './live-quorums.ts';
import type { Operation } from './operation.ts';
import { decisionIn, toldOf } from './proposal.ts';
import { heldValue } from './results.ts';
import { bucketOfTopic, placeKey } from './topic-rules.ts';
import { TELL, questionWords } from './topic-wire.ts';

/** The core of a client, as its sweep sees it; see `ClientCore`. */
export interface SweepCore {
  readonly quorums: LiveQuorums;
  get(key: string, options: OperationOptions | undefined, bucket: Bucket): Operation;
  inquire(inquiry: Inquiry, options: OperationOptions | undefined): Operation;
  submit(operation: Operation): void;
}

/** What a sweep is made with. */
export interface TopicSweepOptions {
  readonly core: SweepCore;
  /** The voters of the replica in whose thread it runs, by topic. */
  readonly voters: ReadonlyMap<string, { readonly applied: number }>;
}

/** Rest between two looks at all topics, and between looks at calls that are under way. */
const SWEEP_MS = 1000;
const LOOK_MS = 5;
/** How long one read or one telling may take. What is late is left to the next sweep. */
const TIMEOUT_MS = 1000;

/** One sweep after the other. */
export class TopicSweep {
  readonly #options: TopicSweepOptions;
  /** Topics that this sweep has not looked at. */
  #topics: string[] = [];
  #calls = 0;
  #dueMs = 0;

  constructor(options: TopicSweepOptions) {
    this.#options = options;
  }

  /**
   * Does a piece of its work; the calls that it makes are sent with the core's next flush.
   *
   * @returns in how many milliseconds it wants to be called again at the latest.
   */
  turn(nowMs: number): number {
    if (this.#calls > 0) return LOOK_MS;
    if (this.#topics.length === 0) {
      if (nowMs < this.#dueMs) return this.#dueMs - nowMs;
      this.#dueMs = nowMs + SWEEP_MS;
      this.#topics = [...this.#options.voters.keys()];
    }
    const topic = this.#topics.pop();
    if (topic === undefined) return SWEEP_MS;
    try {
      this.#look(topic);
    } catch (error) {
      if (!(error instanceof QuorateError)) throw error;
      this.#topics = []; // Nobody is served now, or too much waits already: the next sweep comes.
    }
    return LOOK_MS;
  }

  #look(topic: string): void {
    const { core, voters } = this.#options;
    const place = voters.get(topic)!.applied + 1;
    const operation = core.get(placeKey(place), { timeoutMs: TIMEOUT_MS }, bucketOfTopic(topic));
    this.#call(operation, (ended) => {
      const decision = ended.outcome === 'ok' ? decisionIn(heldValue(ended.newest)) : undefined;
      if (decision === undefined) return; // Nothing was decided there, or so long ago that other voters tell of it.
      const words = questionWords({ place, ballot: UNASKED }, toldOf(decision));
      for (const replica of votersIn(core.quorums.electorate.all)) {
        const inquiry = { replica, subject: TELL, text: topic, words };
        this.#call(core.inquire(inquiry, { timeoutMs: TIMEOUT_MS }), () => undefined);
      }
      this.#topics.push(topic); // There may be more behind it.
    });
  }

  #call(operation: Operation, then: (ended: Operation) => void): void {
    this.#calls++;
    operation.context = (ended: Operation): void => {
      this.#calls--;
      then(ended);
    };
    this.#options.core.submit(operation);
  }
}

/** Nobody waits for what a voter answers to this. */
const UNASKED: MutableBallot = mutableBallot();
