// Which change of members is asked for next: seeded, without clock or cluster. Every way to change comes about once in
// a round, in an order of its own; the cluster never strays far from the size that it was opened with.
import { REPLICAS_MAX } from '../base/limits.ts';
import { below } from '../base/random.ts';
import type { Random } from '../base/random.ts';
import type { ReconfigureOptions } from '../cluster/options.ts';
import { majorityOf } from '../quorum/quorum-system.ts';
import { registerQuorums } from '../quorum/register-quorums.ts';
import type { RegisterQuorums } from '../quorum/register-quorums.ts';

/** Ways to change: members leave for others, come, and go; other R and W; another number of copies. */
export const MEMBER_CHANGES = ['replace', 'grow', 'shrink', 'quorums', 'copies'] as const;
export type MemberChange = (typeof MEMBER_CHANGES)[number];

/** Most replicas more than there were at the start, and most that are replaced at a time. */
const GROWTH_MAX = 1;
const REPLACED_MAX = 2;

/** Members as they are. */
export interface MembersNow {
  readonly members: readonly number[];
  readonly replicationFactor: number;
  readonly places: number;
}

/** What is asked for. */
export interface ChosenChange {
  readonly kind: MemberChange;
  readonly options: ReconfigureOptions;
}

/** Places that a cluster of so many threads is opened with, so that there is room for any change. */
export function placesFor(threads: number): number {
  return Math.min(REPLICAS_MAX, threads + Math.max(GROWTH_MAX, REPLACED_MAX));
}

/** Chooses change after change. */
export class MemberChoice {
  readonly #base: RegisterQuorums;
  readonly #random: Random;
  #kinds: MemberChange[] = [];

  /** @param base what the cluster was opened with. */
  constructor(base: RegisterQuorums, random: Random) {
    this.#base = base;
    this.#random = random;
  }

  /** The next change of a cluster whose members are `now`. */
  next(now: MembersNow): ChosenChange | undefined {
    for (let tries = 0; tries <= 2 * MEMBER_CHANGES.length; tries++) {
      if (this.#kinds.length === 0) this.#kinds = this.#shuffled();
      const kind = this.#kinds.pop()!;
      const options = this.#optionsOf(kind, now);
      if (options !== undefined) return { kind, options };
    }
    return undefined;
  }

  #shuffled(): MemberChange[] {
    const left: MemberChange[] = [...MEMBER_CHANGES];
    const shuffled: MemberChange[] = [];
    while (left.length > 0) shuffled.push(...left.splice(below(this.#random, left.length), 1));
    return shuffled;
  }

  /** `undefined` where that cannot be asked for now. */
  #optionsOf(kind: MemberChange, { members, replicationFactor, places }: MembersNow): ReconfigureOptions | undefined {
    const { threads, replicas } = this.#base;
    const isWhole = threads === replicas;
    const free = places - members.length;
    const copiesWith = (count: number): number => (isWhole ? count : Math.min(count, replicationFactor));
    switch (kind) {
      case 'replace': {
        const count = 1 + below(this.#random, Math.min(REPLACED_MAX, free, members.length));
        return free === 0 ? undefined : { add: count, remove: this.#some(members, count) };
      }
      case 'grow':
        if (free === 0 || members.length >= threads + GROWTH_MAX) return undefined;
        return { add: 1, ...this.#sizesWith(copiesWith(members.length + 1)) };
      case 'shrink': {
        // Where one may die, one may always die: kills go on.
        const least = Math.max(this.#base.downMax > 0 ? 2 : 1, threads - GROWTH_MAX);
        if (members.length <= least) return undefined;
        return { remove: this.#some(members, 1), ...this.#sizesWith(copiesWith(members.length - 1)) };
      }
      case 'quorums':
        return this.#otherQuorums(replicationFactor);
      case 'copies': {
        if (isWhole) return undefined;
        const copies = replicationFactor === replicas ? replicas + 1 : replicas;
        return copies > members.length ? undefined : this.#sizesWith(copies);
      }
      default:
        return kind satisfies never;
    }
  }

  #some(members: readonly number[], count: number): number[] {
    const left = [...members];
    return Array.from({ length: count }, () => left.splice(below(this.#random, left.length), 1)[0]!);
  }

  /** The sizes of `copies` copies that are most like those at the start: as many reads, and writes that meet them. */
  #sizesWith(copies: number): Required<Pick<ReconfigureOptions, 'replicationFactor' | 'read' | 'write'>> {
    const { replicas, read: readThen, write: writeThen } = this.#base;
    const isMajority = readThen === majorityOf(replicas) && writeThen === majorityOf(replicas);
    if (isMajority) return { replicationFactor: copies, read: majorityOf(copies), write: majorityOf(copies) };
    const read = Math.min(readThen, copies);
    const least = Math.max(copies - read + 1, Math.min(2, copies));
    const write = Math.min(copies, Math.max(least, writeThen + copies - replicas));
    return { replicationFactor: copies, read, write };
  }

  /** Any R and W that meet; where there are such, those whose quorums are there whenever a replica may be killed. */
  #otherQuorums(copies: number): ReconfigureOptions | undefined {
    const most = copies > 2 ? copies - 1 : copies;
    const allowed: { read: number; write: number }[] = [];
    for (let read = 1; read <= most; read++) {
      for (let write = Math.min(2, copies); write <= most; write++) {
        if (read + write > copies && this.#isSturdy(copies, read, write)) allowed.push({ read, write });
      }
    }
    const lasting = allowed.filter(({ read, write }) => isLasting(copies, read, write));
    const choice = lasting.length > 0 ? lasting : allowed;
    return choice[below(this.#random, Math.max(1, choice.length))];
  }

  #isSturdy(replicas: number, read: number, write: number): boolean {
    return registerQuorums({ replicas, read, write }).downMax >= Math.min(1, this.#base.downMax);
  }
}

/** Whether operations go on while as many replicas are down as may be. */
function isLasting(replicas: number, read: number, write: number): boolean {
  const { downMax, prepare } = registerQuorums({ replicas, read, write });
  return Math.max(read, write, prepare) <= replicas - downMax;
}
