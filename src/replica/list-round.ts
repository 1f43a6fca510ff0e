// Which keys there are behind some place: replicas are asked for theirs, and there is what one of them lists.
//
// Why so many: a write that is complete is held by W of its key's homes, or by what has recovered from them, so one of
// any R homes lists it. Nobody knows which key is missing, so R homes of every key are asked: of T threads that is
// T - N + R, since the N - R that are not asked may all be homes of one key. Where every replica holds every key that
// is R. Where two memberships decide, or systems of quorums do, those that have answered must be a read quorum of every
// key, and all members are asked. As in a read, an answer counts only if its replica has not restarted since, and the
// configuration is still that in force, looked at after the last answer. A list that was cut says nothing of what comes
// behind its last key, so neither does the union.
import { compareCodePoints } from '../base/code-points.ts';
import { maskOf, popcount } from '../base/bits.ts';
import { LIST_MS } from '../base/limits.ts';
import { compareBallots, isNone } from '../protocol/ballot.ts';
import type { Ballot } from '../protocol/ballot.ts';
import type { Rules } from '../protocol/rules.ts';
import { votersIn } from '../quorum/quorum-system.ts';
import type { RegisterQuorums } from '../quorum/register-quorums.ts';
import type { OperationOptions } from '../store/store.ts';
import type { Epochs } from './environment.ts';
import type { Errands } from './errands.ts';
import { inquiryAnswer } from './inquiry.ts';
import type { Inquiry } from './inquiry.ts';
import { hashOf } from './key-bytes.ts';
import { listInquiry, readKeyList } from './key-list.ts';
import type { KeyList, KeyRange, ListedKey } from './key-list.ts';
import type { LiveQuorums } from './live-quorums.ts';
import type { Operation } from './operation.ts';
import { readNeededUnder } from './resize.ts';

/** What a round of lists touches. */
export interface ListDoors {
  readonly core: { inquire(inquiry: Inquiry, options: OperationOptions | undefined): Operation };
  readonly epochs: Epochs;
  readonly quorums: LiveQuorums;
  readonly rules: Rules;
}

/** What is asked for. */
export interface ListRequest {
  readonly range: KeyRange;
  /** Keys of each list at most. */
  readonly limit: number;
  /** Homes of every key that have to answer. */
  readonly needed: number;
  /** What `needed` is of: under other sizes it is another number. */
  readonly sizes: RegisterQuorums;
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
  /** The number of the configuration that it was made under. */
  readonly configuration: number;
}

/** What one replica lists of a key. */
interface Listing extends ListedKey {
  readonly replica: number;
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
  /** Whether it has ended: what is still asked then tells nobody anything. */
  #isOver = false;

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

  /** Homes of every key that have to answer, by the sizes in force. */
  get #needed(): number {
    const { needed, sizes } = this.#request;
    return readNeededUnder(this.#doors.quorums.electorate.sizes, needed, sizes);
  }

  /** Whether those that have answered are enough. */
  get #isEnough(): boolean {
    const { electorate } = this.#doors.quorums;
    if (electorate.isPlain) return this.#lists.size >= this.#needed + this.#spare;
    return electorate.isMetOnAll('read', maskOf(this.#lists.keys()), this.#needed);
  }

  /** Threads that are no home of a key, T - N. */
  get #spare(): number {
    const { quorums, rules } = this.#doors;
    return rules.hearsAllGroups ? quorums.threads - quorums.replicas : 0;
  }

  /** Asks as many replicas as are still needed, or all where any so many need not do. @throws what the core does. */
  ask(): void {
    const { electorate } = this.#doors.quorums;
    const wanted = electorate.isPlain ? this.#needed + this.#spare : popcount(electorate.all);
    for (let count = this.#lists.size + this.#asked.size; count < wanted; count++) {
      const replica = this.#choose();
      if (replica < 0) return; // All are asked, some of them as members of before: they fail, and it is asked anew.
      this.#askOf(replica);
    }
  }

  /** Those that are up and answer, before those that are up, before all others. */
  #choose(): number {
    const { epochs, quorums } = this.#doors;
    let chosen = -1;
    let best = Number.POSITIVE_INFINITY;
    for (const replica of votersIn(quorums.electorate.all)) {
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
    if (this.#isOver) return;
    this.#asked.delete(replica);
    this.#call.heed(operation);
    if (outcome === 'state-lost' || outcome === 'closed') return this.#end(outcome);
    if (outcome !== 'ok') {
      this.#silent.add(replica);
    } else {
      const { epoch, payload } = inquiryAnswer(operation);
      const list = readKeyList(payload);
      const configuration = this.#doors.quorums.electorate.number;
      if (list !== undefined) this.#lists.set(replica, { ...list, epoch, configuration });
    }
    this.#dropVoid();
    if (this.#isEnough) return this.#end(this.#union());
    if (this.#call.isExpired()) return this.#end('expired');
    this.ask();
  }

  #end(end: ListEnd): void {
    this.#isOver = true;
    this.#call.listed(end);
  }

  #dropVoid(): void {
    const { epochs, rules, quorums } = this.#doors;
    const { number, all } = quorums.electorate;
    for (const [replica, { epoch, configuration }] of this.#lists) {
      const isDead = epoch !== epochs.epochOf(replica) && rules.checksEpochs;
      // Who leaves still answers, also under the number of those who decide without him.
      const isVoid = configuration !== number || ((all >>> replica) & 1) === 0;
      if (isDead || (isVoid && rules.voidsOldVotes)) this.#lists.delete(replica);
    }
  }

  #union(): ListUnion {
    const listings = new Map<string, Listing[]>();
    let upTo: string | undefined;
    for (const [replica, { keys, isEnd }] of this.#lists) {
      for (const listed of keys) {
        listings.set(listed.key, [...(listings.get(listed.key) ?? []), { replica, ...listed }]);
      }
      const last = keys.at(-1)?.key;
      if (isEnd || last === undefined || !this.#doors.rules.endsAtCuts) continue;
      if (upTo === undefined || compareCodePoints(last, upTo) < 0) upTo = last;
    }
    const cut = upTo;
    const known = [...listings.keys()].filter((key) => cut === undefined || compareCodePoints(key, cut) <= 0);
    known.sort(compareCodePoints);
    return { keys: known.map((key) => this.#found(key, listings.get(key)!)), upTo };
  }

  #found(key: string, listed: readonly Listing[]): FoundKey {
    const { rules } = this.#doors;
    const [first, ...rest] = listed;
    let newest = first!;
    for (const each of rest) if (compareBallots(each.accepted, newest.accepted) > 0) newest = each;
    const { accepted, isDeleted } = newest;
    const agreeing = listed.filter((each) => each.isVoted && compareBallots(each.accepted, accepted) === 0);
    const isStable = isNone(accepted) || this.#isAgreeing(key, agreeing) || !rules.leavesOutDecided;
    return { key, accepted, isGone: isDeleted && isStable };
  }

  #isAgreeing(key: string, agreeing: readonly Listing[]): boolean {
    const { electorate } = this.#doors.quorums;
    const needed = electorate.sizes.agreeing;
    if (electorate.isPlain) return agreeing.length >= needed;
    const voters = maskOf(agreeing.map(({ replica }) => replica));
    return electorate.isMet('agreeing', voters, hashOf(key), needed);
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
