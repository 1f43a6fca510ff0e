// Who decides about a key: a configuration, made ready to be asked. While a change of members is under way there are
// two sides, and whatever decides has to do so on both.
import { unreachable } from '../base/assert.ts';
import { popcount } from '../base/bits.ts';
import { DIGEST_LEAVES, READ_SETS_MAX } from '../base/limits.ts';
import { compareBallots } from '../protocol/ballot.ts';
import type { Ballot } from '../protocol/ballot.ts';
import type { Rules } from '../protocol/rules.ts';
import { RULES } from '../protocol/rules.ts';
import type { Configuration, Membership } from '../quorum/configuration.ts';
import { quorumSets } from '../quorum/quorum-sets.ts';
import type { QuorumSets } from '../quorum/quorum-sets.ts';
import type { RegisterQuorums } from '../quorum/register-quorums.ts';
import { Placement } from './placement.ts';

/** What votes are counted for. */
export type Purpose = 'read' | 'write' | 'prepare' | 'agreeing';

/** Which threads hold a key, as masks; see {@link Placement}. */
export interface Homes {
  readonly all: number;
  readonly isWhole: boolean;
  homesOf(hash: number): number;
  firstOf(hash: number): number;
}

/** One of the memberships that decide. */
interface Side {
  readonly members: number;
  readonly quorums: RegisterQuorums;
  readonly sets: QuorumSets;
  readonly placement: Placement;
}

/** Hashes of which each key has the homes of one. */
const ALL_RANGES: readonly number[] = Array.from({ length: DIGEST_LEAVES }, (_, range) => range);

/** Where every thread holds every key. */
const ONE_RANGE: readonly number[] = [0];

/** A configuration that can be asked. Immutable. */
export class Electorate implements Homes {
  readonly number: number;
  /** Whether no change of members is under way. */
  readonly isStable: boolean;
  /** Whether one membership decides, by the number of votes alone. */
  readonly isPlain: boolean;
  /** Whether one membership decides, by systems of quorums. */
  readonly isSystem: boolean;
  /** The sizes; while two memberships decide, of each the greater one. */
  readonly sizes: RegisterQuorums;
  readonly all: number;
  readonly isWhole: boolean;
  readonly barrier: Ballot | undefined;
  /** Who votes on proposals, as a mask: the members; while both sides decide, the old ones. */
  readonly voters: number;
  readonly #rules: Rules;
  readonly #sides: readonly Side[];
  #smallestReads: readonly number[] | undefined;
  /** Where keys will lie, while that changes. */
  readonly #coming: Placement | undefined;

  constructor({ number, phase, current, next, barrier }: Configuration, rules: Rules = RULES) {
    this.number = number;
    this.barrier = rules.barsOldBallots ? barrier : undefined;
    this.#rules = rules;
    this.isStable = phase === 'stable';
    this.#coming = next && new Placement({ members: next.members, replicas: next.quorums.replicas }, rules);
    const memberships = phase !== 'joint' ? [current] : rules.decidesJointly ? [current, next!] : [next!];
    this.#sides = memberships.map((membership) => sideOf(membership, rules));
    this.voters = current.members;
    const isOne = this.#sides.length === 1;
    this.isSystem = isOne && this.#sides[0]!.quorums.systems !== undefined;
    this.isPlain = isOne && !this.isSystem;
    this.sizes = memberships.map(({ quorums }) => quorums).reduce(greater);
    this.all = memberships.reduce((mask, { members }) => mask | members, 0);
    this.isWhole = this.#sides.every(({ placement }) => placement.isWhole);
  }

  homesOf(hash: number): number {
    let homes = 0;
    for (const { placement } of this.#sides) homes |= placement.homesOf(hash);
    return homes;
  }

  firstOf(hash: number): number {
    return this.#sides[0]!.placement.firstOf(hash);
  }

  /**
   * Whom a read at the quorum may ask: threads, as masks, that are a read quorum and all that a read wants to agree, so
   * few that nobody could do with less; not all such sets where there are very many. Only where one membership decides.
   */
  get smallestReads(): readonly number[] {
    this.#smallestReads ??= smallestReadsOf(this.#sides[0]!);
    return this.#smallestReads;
  }

  /** Whether a thread holds the keys of this hash, or is about to. */
  keeps(thread: number, hash: number): boolean {
    const homes = this.homesOf(hash) | (this.#coming?.homesOf(hash) ?? 0);
    return ((homes >>> thread) & 1) === 1;
  }

  /**
   * Whether votes on a key of this hash are at least so many, on each side. Where that is as many as a quorum has, they
   * have to be one; where it is more, that many too, or all where a side has fewer.
   */
  isMet(purpose: Purpose, votes: number, hash: number, atLeast: number): boolean {
    const isStrong = this.#sides.some(({ sets }) => atLeast >= sets.fewest[purpose]);
    const isCounted = !isStrong || atLeast > this.sizes[purpose];
    return this.#sides.every(({ placement, quorums, sets }) => {
      const homes = placement.homesOf(hash);
      const own = votes & homes;
      if (isCounted && popcount(own) < Math.min(atLeast, quorums.replicas)) return false;
      return !isStrong || isQuorum(sets, purpose, positionsIn(homes, own));
    });
  }

  /** Whether these are votes enough on every key, whichever it is; see {@link isMet}. */
  isMetOnAll(purpose: Purpose, votes: number, atLeast: number): boolean {
    const hashes = this.isWhole ? ONE_RANGE : ALL_RANGES;
    return hashes.every((hash) => this.isMet(purpose, votes, hash, atLeast));
  }

  /** Whether whoever recovers from now on hears one of these, on each side: what all of them know is not lost. */
  isKnownTo(threads: number): boolean {
    return this.#sides.every(({ members, quorums, sets }) => {
      const own = threads & members;
      if (quorums.threads > quorums.replicas) return popcount(own) >= quorums.write;
      return sets.isWrite(positionsIn(members, own));
    });
  }

  /** Whether a thread that lost its memory, or never had one, knows enough once it has heard these others whole. */
  mayRecover(self: number, heard: number, rules: Rules): boolean {
    const bit = 1 << self;
    const isMember = (this.all & bit) !== 0;
    return this.#sides.every(({ members, quorums, sets }) => {
      if (isMember && (members & bit) === 0) return true; // It had no part in what that side decided.
      const spare = rules.hearsAllGroups ? 0 : quorums.threads - quorums.replicas;
      const others = heard & members & ~bit;
      if (quorums.threads > quorums.replicas) return popcount(others) >= quorums.recoverFrom - spare;
      // Who is no member has no part in it yet: whatever was decided, one of so many knows of it.
      if (!isMember) return popcount(others) >= quorums.recoverFrom;
      return sets.mayRecover(positionOf(members, self), positionsIn(members, others));
    });
  }

  /**
   * Whether the state is lost once all these have lost their memory. What both sides have decided, the first one knows:
   * where too many of the other one are gone, the change is taken back (membership-change.ts).
   */
  isLost(gone: number): boolean {
    const { members, quorums, sets } = this.#sides[0]!;
    const own = gone & members;
    return quorums.threads > quorums.replicas
      ? popcount(own) > quorums.downMax
      : sets.isLost(positionsIn(members, own));
  }

  /** Whether nobody stores under a ballot any more what he does not hold. */
  bars(ballot: Ballot): boolean {
    return this.barrier !== undefined && compareBallots(ballot, this.barrier) <= 0;
  }

  /**
   * Whether all that the first side has decided alone is known where these have been compared, and hold the same. They
   * are a read quorum of the first side, and meet every prepare quorum: of what only others hold, one of them knows
   * what it was to follow. They are a write quorum of the last side, and meet every set there whose votes tell a reader
   * that something is decided.
   */
  isCoveredBy(compared: number): boolean {
    const hashes = this.isWhole ? ONE_RANGE : ALL_RANGES;
    const last = this.#sides.length - 1;
    const meetsAll = (hash: number): boolean =>
      !this.#isMetBy(0, 'prepare', ~compared, hash) && !this.#isMetBy(last, 'agreeing', ~compared, hash);
    return hashes.every(
      (hash) =>
        this.#isMetBy(0, 'read', compared, hash) &&
        this.#isMetBy(last, 'write', compared, hash) &&
        (meetsAll(hash) || !this.#rules.comparesPromised),
    );
  }

  #isMetBy(side: number, purpose: Purpose, votes: number, hash: number): boolean {
    const { placement, sets } = this.#sides[side]!;
    const homes = placement.homesOf(hash);
    return isQuorum(sets, purpose, positionsIn(homes, votes & homes));
  }
}

function sideOf({ members, quorums }: Membership, rules: Rules): Side {
  const placement = new Placement({ members, replicas: quorums.replicas }, rules);
  const { systems: _, ...sizes } = quorums;
  return { members, quorums, sets: quorumSets(rules.heedsSystems ? quorums : sizes), placement };
}

function smallestReadsOf({ members, sets }: Side): readonly number[] {
  let fewest = popcount(members);
  let found: number[] = [];
  // Every set of members, from the one without the highest of them down.
  for (let threads = members; threads !== 0; threads = (threads - 1) & members) {
    const count = popcount(threads);
    if (count > fewest) continue;
    const voters = positionsIn(members, threads);
    if (!sets.isRead(voters) || !sets.isAgreeing(voters)) continue;
    if (count < fewest) found = [];
    fewest = count;
    found.push(threads);
  }
  const step = Math.ceil(found.length / READ_SETS_MAX);
  return found.filter((_, index) => index % step === 0);
}

function isQuorum(sets: QuorumSets, purpose: Purpose, voters: number): boolean {
  switch (purpose) {
    case 'read':
      return sets.isRead(voters);
    case 'write':
      return sets.isWrite(voters);
    case 'prepare':
      return sets.isPrepare(voters);
    case 'agreeing':
      return sets.isAgreeing(voters);
    default:
      return unreachable(purpose);
  }
}

/** What two memberships both ask for. */
function greater(left: RegisterQuorums, right: RegisterQuorums): RegisterQuorums {
  return {
    replicas: Math.max(left.replicas, right.replicas),
    threads: Math.max(left.threads, right.threads),
    read: Math.max(left.read, right.read),
    write: Math.max(left.write, right.write),
    prepare: Math.max(left.prepare, right.prepare),
    agreeing: Math.max(left.agreeing, right.agreeing),
    cachesPromises: left.cachesPromises && right.cachesPromises,
    recoverFrom: Math.max(left.recoverFrom, right.recoverFrom),
    downMax: Math.min(left.downMax, right.downMax),
  };
}

/** The number of a member among all. */
export function positionOf(members: number, member: number): number {
  return popcount(members & (2 ** member - 1));
}

/** Threads among `members` as a mask of their numbers there. */
function positionsIn(members: number, threads: number): number {
  if ((members & (members + 1)) === 0) return threads; // No gap: they are their numbers.
  let positions = 0;
  for (let left = members, position = 0; left !== 0; left &= left - 1, position++) {
    if ((threads & left & -left) !== 0) positions |= 1 << position;
  }
  return positions;
}
