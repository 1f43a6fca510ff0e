// What the judge remembers of one key. See judge.ts for the rule that it applies.

/** An instant that has not come. */
export const NEVER: number = Number.MAX_SAFE_INTEGER;
/** The group of reads that found the key as it was before its first write. */
export const INITIAL = -1;

/** The operations on one key that concern one value. */
export interface Group {
  readonly id: number;
  /** A delete, or the beginning, when the key was absent. */
  readonly isAbsent: boolean;
  /**
   * Earliest end of its operations: by then the value had been current. {@link NEVER} while nothing shows that it was.
   */
  firstEnd: number;
  /** Latest start of its operations. */
  lastStart: number;
  /** When its write began; -1 until that is reported. */
  writeStart: number;
  acknowledged: boolean;
  /** Its write has been reported. Until then reads may already have seen it. */
  settled: boolean;
  /** Another group is known to follow it. Such a group is kept only until its own write is reported. */
  replaced: boolean;
  /** The chain of changes that it is part of. */
  chain: Chain | undefined;
  /** Its place in the chain: 1 more than that of the group whose value it replaced. */
  link: number;
  /** A change that was acknowledged has replaced its value. */
  changedBy: number | undefined;
}

/**
 * Groups of which each was made of the one before, by a change: nothing can be in between, so to all others they are
 * like one. The zone is that of all of its groups, also of those that were forgotten.
 */
export interface Chain {
  firstEnd: number;
  lastStart: number;
}

/** The two instants of a group that decide. */
export type Zone = Pick<Group, 'firstEnd' | 'lastStart'>;

/** The groups of one key that a read to come may still return. */
export class KeyHistory {
  /** Few: as many as were written at the same time. */
  #groups: Group[] = [newGroup(INITIAL, true)];
  /** Writes that ended as unknown and were not seen: they contradict nothing, and may appear at any time. */
  #unseen: Map<number, Group> | undefined;
  #forgottenEnd = 0;
  /** Deletes, all but refused ones, and changes of a key without a value: each needs an absence of its own. */
  deletes = 0;
  madeOfNothing = 0;

  constructor() {
    Object.assign(this.#groups[0]!, { firstEnd: 0, lastStart: 0, settled: true });
  }

  /** Groups whose value is known to have been current, or whose write is not reported yet. */
  get groups(): readonly Group[] {
    return this.#groups;
  }

  /** Groups in memory. */
  get size(): number {
    return this.#groups.length + (this.#unseen?.size ?? 0);
  }

  /** The latest `firstEnd` of the groups that were forgotten. */
  get forgottenEnd(): number {
    return this.#forgottenEnd;
  }

  find(id: number): Group | undefined {
    const groups = this.#groups;
    for (let at = groups.length - 1; at >= 0; at--) if (groups[at]!.id === id) return groups[at];
    return this.#unseen?.get(id);
  }

  add(id: number, isAbsent: boolean): Group {
    const group = newGroup(id, isAbsent);
    this.#groups.push(group);
    return group;
  }

  /** Moves a group between the seen and the unseen, after its zone may have changed. */
  place(group: Group): void {
    if (group.chain !== undefined) Object.assign(group.chain, hullOf(group, group.chain));
    const isUnseen = group.settled && group.firstEnd === NEVER;
    if (isUnseen && this.#unseen?.has(group.id) !== true) {
      this.remove(group);
      this.#unseen ??= new Map();
      this.#unseen.set(group.id, group);
    } else if (!isUnseen && this.#unseen?.delete(group.id) === true) {
      this.#groups.push(group);
    }
  }

  remove(group: Group): void {
    this.#unseen?.delete(group.id);
    const at = this.#groups.indexOf(group);
    if (at >= 0) this.#groups.splice(at, 1);
  }

  /** Removes a group that others are known to follow. */
  forget(group: Group): void {
    if (group.firstEnd < NEVER) this.#forgottenEnd = Math.max(this.#forgottenEnd, group.firstEnd);
    this.remove(group);
  }

  /** A group that contradicts `group`, were its zone `zone`. */
  contradiction(group: Group, zone: Zone): Group | undefined {
    const { chain, link } = group;
    const whole = chain === undefined ? zone : hullOf(zone, chain);
    for (const other of this.#groups) {
      if (other === group) continue;
      if (chain === undefined || other.chain !== chain) {
        if (contradict(whole, other.chain ?? other)) return other;
      } else if (other.link < link ? zone.firstEnd <= other.lastStart : other.firstEnd <= zone.lastStart) {
        return other; // The order of a chain is known.
      }
    }
    return undefined;
  }

  /** Whether `group` is known to follow `other` because it was made of it, maybe in several steps. */
  isMadeOf(group: Group, other: Group): boolean {
    return group.chain !== undefined && group.chain === other.chain && group.link > other.link;
  }

  /**
   * A change has made the value of `group` out of that of `prior`, so that nothing is in between.
   *
   * @returns the group that contradicts this, if one does; then nothing is linked.
   */
  link(prior: Group, group: Group): Group | undefined {
    if (prior === group || this.isMadeOf(prior, group)) return prior;
    const before = this.#groups.filter((one) => one === prior || isLinked(one, prior));
    const behind = this.#groups.filter((one) => one === group || isLinked(one, group));
    const early = behind.find((one) => before.some((other) => one.firstEnd <= other.lastStart));
    if (early !== undefined) return early;
    const chain: Chain = { ...hullOf(prior.chain ?? prior, group.chain ?? group) };
    const parts = [...before, ...behind];
    const between = this.#groups.find((other) => !parts.includes(other) && contradict(chain, other.chain ?? other));
    if (between !== undefined) return between;
    const shift = prior.link + 1 - group.link;
    for (const part of behind) part.link += shift;
    for (const part of parts) part.chain = chain;
    prior.changedBy = group.id;
    return undefined;
  }

  /** Whether some delete, or the beginning, may be what a read that found nothing has seen. */
  explainsAbsence(read: { readonly start: number; readonly end: number }): boolean {
    const explains = (group: Group): boolean => {
      if (!group.isAbsent || group.replaced || group.writeStart >= read.end) return false;
      const zone = { firstEnd: Math.min(group.firstEnd, read.end), lastStart: Math.max(group.lastStart, read.start) };
      return this.contradiction(group, zone) === undefined;
    };
    return this.#groups.some(explains) || (this.#unseen !== undefined && [...this.#unseen.values()].some(explains));
  }

  /**
   * Forgets the groups that another one is known to follow, from the point of view of every operation that began at
   * `horizon` or later. Nothing is lost by it: what a forgotten group would contradict later is followed by the same
   * groups as itself, or by it, and so is forgotten too.
   */
  prune(horizon: number): void {
    if (this.#groups.length < 2) return;
    const [latest, second] = this.#latestSeen(horizon);
    if (latest === undefined) return;
    let kept = 0;
    for (const group of this.#groups) {
      const follower = group === latest ? second : latest;
      if (follower !== undefined && group.firstEnd <= follower.lastStart) group.replaced = true;
      if (group.replaced && group.settled) this.#forgottenEnd = Math.max(this.#forgottenEnd, group.firstEnd);
      else this.#groups[kept++] = group;
    }
    this.#groups.length = kept;
  }

  /** Among the groups seen by `horizon`, the two with the latest starts. */
  #latestSeen(horizon: number): readonly [Group | undefined, Group | undefined] {
    let latest: Group | undefined;
    let second: Group | undefined;
    for (const group of this.#groups) {
      if (group.firstEnd > horizon) continue;
      if (latest === undefined || group.lastStart > latest.lastStart) {
        second = latest;
        latest = group;
      } else if (second === undefined || group.lastStart > second.lastStart) {
        second = group;
      }
    }
    return [latest, second];
  }
}

/** Whether one must come before the other, and the other before the one. */
function contradict(left: Zone, right: Zone): boolean {
  return left.firstEnd <= right.lastStart && right.firstEnd <= left.lastStart;
}

function hullOf(left: Zone, right: Zone): Zone {
  return {
    firstEnd: Math.min(left.firstEnd, right.firstEnd),
    lastStart: Math.max(left.lastStart, right.lastStart),
  };
}

function isLinked(left: Group, right: Group): boolean {
  return left.chain !== undefined && left.chain === right.chain;
}

function newGroup(id: number, isAbsent: boolean): Group {
  return {
    id,
    isAbsent,
    firstEnd: NEVER,
    lastStart: -1,
    writeStart: -1,
    acknowledged: false,
    settled: false,
    replaced: false,
    chain: undefined,
    link: 0,
    changedBy: undefined,
  };
}
