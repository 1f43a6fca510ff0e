// One replica's copy of a topic: the state after the decisions that it has applied, by which it judges proposals. It
// applies decisions strictly in the order of their places, each once, so that copies differ only in how far they are.
import { errorText } from '../base/error-text.ts';
import { DECISIONS_KEPT, DECISIONS_TOLD_MAX } from '../base/limits.ts';
import { isPromise } from '../base/thenables.ts';
import { ValueEncoder, decodeValue } from '../base/value-codec.ts';
import type { Rules } from '../protocol/rules.ts';
import type { TopicDefinition, Verdict } from '../store/topic.ts';
import type { Proposed, Told, VoterAnswer } from './topic-wire.ts';

/** What a voter that has applied more tells one that has applied less: the decisions that it lacks, or its state. */
export interface News {
  readonly topic: string;
  /** Decisions applied, once the news is taken in. */
  readonly place: number;
  /** Decisions one after the other, each encoded on its own; `undefined` where that would be too many. */
  readonly told: readonly Uint8Array[] | undefined;
  readonly state: unknown;
  /** Ids of the last decisions, and their places. */
  readonly ids: readonly (readonly [string, number])[];
}

/** What a voter is made with. */
export interface VoterOptions {
  readonly topic: string;
  readonly definition: TopicDefinition;
  /** Its replica. */
  readonly voter: number;
  readonly rules: Rules;
}

/** A voter of one topic. */
export class Voter {
  readonly topic: string;
  readonly #voter: number;
  readonly #definition: TopicDefinition;
  readonly #rules: Rules;
  #state: unknown;
  #applied = 0;
  /** Places of the last decisions, by id, oldest first. */
  #ids = new Map<string, number>();
  /** The last decisions, encoded: the state may hold parts of their payloads, and alter them. */
  #told: Uint8Array[] = [];

  /** @throws {QuorateError} `ERR_QUORATE_UNSENDABLE` when the state at first is no plain data. */
  constructor({ topic, definition, voter, rules }: VoterOptions) {
    this.topic = topic;
    this.#voter = voter;
    this.#definition = definition;
    this.#rules = rules;
    this.#state = copyOf(definition.initial); // A module may serve several topics.
  }

  /** Decisions that it has applied: those of the places up to here. */
  get applied(): number {
    return this.#applied;
  }

  /** For tests and invariants: not to be altered. */
  get state(): unknown {
    return this.#state;
  }

  /** Judges a proposal for a place, if it has applied exactly the decisions before it. */
  judge(place: number, proposed: Proposed): VoterAnswer {
    const decidedAt = this.#ids.get(proposed.id);
    if (decidedAt !== undefined && this.#rules.knowsDecided) return { stance: 'decided', place: decidedAt };
    const at = { place: this.#applied };
    if (place <= this.#applied) return { ...at, stance: 'ahead' };
    if (place > this.#applied + 1 && this.#rules.judgesCaughtUp) return { ...at, stance: 'behind' };
    return { ...at, ...this.#vote(place, proposed) };
  }

  /** Applies a decision, if it is the next one. */
  take(told: Told): VoterAnswer {
    const isOld = told.place <= this.#applied && this.#rules.appliesOnce;
    const isEarly = told.place > this.#applied + 1 && this.#rules.appliesInOrder;
    if (isEarly) return { stance: 'behind', place: this.#applied };
    if (!isOld) this.#apply(told);
    return { stance: 'applied', place: this.#applied };
  }

  /** What another voter lacks that has applied so many; `undefined` where it lacks nothing. */
  newsSince(applied: number): News | undefined {
    const { topic } = this;
    const place = this.#applied;
    const missing = place - applied;
    if (missing <= 0) return undefined;
    if (missing > this.#told.length) return { topic, place, told: undefined, state: this.#state, ids: [...this.#ids] };
    return { topic, place, told: this.#told.slice(-missing), state: undefined, ids: [] };
  }

  /** Takes in what another voter has told; of what it knows already nothing happens again. */
  adopt({ place, told, state, ids }: News): void {
    if (told !== undefined) {
      for (const each of told) this.take(toldIn(each));
    } else if (place > this.#applied) {
      this.#applied = place;
      this.#state = state;
      this.#ids = new Map(ids);
      this.#told = [];
    }
  }

  #vote(place: number, { id, payload, proposer }: Proposed): Pick<VoterAnswer, 'reason'> & { stance: Vote } {
    try {
      const context = { place, id, proposer, voter: this.#voter };
      return stanceOf(this.#definition.validate?.(payload, this.#state, context) ?? true);
    } catch (error) {
      return { stance: 'abstain', reason: errorText(error) };
    }
  }

  #apply(told: Told): void {
    const { id, place, payload, proposer, outcome } = told;
    const bytes = encoded(told);
    if (outcome === 'commit') {
      try {
        const next = this.#definition.apply?.(this.#state, payload, { place, id, proposer });
        if (this.#definition.apply !== undefined && !isPromise(next)) this.#state = next;
      } catch {
        // It throws at every voter, so the state stays as it was at every one.
      }
    }
    this.#applied = place;
    this.#ids.set(id, place);
    if (this.#ids.size > DECISIONS_KEPT)
      for (const oldest of [...this.#ids.keys()].slice(0, 1)) this.#ids.delete(oldest);
    this.#told.push(bytes);
    if (this.#told.length > DECISIONS_TOLD_MAX) this.#told.shift();
  }
}

type Vote = 'yes' | 'no' | 'abstain';

function stanceOf(verdict: Verdict): { stance: Vote; reason?: string } {
  if (verdict === true) return { stance: 'yes' };
  if (verdict === false) return { stance: 'no' };
  const { vote, reason } = verdict;
  if (vote === 'yes' || vote === 'no' || vote === 'abstain') {
    return typeof reason === 'string' ? { stance: vote, reason } : { stance: vote };
  }
  const given = isPromise(verdict) ? 'a promise' : typeof verdict;
  return { stance: 'abstain', reason: `validate gave ${given}: it must give true, false or { vote, reason }` };
}

const encoder = new ValueEncoder();

function encoded(value: unknown): Uint8Array {
  const byteLength = encoder.encode(value);
  return encoder.bytes.slice(0, byteLength);
}

function copyOf(value: unknown): unknown {
  const bytes = encoded(value);
  return decodeValue(bytes, 0, bytes.length);
}

function toldIn(bytes: Uint8Array): Told {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only `#apply` encodes it
  return decodeValue(bytes, 0, bytes.length) as Told;
}
