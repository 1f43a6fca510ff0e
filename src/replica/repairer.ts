// Anti-entropy: compares what the replicas hold, down the tree of their digests, and repairs each key at which they
// differ. Where a replica does not hold every key, each leaf is compared among its homes, which hold all its keys, and
// nodes, whose leaves have different homes, are not compared.
//
// A reactor over the core of a client: it asks by inquiries, repairs by reads that write back, and is told of each when
// it has ended. Replicas never push entries at each other, so nothing here can break what the register promises: a
// repair is one more reader.
import {
  DIGEST_NODES,
  REPAIR_KEYS_AT_ONCE,
  REPAIR_LEAVES_AT_ONCE,
  REPAIR_PATIENCE_MS,
  REPAIR_ROUNDS_MAX,
} from '../base/limits.ts';
import { maskOf, popcount } from '../base/bits.ts';
import { mutableBallot } from '../protocol/ballot.ts';
import { votersIn } from '../quorum/quorum-system.ts';
import type { MutableBallot } from '../protocol/ballot.ts';
import type { OperationOptions } from '../store/store.ts';
import type { RepairReport } from '../store/repair.ts';
import { NODES_PER_INQUIRY } from './digest-inquiries.ts';
import type { Homes } from './electorate.ts';
import { LEAVES_PER_NODE, leafOf } from './digest-tree.ts';
import { LEAF_DIGESTS, LEAF_ENTRIES, NODE_DIGESTS, inquiryAnswer } from './inquiry.ts';
import type { Inquiry, InquiryAnswer } from './inquiry.ts';
import { LeafPages } from './leaf-pages.ts';
import type { Difference } from './leaf-pages.ts';
import type { Operation } from './operation.ts';
import type { RepairAim } from './repair-aim.ts';
import { RepairTally } from './repair-report.ts';
import { Failure, goneError } from './results.ts';

/** The core of a client, as a repair sees it; see `ClientCore`. */
export interface RepairCore {
  readonly operational: number;
  /** The configuration in force; the replica's incarnation. */
  readonly configuration: number;
  epochOf(replica: number): number;
  /** Copies up to where deletions may have been erased into `target`. */
  erasedFloor(target: MutableBallot): void;
  msUntil(deadlineMs: number): number;
  inquire(inquiry: Inquiry, options: OperationOptions | undefined): Operation;
  repairKey(place: string, aim: RepairAim, options: OperationOptions | undefined): Operation;
  submit(operation: Operation): void;
  cancel(operation: Operation, reason: unknown): void;
}

/** What a repair is made with. */
export interface RepairerOptions {
  readonly core: RepairCore;
  readonly placement: Homes;
  readonly prefix?: string;
  readonly isDeep?: boolean;
  readonly deadlineMs: number;
  /** Comparisons at most; one does where it matters who holds now what was decided before it began. */
  readonly roundsMax?: number;
  /** Rest between two leaves, for repairs in the background, in milliseconds; default none. */
  readonly paceMs?: number;
  /** It has ended. */
  end(result: RepairReport | Failure): void;
}

/** What goes on once all that was asked for it has ended. */
interface Step {
  open: number;
}

/** A leaf that is looked at. */
interface LeafInHand extends Step {
  readonly leaf: number;
  readonly pages: LeafPages;
  keys: readonly Difference[];
  /** How many of the keys have been taken up. */
  taken: number;
}

/** One replica in a comparison. */
interface Peer {
  readonly replica: number;
  /** Its incarnation, by its first answer; 0 before. */
  epoch: number;
  /** Two words a node. */
  readonly nodes: Int32Array;
}

/** One repair. */
export class Repairer {
  readonly #options: RepairerOptions;
  readonly #tally: RepairTally;
  readonly #open = new Set<Operation>();
  /** Scratch. */
  readonly #erased = mutableBallot();
  #peers: Peer[] = [];
  #nodes: number[] = [];
  /** Leaves to look at, and those that are looked at. */
  #leaves: number[] = [];
  readonly #inHand = new Set<LeafInHand>();
  /** Whether a replica that is up was not compared in this round; and whether it has restarted meanwhile. */
  #isPartial = false;
  #isOutdated = false;
  #differing = 0;
  #hasRepaired = false;
  #isOver = false;
  /** Number of the configuration in force when it began. */
  readonly configuration: number;
  #covered = 0;
  #restUntilMs = 0;
  #isResting = false;

  constructor(options: RepairerOptions) {
    this.#options = options;
    this.#tally = new RepairTally(options.placement.all);
    this.configuration = options.core.configuration;
  }

  /**
   * Replicas that were compared in the last whole round, in which everything that differed was repaired, and that have
   * not restarted since, as a mask; none where the configuration is another one by now.
   */
  get covered(): number {
    return this.#covered;
  }

  /** Begins; `end` is told when it is over, which may be at once. */
  start(): void {
    this.#beginRound();
  }

  /** Goes on after a rest. @returns when it wants to be called again; infinite while it awaits answers, or is over. */
  turn(nowMs: number): number {
    if (!this.#isResting || this.#isOver) return Number.POSITIVE_INFINITY;
    if (nowMs >= this.#options.deadlineMs) {
      this.#end(this.#tally.report);
      return Number.POSITIVE_INFINITY;
    }
    if (this.#restUntilMs === 0) this.#restUntilMs = nowMs + (this.#options.paceMs ?? 0);
    if (nowMs < this.#restUntilMs) return this.#restUntilMs;
    this.#isResting = false;
    this.#restUntilMs = 0;
    this.#askLeaf();
    return this.turn(nowMs);
  }

  /** Gives up; `reason` is what it ends with. */
  cancel(reason: unknown): void {
    this.#end(new Failure(reason));
  }

  // --- the tree

  #beginRound(): void {
    this.#tally.beginRound();
    this.#isPartial = this.#isOutdated = this.#hasRepaired = false;
    this.#differing = 0;
    const { core, placement } = this.#options;
    this.#peers = [];
    for (const replica of votersIn(core.operational & placement.all)) {
      this.#peers.push({ replica, epoch: 0, nodes: new Int32Array(2 * DIGEST_NODES) });
      this.#tally.noteFate(replica, 'compared');
    }
    if (this.#peers.length === 0) return this.#end(this.#tally.report);
    const step = { open: 0 };
    for (const peer of this.#peers) this.#askNodes(peer, 0, step);
  }

  #askNodes(peer: Peer, from: number, step: Step): void {
    this.#ask(
      peer,
      step,
      { subject: NODE_DIGESTS, words: [from] },
      ({ payload: { words }, payloadBytes }) => {
        const next = words[0]!;
        if (payloadBytes < 12 || next <= from || next > DIGEST_NODES) return this.#lose(peer, 'silent');
        peer.nodes.set(words.subarray(1, 1 + 2 * (next - from)), 2 * from);
        if (next < DIGEST_NODES) this.#askNodes(peer, next, step);
      },
      () => this.#compareNodes(),
    );
  }

  #compareNodes(): void {
    this.#nodes = [];
    for (let node = 0; node < DIGEST_NODES; node++) {
      const digests = this.#peers.map(({ nodes }): [number, number] => [nodes[2 * node]!, nodes[2 * node + 1]!]);
      if (this.#isNodeWanted(digests)) this.#nodes.push(node);
    }
    this.#leaves = [];
    this.#askLeaves();
  }

  #isNodeWanted(digests: readonly (readonly [number, number])[]): boolean {
    if (this.#options.placement.isWhole) return this.#isWanted(digests);
    return digests.some(([high, low]) => (high | low) !== 0);
  }

  /** Whether to look further below: digests differ, or values are compared and there is something. */
  #isWanted(digests: readonly (readonly [number, number])[]): boolean {
    const [first] = digests;
    if (first === undefined) return false;
    if (this.#options.isDeep === true && digests.some(([high, low]) => (high | low) !== 0)) return true;
    return digests.some(([high, low]) => high !== first[0] || low !== first[1]);
  }

  #askLeaves(): void {
    const nodes = this.#nodes.splice(0, NODES_PER_INQUIRY);
    if (nodes.length === 0 || this.#peers.length < 2) return this.#askLeaf();
    const digests = new Map<Peer, Int32Array>();
    const step = { open: 0 };
    for (const peer of this.#peers) {
      this.#ask(
        peer,
        step,
        { subject: LEAF_DIGESTS, words: nodes },
        ({ payload: { words }, payloadBytes }) => {
          if (payloadBytes !== 8 * LEAVES_PER_NODE * nodes.length) return this.#lose(peer, 'silent');
          digests.set(peer, words.slice(0, payloadBytes >> 2));
        },
        () => {
          nodes.forEach((node, place) => this.#compareLeaves(node, 2 * LEAVES_PER_NODE * place, digests));
          this.#askLeaves();
        },
      );
    }
  }

  #compareLeaves(node: number, at: number, digests: ReadonlyMap<Peer, Int32Array>): void {
    for (let index = 0; index < LEAVES_PER_NODE; index++) {
      const peers = this.#homesOf(leafOf(node, index));
      const of = peers.map((peer): [number, number] => {
        const words = digests.get(peer)!;
        return [words[at + 2 * index]!, words[at + 2 * index + 1]!];
      });
      if (!this.#isWanted(of)) continue;
      this.#leaves.push(leafOf(node, index));
      peers.forEach(({ replica }, place) => {
        const isAlone = of.some(([high, low]) => high !== of[place]![0] || low !== of[place]![1]);
        if (isAlone) this.#tally.noteLeaf(replica);
      });
    }
  }

  // --- leaves

  /** Takes up leaves, as many as may be in hand; those with one home alone have nobody to be compared with. */
  #askLeaf(): void {
    const most = this.#leavesAtOnce;
    while (this.#leaves.length > 0 && this.#inHand.size < most && !this.#isOver) {
      const leaf = this.#leaves.pop()!;
      if (this.#homesOf(leaf).length < 2) continue;
      const inHand = { leaf, pages: new LeafPages(), keys: [], taken: 0, open: 0 };
      this.#inHand.add(inHand);
      this.#askPage(inHand);
    }
    if (this.#inHand.size === 0 && !this.#isOver) this.#endRound();
  }

  /** In the background one at a time, with a rest after each. */
  get #leavesAtOnce(): number {
    return (this.#options.paceMs ?? 0) > 0 ? 1 : REPAIR_LEAVES_AT_ONCE;
  }

  #askPage(inHand: LeafInHand): void {
    const peers = this.#homesOf(inHand.leaf);
    if (peers.length < 2) return this.#endLeaf(inHand); // There is nobody left to compare with.
    for (const peer of peers) this.#askEntries(peer, 0, inHand);
  }

  #askEntries(peer: Peer, skip: number, inHand: LeafInHand): void {
    const { leaf, pages } = inHand;
    const words = [leaf, pages.from, skip, this.#options.isDeep === true ? 1 : 0];
    this.#ask(
      peer,
      inHand,
      { subject: LEAF_ENTRIES, words },
      ({ payload }) => {
        const further = pages.note(peer.replica, payload);
        if (further > 0) this.#askEntries(peer, further, inHand);
      },
      () => this.#comparePage(inHand),
    );
  }

  #comparePage(inHand: LeafInHand): void {
    const { core, prefix = '' } = this.#options;
    const { pages, leaf } = inHand;
    const before = pages.keys;
    core.erasedFloor(this.#erased);
    const keys = pages.compare(this.#maskOf(leaf), this.#erased).filter(({ key }) => key.startsWith(prefix));
    this.#tally.keysCompared += pages.keys - before;
    this.#differing += keys.length;
    this.#tally.keysDiffering += keys.length;
    for (const { behind } of keys) this.#tally.noteBehind(behind);
    inHand.keys = keys;
    inHand.taken = 0;
    this.#repairKeys(inHand);
  }

  #endLeaf(inHand: LeafInHand): void {
    this.#inHand.delete(inHand);
    if ((this.#options.paceMs ?? 0) > 0 && this.#leaves.length > 0) this.#isResting = true;
    else this.#askLeaf();
  }

  // --- keys

  #repairKeys(inHand: LeafInHand): void {
    const { keys } = inHand;
    const most = REPAIR_KEYS_AT_ONCE / this.#leavesAtOnce;
    while (inHand.taken < keys.length && inHand.open < most && !this.#isOver) {
      const difference = keys[inHand.taken++]!;
      if (difference.versions.length > 1) this.#mend(difference, inHand);
      else this.#repair(difference, { targets: this.#maskOf(inHand.leaf) }, inHand);
    }
    if (inHand.open > 0 || this.#isOver) return;
    if (inHand.pages.from >= 0) this.#askPage(inHand);
    else this.#endLeaf(inHand);
  }

  /** One ballot, different bytes: what most of its holders hold is right; where there is none, nothing is done. */
  #mend(difference: Difference, inHand: LeafInHand): void {
    const { key, versions, newest } = difference;
    const holders = versions.reduce((mask, each) => mask | each, 0);
    const right = versions.find((mask) => 2 * popcount(mask) > popcount(holders));
    const wrong = holders & ~(right ?? 0);
    const note = (isRepaired: boolean): void => this.#tally.noteCorrupt({ key, replicas: votersIn(wrong), isRepaired });
    if (right !== undefined) {
      const aim = { targets: this.#maskOf(inHand.leaf), distrusted: wrong, distrustedAt: newest };
      return this.#repair(difference, aim, inHand, note);
    }
    this.#tally.keysLeft++;
    note(false);
  }

  #repair({ key }: Difference, aim: RepairAim, inHand: LeafInHand, note?: (isRepaired: boolean) => void): void {
    this.#submit(
      inHand,
      () => this.#options.core.repairKey(key, aim, this.#untilDeadline()),
      (operation) => {
        const isRepaired = operation.outcome === 'ok' || operation.outcome === 'absent';
        if (isRepaired) {
          this.#hasRepaired = true;
          this.#tally.keysRepaired++;
        } else this.#tally.keysLeft++;
        note?.(isRepaired);
        this.#repairKeys(inHand);
      },
    );
  }

  /** Who holds now all that anybody did. A key that was not repaired may be missing anywhere. */
  #noteCovered(): void {
    const { core, prefix = '' } = this.#options;
    const isWhole = this.#tally.keysLeft === 0 && prefix === '';
    const isSame = core.configuration === this.configuration;
    const alive = this.#peers.filter(({ replica, epoch }) => core.epochOf(replica) === epoch);
    if (isWhole && isSame) this.#covered = maskOf(alive.map(({ replica }) => replica));
  }

  #endRound(): void {
    this.#noteCovered();
    const isPromising = this.#hasRepaired || this.#isOutdated;
    const { roundsMax = REPAIR_ROUNDS_MAX } = this.#options;
    if (isPromising && this.#tally.rounds < roundsMax) return this.#beginRound();
    this.#tally.isConverged = this.#differing === 0 && !this.#isOutdated && !this.#isPartial;
    this.#end(this.#tally.report);
  }

  // --- asking

  /** The homes of a leaf that are compared. */
  #homesOf(leaf: number): readonly Peer[] {
    const homes = this.#options.placement.homesOf(leaf);
    return this.#peers.filter(({ replica }) => ((homes >>> replica) & 1) === 1);
  }

  /** The same as a mask. */
  #maskOf(leaf: number): number {
    return maskOf(this.#homesOf(leaf).map(({ replica }) => replica));
  }

  /** Asks a replica; `next` follows once nothing of the step is open any more. */
  #ask(
    peer: Peer,
    step: Step,
    question: Omit<Inquiry, 'replica'>,
    take: (answer: InquiryAnswer) => void,
    next: () => void,
  ): void {
    const inquiry = { replica: peer.replica, ...question };
    const make = (): Operation => this.#options.core.inquire(inquiry, this.#untilDeadline());
    this.#submit(step, make, (operation) => {
      if (operation.outcome === 'ok') {
        const answer = inquiryAnswer(operation);
        if (peer.epoch === 0) peer.epoch = answer.epoch;
        if (peer.epoch === answer.epoch) take(answer);
        else this.#lose(peer, 'restarted'); // What its predecessor held tells nothing of it.
      } else {
        const isUp = ((this.#options.core.operational >>> peer.replica) & 1) === 1;
        this.#lose(peer, isUp ? 'silent' : 'down');
      }
      if (step.open === 0 && !this.#isOver) next();
    });
  }

  /** Goes on without a replica. */
  #lose(peer: Peer, fate: 'silent' | 'down' | 'restarted'): void {
    this.#peers = this.#peers.filter((each) => each !== peer);
    if (fate === 'silent') this.#isPartial = true;
    else this.#isOutdated = true;
    this.#tally.noteFate(peer.replica, fate);
  }

  /** For what has yet to be issued: patience with replicas is counted from then on, since others may hold it up. */
  #untilDeadline(): OperationOptions {
    return { timeoutMs: this.#options.core.msUntil(this.#options.deadlineMs) };
  }

  #submit(step: Step, make: () => Operation, settled: (operation: Operation) => void): void {
    if (this.#isOver) return;
    let operation: Operation;
    try {
      operation = make();
    } catch (error) {
      return this.#end(new Failure(error)); // The client is closed, or too much is pending.
    }
    operation.onceIssuedMs = REPAIR_PATIENCE_MS;
    this.#open.add(operation);
    step.open++;
    operation.context = (): void => {
      this.#open.delete(operation);
      step.open--;
      if (this.#isOver) return;
      const { outcome } = operation;
      if (outcome === 'closed' || outcome === 'state-lost') return this.#end(new Failure(goneError(outcome)));
      if (this.#options.core.msUntil(this.#options.deadlineMs) <= 1) return this.#end(this.#tally.report);
      settled(operation);
    };
    this.#options.core.submit(operation);
  }

  #end(result: RepairReport | Failure): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const operation of this.#open) this.#options.core.cancel(operation, undefined);
    this.#options.end(result);
  }
}
