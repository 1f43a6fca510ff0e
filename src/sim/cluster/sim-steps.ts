// Operations of a simulated client's thread that steps of production wait for. What follows the end of one runs a
// moment later, as in production, where it is a microtask.
import type { ClientCore } from '../../replica/client-core.ts';
import type { Operation } from '../../replica/operation.ts';
import { Failure } from '../../replica/results.ts';
import type { PendingChange } from '../../replica/round.ts';
import type { Continuation } from '../../store/continuation.ts';
import type { ChangeResult, ReadResult, WriteResult } from '../../store/store.ts';

/** How soon a thread that stood still does what it was to do meanwhile, in microseconds. */
const PAUSED_US = 1_000;

/** What steps need of their thread. */
export interface StepDoors {
  readonly core: ClientCore;
  /** Runs something after so many microseconds, on the thread. */
  after(afterUs: number, run: () => void): void;
  readonly thread: { readonly isGone: boolean; readonly isPaused: boolean; flush(): void };
}

/** What an operation belongs to whose end is followed by further steps. */
export class SteppedPart {
  readonly #doors: StepDoors;
  readonly #then: Continuation<ReadResult & WriteResult & ChangeResult>;

  constructor(doors: StepDoors, then: Continuation<ReadResult & WriteResult & ChangeResult>) {
    this.#doors = doors;
    this.#then = then;
  }

  /** The operation has ended. */
  settled(operation: Operation): void {
    const { core } = this.#doors;
    const result = core.resultOf(operation, undefined);
    core.coordinator.release(operation);
    this.#follow(result);
  }

  /** The change has ended. */
  changed(change: PendingChange): void {
    this.#follow(change.result!);
  }

  #follow(result: ReadResult | WriteResult | ChangeResult | Failure): void {
    runLater(this.#doors, 0, () => {
      if (result instanceof Failure) this.#then.failed(result.error);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- reads end as reads, writes as writes
      else this.#then.done(result as ReadResult & WriteResult & ChangeResult);
    });
  }
}

/** Runs something on a thread, once it runs. */
export function runLater(doors: StepDoors, afterUs: number, run: () => void): void {
  const { thread } = doors;
  doors.after(afterUs, () => {
    if (thread.isGone) return;
    if (thread.isPaused) return runLater(doors, PAUSED_US, run);
    run();
    thread.flush();
  });
}
