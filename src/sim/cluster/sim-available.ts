// The level `available` of a simulated client's thread: the steps and hints of production, on virtual time. What
// follows the end of an operation runs a moment later, as in production, where it is a microtask.
import type { Rules } from '../../protocol/rules.ts';
import type { ClientCore } from '../../replica/client-core.ts';
import { beginGet, beginWrite } from '../../store/available.ts';
import type { SteppedPlace } from '../../store/available.ts';
import type { Continuation } from '../../store/continuation.ts';
import { Hints } from '../../store/hints.ts';
import type { OperationOptions, ReadResult, Value, WriteResult } from '../../store/store.ts';
import { ValueCopies } from '../../store/value-copies.ts';
import { SteppedPart, runLater } from './sim-steps.ts';
import type { StepDoors } from './sim-steps.ts';

/** What it needs of its thread. */
export interface AvailableDoors extends StepDoors {
  readonly rules: Rules;
  readonly sharedMs: () => number;
}

/** What has become of a hint. */
export type HintEnd = 'finished' | 'final';

/** The calls at level `available` of one thread, and its hints. */
export class SimAvailable {
  readonly hints: Hints;
  readonly #doors: AvailableDoors;
  readonly #at: SteppedPlace;
  readonly #onEnd: (operationId: string, end: HintEnd) => void;

  /** @param onEnd is told what has become of a hint, or of any write that was tried again. */
  constructor(doors: AvailableDoors, onEnd: (operationId: string, end: HintEnd) => void) {
    this.#doors = doors;
    this.#onEnd = onEnd;
    const { core, rules, sharedMs } = doors;
    this.hints = new Hints({
      resolve: (operationId, timeoutMs, then) => this.#resolve(operationId, timeoutMs, then),
      pin: (operationId) => core.heedLife() && core.pin(operationId),
      unpin: (operationId) => core.unpin(operationId),
      resets: () => core.resets,
      pause: (ms, then) => runLater(doors, 1000 * ms, then),
      sharedMs,
      finishes: rules.finishesHints,
    });
    this.#at = {
      engine: {
        get: (key, options, then) => this.#submit(() => core.get(key, options), then),
        write: (key, value, options, then) =>
          this.#submit(() => (value === undefined ? core.delete(key, options) : core.put(key, value, options)), then),
      },
      place: { hints: this.hints, copies: new ValueCopies(), prefix: '', looksFirst: false, ttlMs: undefined },
    };
  }

  get(key: string, options: OperationOptions, then: Continuation<ReadResult>): void {
    beginGet(this.#at, [key, options], then);
  }

  /** `value` is `undefined` for a delete. */
  write(key: string, value: Value, options: OperationOptions, then: Continuation<WriteResult>): void {
    beginWrite(this.#at, [key, value, options], then);
  }

  #resolve(operationId: string, timeoutMs: number, then: Continuation<WriteResult>): void {
    const done = (written: WriteResult): void => {
      if (written.outcome === 'ok') this.#onEnd(operationId, 'finished');
      if (written.outcome === 'unknown' && written.isFinal === true) this.#onEnd(operationId, 'final');
      then.done(written);
    };
    this.#submit(
      () => this.#doors.core.resolve(operationId, { timeoutMs }),
      { done, failed: then.failed },
      () => {
        then.done({ outcome: 'unknown', operationId });
      },
    );
    this.#doors.thread.flush();
  }

  /** Submits what `make` makes; `none` follows where that is nothing. */
  #submit(
    make: () => ReturnType<ClientCore['resolve']>,
    then: Continuation<ReadResult> | Continuation<WriteResult>,
    none?: () => void,
  ): void {
    const { core } = this.#doors;
    let operation: ReturnType<ClientCore['resolve']>;
    try {
      operation = make();
    } catch (error) {
      return runLater(this.#doors, 0, () => then.failed(error)); // As a promise is rejected.
    }
    if (operation === undefined) return none && runLater(this.#doors, 0, none);
    operation.context = new SteppedPart(this.#doors, then);
    core.submit(operation);
  }
}
