// A change of members on virtual time: the production steps (replica/membership-change.ts), taken as a supervisor takes
// them, and the comparison of all replicas that one step waits for, which a client's thread makes.
import type { Membership } from '../../quorum/configuration.ts';
import { CLUSTER_OPEN } from '../../replica/environment.ts';
import type { ClusterLife } from '../../replica/environment.ts';
import type { Configurations } from '../../replica/live-quorums.ts';
import { MembershipChange } from '../../replica/membership-change.ts';
import type { ChangeOfMembersDoors, ChangeStep } from '../../replica/membership-change.ts';
import type { Rules } from '../../protocol/rules.ts';
import type { Random } from '../../base/random.ts';
import { between } from '../engine/chance.ts';
import type { Engine } from '../engine/engine.ts';
import type { CoordinatorNode } from './coordinator-node.ts';

/** How often the next steps are tried, and the rest after a comparison that did not do, in microseconds. */
const TURN_US = 1_000;
const REST_US = 20_000;
/** Longest time that a message between two threads takes that talk about a change, in microseconds. */
const TELL_US_MAX = 2_000;
/** Longest time that one comparison may take, in milliseconds. */
const COMPARE_MS_MAX = 2_000;

/** What a driver is made with. */
export interface ChangeDriverOptions {
  /** The supervisor's number among the nodes. */
  readonly node: number;
  readonly engine: Engine;
  readonly random: Random;
  readonly life: ClusterLife;
  readonly configurations: Configurations;
  readonly rules: Rules;
  readonly doors: ChangeOfMembersDoors;
}

/** Somebody compares all replicas for a change. */
interface Comparison {
  readonly by: CoordinatorNode;
  isOver: boolean;
  /** When the next one may begin. */
  nextUs: number;
}

/** The changes of one cluster, one at a time. */
export class ChangeDriver {
  readonly #options: ChangeDriverOptions;
  #change: MembershipChange | undefined;
  #untilUs = 0;
  #comparers: readonly CoordinatorNode[] = [];
  #comparison: Comparison | undefined;
  /** How the last one ended. */
  last: ChangeStep | undefined;

  constructor(options: ChangeDriverOptions) {
    this.#options = options;
  }

  /** Whether one is under way. */
  get isChanging(): boolean {
    return this.#change !== undefined;
  }

  /** Whether one waits for the replicas to be compared. */
  get isComparing(): boolean {
    return this.#change?.step === 'comparing';
  }

  /** Whether one waits for a replica to look which configuration is in force: nobody else may ask it for anything. */
  isAwaiting(replica: number): boolean {
    return this.#change !== undefined && this.#options.doors.seenBy(replica) < this.#change.configuration.number;
  }

  /** Threads that are about to become members, as a mask. */
  get newcomers(): number {
    return this.#change?.newcomers ?? 0;
  }

  /**
   * Begins a change; the first of `comparers` that is there compares the replicas for it. It is taken back unless it
   * has come about in time. @returns whether none was under way.
   */
  begin(target: Membership, forUs: number, comparers: readonly CoordinatorNode[]): boolean {
    if (this.#change !== undefined) return false;
    const { configurations, doors, rules, engine } = this.#options;
    this.#comparers = comparers;
    this.#untilUs = engine.nowUs + forUs;
    this.#change = new MembershipChange(configurations.read(), target, doors, rules);
    this.#turn(this.#change, undefined);
    return true;
  }

  /** Takes it back, where it can be. */
  undo(): void {
    this.#change?.undo();
  }

  /** It gets no more than so much time from here on. */
  hasten(forUs: number): void {
    this.#untilUs = Math.min(this.#untilUs, this.#options.engine.nowUs + forUs);
  }

  #turn(change: MembershipChange, before: ChangeStep | undefined): void {
    const { engine, node, life } = this.#options;
    if (life.state !== CLUSTER_OPEN || engine.nowUs >= this.#untilUs) change.undo();
    change.turn();
    if (change.step === 'comparing') this.#compare(change);
    const { step } = change;
    if (step !== before) this.#tell(step);
    if (change.isOver) {
      this.#change = this.#comparison = undefined;
      this.last = step;
      return;
    }
    engine.schedule(TURN_US, node, () => this.#turn(change, step));
  }

  #compare(change: MembershipChange): void {
    const { engine, node, random } = this.#options;
    const running = this.#comparison;
    if (running !== undefined && !running.by.isGone && (!running.isOver || engine.nowUs < running.nextUs)) return;
    const by = this.#comparers.find(({ isGone }) => !isGone);
    if (by === undefined) return;
    const comparison: Comparison = { by, isOver: false, nextUs: 0 };
    this.#comparison = comparison;
    const timeoutMs = Math.max(1, Math.min(COMPARE_MS_MAX, (this.#untilUs - engine.nowUs) / 1000));
    by.compare(timeoutMs, (replicas, number) => {
      engine.schedule(between(random, 1, TELL_US_MAX), node, () => {
        comparison.isOver = true;
        comparison.nextUs = engine.nowUs + REST_US;
        change.compared(replicas, number);
      });
    });
  }

  #tell(step: ChangeStep): void {
    const { engine, node, configurations } = this.#options;
    engine.sometimes(`a change of members is ${step}`, true);
    if (!engine.trace.isKept) return;
    const { number, phase, current, next } = configurations.read();
    const names = ({ members }: Membership): string =>
      engine.trace.nodes.flatMap(({ name }, each) => ((members >>> each) & 1 ? [name] : [])).join(' ');
    const who = next === undefined ? names(current) : `${names(current)} > ${names(next)}`;
    const text = `change of members is ${step}: number ${number}, ${phase}, ${who}`;
    engine.trace.add({ atUs: engine.nowUs, kind: 'note', from: node, text });
  }
}
