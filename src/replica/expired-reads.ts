// Reads that have found an expired value. That the moment has passed decides nothing: the value is deleted by a change
// first, and what the read answers is what it finds after that.
//
// Why not answer `absent` at once? All clients go by one clock, so no reader would err about the moment. But a change
// that was computed before it may be accepted after it. Say a session expires at E, and a visit lets it live longer:
//
//     client A   update: finds 5 visits, computes 6 ....... E .......................... accept, ok: 6
//     client B                                              E   get: expired: absent
//     client C                                              E                                            get: 6
//
// A counted on 5, so it comes before the key ceased to be. C saw what A wrote: it had not ceased to be since A. So
// nothing was absent between A and C, nor before A once 5 was written; yet B, which began after that and ended before
// C, found it so. No order has all three. Nor is it enough that A looks at the clock once more before it sends its
// accept, or the replica when that arrives: the one may be held up in between, and what the other accepted before E may
// decide long after it. What orders A and B is the register: the deletion is a change like any other, so its prepare
// either finds 6, and B answers by that, or makes A's accept fail, and A computes again, on nothing.
//
// It is a change that never writes: a round that finds an expired value, and whose members write nothing, proposes its
// deletion (round.ts). So what any change is told of an absent key is true in the same way, a write with `ifVersion` of
// an expired value is a conflict with an absent key, and who comes later finds a deletion, whatever clocks say then.
// A blind write overwrites whatever there is.
//
// A read below the quorum promises nothing of what is decided: it answers `absent` at once. For a session that is as
// good as having read the value: it notes its version, and returns nothing older; the value itself is `absent` to
// whoever finds it again.
import type { Rules } from '../protocol/rules.ts';
import type { ChangeStep } from './change-steps.ts';
import { NEVER, NO_EXPIRY } from './expiry.ts';
import { readKey } from './key-bytes.ts';
import type { LiveQuorums } from './live-quorums.ts';
import type { Operation, Outcome } from './operation.ts';
import { Failure, expiryOf } from './results.ts';
import { PendingChange } from './round.ts';
import { REQUEST } from './wire.ts';

/** What these reads need of their client. */
export interface ExpiredReadDoors {
  readonly core: {
    submit(made: Operation | PendingChange): void;
    msUntil(deadlineMs: number): number;
  };
  readonly changes: { cancel(change: PendingChange, error: unknown): void };
  readonly quorums: LiveQuorums;
  readonly rules: Rules;
  /** The time, by the clock that values expire by. */
  readonly sharedMs: () => number;
  /** The read has ended otherwise: `operation.outcome` says how. */
  settle(operation: Operation): void;
}

/** Finds a conflict in everything, and so writes nothing: its round deletes the value if that has expired. */
export const deleteIfExpired: ChangeStep = () => 'conflict';

/** The reads of one client that wait until an expired value is deleted. */
export class ExpiredReads {
  readonly #doors: ExpiredReadDoors;
  readonly #waiting = new Map<Operation, PendingChange>();

  constructor(doors: ExpiredReadDoors) {
    this.#doors = doors;
  }

  /** A read has ended. @returns whether it goes on here. */
  takes(operation: Operation): boolean {
    if (operation.outcome !== 'ok') return false;
    const expiresAtMs = expiryOf(operation.newest);
    const { quorums, rules, sharedMs } = this.#doors;
    if (expiresAtMs === NEVER || sharedMs() < expiresAtMs) return false;
    const isBelow = operation.agreeNeeded < quorums.agreeing;
    if (isBelow || !rules.deletesExpired) operation.outcome = 'absent';
    else this.#delete(operation);
    return operation.outcome === 'ok';
  }

  /** The caller of a read gives up. @returns whether the read was waiting here. */
  cancel(operation: Operation, reason: unknown): boolean {
    const change = this.#waiting.get(operation);
    if (change === undefined) return false;
    this.#end(operation, 'aborted');
    this.#doors.changes.cancel(change, reason);
    return true;
  }

  /** Nobody is served any more: ends all of them, before their changes are ended. */
  abandon(outcome: 'closed' | 'state-lost'): void {
    for (const operation of this.#waiting.keys()) this.#end(operation, outcome);
  }

  #delete(operation: Operation): void {
    const { core, quorums } = this.#doors;
    const change = new PendingChange({
      key: readKey(operation.request, REQUEST.BYTES, operation.keyBytes),
      step: deleteIfExpired,
      tellsValue: false,
      expiry: NO_EXPIRY,
      timeoutMs: core.msUntil(operation.deadlineMs),
      writeNeeded: quorums.write,
      sizes: quorums.electorate.sizes,
    });
    change.context = (ended: PendingChange): void => this.#deleted(operation, ended);
    this.#waiting.set(operation, change);
    core.submit(change);
  }

  /**
   * Reads again, whatever the change has come to: that alone tells what is there now, and of which version. Where the
   * change was out of time, so is the read.
   */
  #deleted(operation: Operation, { result }: PendingChange): void {
    if (!this.#waiting.has(operation)) return;
    if (result instanceof Failure) return this.#end(operation, 'unavailable'); // Too little memory for the deletion.
    this.#waiting.delete(operation);
    operation.renewRead();
    this.#doors.core.submit(operation);
  }

  #end(operation: Operation, outcome: Outcome): void {
    this.#waiting.delete(operation);
    operation.outcome = outcome;
    this.#doors.settle(operation);
  }
}
