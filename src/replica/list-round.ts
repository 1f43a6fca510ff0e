// Which keys there are behind some place: replicas are asked for theirs, and there is what one of them lists.
//
// Why so many: a write that is complete is held by W of its key's homes, or by what has recovered from them, so one of
// any R homes lists it. Nobody knows which key is missing, so R homes of every key are asked: of T threads that is
// T - N + R, since the N - R that are not asked may all be homes of one key. Where every replica holds every key that
// is R. As in a read, an answer counts only if its replica has not restarted since, looked at after the last answer. A
// list that was cut says nothing of what comes behind its last key, so neither does the union.
import { compareCodePoints } from '../base/code-points.ts';
import { LIST_MS } from '../base/limits.ts';
import { compareBallots, isNone } from '../protocol/ballot.ts';
import type { Ballot } from '../protocol/ballot.ts';
import type { Rules } from '../protocol/rules.ts';
import type { RegisterQuorums } from '../quorum/register-quorums.ts';
import type { OperationOptions } from '../store/store.ts';
import type { Epochs } from './environment.ts';
import type { Errands } from './errands.ts';
import { inquiryAnswer } from './inquiry.ts';
import type { Inquiry } from './inquiry.ts';
import { listInquiry, readKeyList } from './key-list.ts';
import type { KeyList, KeyRange, ListedKey } from './key-list.ts';
import type { Operation } from './operation.ts';

/** What a round of lists touches. */
export interface ListDoors {
  readonly core: { inquire(inquiry: Inquiry, options: OperationOptions | undefined): Operation };
  readonly epochs: Epochs;
  readonly quorums: RegisterQuorums;
  readonly rules: Rules;
}

/** What is asked for. */
export interface ListRequest {
  readonly range: KeyRange;
  /** Keys of each list at most. */
  readonly limit: number;
  /** Homes of every key that have to answer. */
  readonly needed: number;
}

/** A key that some replica lists. */
export interface FoundKey {
  readonly key: string;
  /** The newest ballot that was listed. */
  readonly accepted: Ballot;
  /** Whether the key has no value for certain: it was never written, or its deletion is stable. */
  readonly isGone: boolean;
}

/** Keys of a range, in order. */
export interface ListUnion {
  readonly keys: readonly FoundKey[];
  /** The range is known up to this key; `undefined` where it is known to its end. */
  readonly upTo: string | undefined;
}

/** How a round ends; `expired`: too few replicas answered before the deadline. */
export type ListEnd = ListUnion | 'expired' | 'closed' | 'state-lost';

interface AnsweredList extends KeyList {
  readonly epoch: number;
}

/** One round. */
export class ListRound {
  readonly #doors: ListDoors;
  readonly #request: ListRequest;
  readonly #errands: Errands;
  readonly #call: ListCall;
  readonly #lists = new Map<number, AnsweredList>();
  readonly #asked = new Set<number>();
  /** Replicas that did not answer lately. */
  readonly #silent = new Set<number>();

  constructor(doors: ListDoors, request: ListRequest, errands: Errands, call: ListCall) {
    this.#doors = doors;
    this.#request = request;
    this.#errands = errands;
    this.#call = call;
  }

  /** How many homes of every key have answered. */
  get answers(): number {
    return Math.max(0, this.#lists.size - this.#spare);
  }

  /** Replicas that have to answer. */
  get #needed(): number {
    return this.#request.needed + this.#spare;
  }

  /** Threads that are no home of a key, T - N. */
  get #spare(): number {
    const { quorums, rules } = this.#doors;
    return rules.hearsAllGroups ? quorums.threads - quorums.replicas : 0;
  }

  /** Asks as many replicas as are still needed. @throws what the core refuses with. */
  ask(): void {
    while (this.#lists.size + this.#asked.size < this.#needed) this.#askOf(this.#choose());
  }

  /** Those that are up and answer, before those that are up, before all others. */
  #choose(): number {
    const { epochs, quorums } = this.#doors;
    let chosen = -1;
    let best = Number.POSITIVE_INFINITY;
    for (let replica = 0; replica < quorums.threads; replica++) {
      if (this.#asked.has(replica) || this.#lists.has(replica)) continue;
      const rank = (epochs.isOperational(replica) ? 0 : 2) + (this.#silent.has(replica) ? 1 : 0);
      if (rank >= best) continue;
      chosen = replica;
      best = rank;
    }
    return chosen;
  }

  #askOf(replica: number): void {
    const { range, limit } = this.#request;
    const timeoutMs = Math.min(LIST_MS, this.#call.leftMs());
    const operation = this.#doors.core.inquire(listInquiry(replica, range, limit), { timeoutMs });
    this.#asked.add(replica);
    this.#errands.run(operation, (ended) => this.#call.attempt(() => this.#ended(replica, ended)));
  }

  #ended(replica: number, operation: Operation): void {
    const { outcome } = operation;
    this.#asked.delete(replica);
    this.#call.heed(operation);
    if (outcome === 'state-lost' || outcome === 'closed') return this.#call.listed(outcome);
    if (outcome !== 'ok') {
      this.#silent.add(replica);
    } else {
      const { epoch, payload } = inquiryAnswer(operation);
      const list = readKeyList(payload);
      if (list !== undefined) this.#lists.set(replica, { ...list, epoch });
    }
    if (this.#lists.size >= this.#needed) this.#dropVoid();
    if (this.#lists.size >= this.#needed) return this.#call.listed(this.#union());
    if (this.#call.isExpired()) return this.#call.listed('expired');
    this.ask();
  }

  #dropVoid(): void {
    const { epochs, rules } = this.#doors;
    for (const [replica, { epoch }] of this.#lists) {
      if (epoch !== epochs.epochOf(replica) && rules.checksEpochs) this.#lists.delete(replica);
    }
  }

  #union(): ListUnion {
    const listings = new Map<string, ListedKey[]>();
    let upTo: string | undefined;
    for (const { keys, isEnd } of this.#lists.values()) {
      for (const listed of keys) listings.set(listed.key, [...(listings.get(listed.key) ?? []), listed]);
      const last = keys.at(-1)?.key;
      if (isEnd || last === undefined || !this.#doors.rules.endsAtCuts) continue;
      if (upTo === undefined || compareCodePoints(last, upTo) < 0) upTo = last;
    }
    const cut = upTo;
    const known = [...listings.keys()].filter((key) => cut === undefined || compareCodePoints(key, cut) <= 0);
    known.sort(compareCodePoints);
    return { keys: known.map((key) => this.#found(key, listings.get(key)!)), upTo };
  }

  #found(key: string, listed: readonly ListedKey[]): FoundKey {
    const { quorums, rules } = this.#doors;
    const [first, ...rest] = listed;
    let newest = first!;
    for (const each of rest) if (compareBallots(each.accepted, newest.accepted) > 0) newest = each;
    const { accepted, isDeleted } = newest;
    const agreeing = listed.filter((each) => each.isVoted && compareBallots(each.accepted, accepted) === 0).length;
    const isStable = isNone(accepted) || agreeing >= quorums.agreeing || !rules.leavesOutDecided;
    return { key, accepted, isGone: isDeleted && isStable };
  }
}

/** Who asks for lists. */
export interface ListCall {
  /** Time that is left, in whole milliseconds from 1. */
  leftMs(): number;
  isExpired(): boolean;
  /** An operation of the call has ended: its deadline tells the call's. */
  heed(operation: Operation): void;
  /** Runs a step, whose error ends the call. */
  attempt(step: () => void): void;
  /** The round has ended. */
  listed(end: ListEnd): void;
}
