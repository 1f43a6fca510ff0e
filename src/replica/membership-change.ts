// A change of members, step by step, without clock, chance or await: what a supervisor does in production and in
// simulation. The steps are those of quorum/configuration.ts.
//
//   announced   nothing is erased any more, once every live replica knows
//   learning    newcomers recover as if they had lost their memory
//   joint       old and new members decide together, once every live replica knows; then nobody stores what was
//               proposed before that and he does not hold, once every one knows that too
//   comparing   somebody compares the replicas and repairs what differs: so what the old members had decided alone
//               comes to lie with the new ones
//   settling    the new members decide alone, once every live one of them knows
//   leaving     the threads of who is no member any more end
//
// Nothing that was sent under one configuration is stored under the next: replicas refuse it. But one of them may have
// looked at the configuration before it moved, and store after that; hence each step waits until all have looked again.
// Until the last step it can be taken back: what both sides have decided, the old members know. So it is where more of
// the new members lose their memory than their quorums survive: nothing is lost with them.
import { assert } from '../base/assert.ts';
import { maskOf } from '../base/bits.ts';
import type { Ballot } from '../protocol/ballot.ts';
import type { Rules } from '../protocol/rules.ts';
import { RULES } from '../protocol/rules.ts';
import type { Configuration, Membership } from '../quorum/configuration.ts';
import { votersIn } from '../quorum/quorum-system.ts';
import { Electorate } from './electorate.ts';

/** What a change touches. */
export interface ChangeOfMembersDoors {
  /** The tag that was taken last. */
  lastTag(): Ballot;
  /** Puts a configuration in force, and wakes whoever sleeps. */
  publish(configuration: Configuration): void;
  /** The configuration that a replica goes by. */
  seenBy(replica: number): number;
  /** Whether a replica's thread runs, whatever it does. */
  isRunning(replica: number): boolean;
  /** Whether a replica serves, and is not about to end. */
  isOperational(replica: number): boolean;
  /** Starts the thread of a newcomer, which recovers. */
  start(replica: number): void;
  /** Ends the thread of who is no member any more; nothing of it is counted on. */
  retire(replica: number): void;
}

/** Where a change stands. */
export type ChangeStep =
  | 'announced'
  | 'learning'
  | 'joint'
  | 'comparing'
  | 'settling'
  | 'undoing'
  | 'leaving'
  | 'done'
  | 'undone';

/** One change. */
export class MembershipChange {
  step: ChangeStep = 'announced';
  readonly #doors: ChangeOfMembersDoors;
  readonly #rules: Rules;
  readonly #old: Membership;
  readonly #target: Membership;
  /** The new members alone. */
  readonly #newSide: Electorate;
  /** Nothing up to here is stored any more; and whether this change has put it there. */
  #barrier: Ballot | undefined;
  #isBarred = false;
  #configuration: Configuration;
  #newcomersRun = false;
  /** Who leaves, as a mask, and how it ends then. */
  #leaving = 0;
  #end: 'done' | 'undone' = 'done';

  /** Begins it: nothing else may change at the same time. `before` is in force, and stable. */
  constructor(before: Configuration, target: Membership, doors: ChangeOfMembersDoors, rules: Rules = RULES) {
    assert(before.phase === 'stable', 'One change at a time');
    this.#doors = doors;
    this.#rules = rules;
    this.#old = before.current;
    this.#target = target;
    this.#newSide = new Electorate({ number: 0, phase: 'stable', current: target }, rules);
    this.#barrier = before.barrier;
    this.#configuration = before;
    this.#publish('learning', this.#old, target);
  }

  /** The configuration in force. */
  get configuration(): Configuration {
    return this.#configuration;
  }

  /** Whether it has ended. */
  get isOver(): boolean {
    return this.step === 'done' || this.step === 'undone';
  }

  /** Threads that are to be members, and were none, as a mask; and those that were, and are not to be. */
  get newcomers(): number {
    return this.#target.members & ~this.#old.members;
  }

  get leavers(): number {
    return this.#old.members & ~this.#target.members;
  }

  /** Takes the next steps that may be taken now. To be called often. */
  turn(): void {
    switch (this.step) {
      case 'announced':
        if (!this.#haveAllSeen(this.#old.members)) return;
        this.step = 'learning';
        for (const replica of votersIn(this.newcomers)) this.#doors.start(replica);
        this.#newcomersRun = true;
        return this.turn();
      case 'learning':
        if (!votersIn(this.newcomers).every((replica) => this.#hasLearnt(replica)) || this.#isTargetLost) return;
        this.step = 'joint';
        this.#publish('joint', this.#old, this.#target);
        return this.turn();
      case 'joint':
        if (this.#isTargetLost) return this.undo();
        if (!this.#haveAllSeen(this.#old.members | this.#target.members)) return;
        if (!this.#isBarred) return this.#bar();
        this.step = 'comparing';
        if (!this.#rules.rescansRegisters) this.compared(-1, this.#configuration.number);
        return;
      case 'settling':
        if (this.#haveAllSeen(this.#target.members)) this.#dismiss(this.leavers, 'done');
        return;
      case 'undoing':
        if (this.#haveAllSeen(this.#old.members)) this.#dismiss(this.#newcomersRun ? this.newcomers : 0, 'undone');
        return;
      case 'leaving':
        if (!votersIn(this.#leaving).some((replica) => this.#doors.isRunning(replica))) this.step = this.#end;
        return;
      case 'comparing':
        if (this.#isTargetLost) this.undo();
        return;
      case 'done':
      case 'undone':
        return;
      default:
        return this.step satisfies never;
    }
  }

  /**
   * Somebody has compared these replicas, a mask, from a time at which configuration `number` was in force, and they
   * are alive since: of every key each of its homes among them held something as new as any other of them.
   */
  compared(replicas: number, number: number): void {
    this.turn(); // They may be gone since.
    if (this.step !== 'comparing' || number !== this.#configuration.number) return;
    const electorate = new Electorate(this.#configuration, this.#rules);
    if (!electorate.isCoveredBy(replicas) && this.#rules.rescansRegisters) return;
    this.step = 'settling';
    this.#publish('stable', this.#target);
    this.turn();
  }

  /** Whether it would be taken back if all these, a mask, were gone. */
  breaksWithout(gone: number): boolean {
    return (this.step === 'joint' || this.step === 'comparing') && this.#newSide.isLost(gone);
  }

  /** Takes it back, where it can be: not once the new members decide alone. */
  undo(): void {
    if (['settling', 'undoing', 'leaving', 'done', 'undone'].includes(this.step)) return;
    this.step = 'undoing';
    this.#publish('stable', this.#old);
    this.turn();
  }

  /** Whatever was proposed before both decided has a lower ballot: all know by now that both do. */
  #bar(): void {
    this.#isBarred = true;
    const { high, low } = this.#doors.lastTag();
    this.#barrier = { high, low };
    this.#publish('joint', this.#old, this.#target);
    this.turn();
  }

  #publish(phase: Configuration['phase'], current: Membership, next?: Membership): void {
    const number = this.#configuration.number + 1;
    const barrier = this.#barrier;
    this.#configuration = { number, phase, current, ...(next && { next }), ...(barrier && { barrier }) };
    this.#doors.publish(this.#configuration);
  }

  #haveAllSeen(replicas: number): boolean {
    const { number } = this.#configuration;
    // Who does not run looks when it starts.
    return votersIn(replicas).every((replica) => {
      return !this.#doors.isRunning(replica) || this.#doors.seenBy(replica) >= number;
    });
  }

  /** Whether the new members could not decide alone: too many of them have to recover first. */
  get #isTargetLost(): boolean {
    const { members } = this.#target;
    const gone = votersIn(members).filter((replica) => !this.#doors.isOperational(replica));
    return this.#newSide.isLost(maskOf(gone));
  }

  #hasLearnt(replica: number): boolean {
    return this.#doors.isOperational(replica) && this.#doors.seenBy(replica) >= this.#configuration.number;
  }

  #dismiss(leaving: number, end: 'done' | 'undone'): void {
    this.step = 'leaving';
    this.#leaving = leaving;
    this.#end = end;
    for (const replica of votersIn(leaving)) this.#doors.retire(replica);
    this.turn();
  }
}
