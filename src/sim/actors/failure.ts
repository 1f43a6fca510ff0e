// How a broken promise is told: what, under which seed, how to see it again, and the shrunk run.
import { spaceTimeDiagram } from '../diagram.ts';
import { transcriptOf } from '../transcript.ts';
import type { RunRecord } from './run.ts';
import type { ActorViolation } from './world.ts';

/** What gives a failure again: `simulate({ ..., replay })`. Plain data. */
export interface ActorReplay {
  readonly seed: number;
  /** Faults that may happen, by name. */
  readonly faults: readonly string[];
  /** Operations that are called, by name. */
  readonly operations: readonly string[];
  /** Whether messages and handlers all take their mean time. */
  readonly isEven: boolean;
}

/**
 * A run in which a promise was broken. Its message holds all that is needed to see it again: the seed, the command, and
 * the transcript of the shrunk run.
 *
 * @example
 * import { SimulationError } from 'quorate/sim';
 *
 * const error: unknown = new Error('of something else');
 * console.log(error instanceof SimulationError); // false
 */
export class SimulationError extends Error {
  override readonly name: string = 'SimulationError';
  readonly seed: number;
  readonly violation: ActorViolation;
  /** The shrunk run. */
  readonly replay: ActorReplay;
  /** The shrunk run as text. */
  readonly transcript: string;
  /** The shrunk run as a space-time diagram: a whole SVG document. */
  readonly diagram: string;

  constructor(failed: { readonly seed: number; readonly shrunk: RunRecord; readonly replay: ActorReplay }) {
    const { seed, shrunk, replay } = failed;
    const violation = shrunk.violation ?? { kind: 'check', text: 'It did not fail again' };
    const transcript = transcriptOf(shrunk.trace);
    super(
      [
        `Seed ${seed} breaks a promise (${violation.kind}): ${violation.text}`,
        `  again: QUORATE_SIM_SEED=${seed} before the same command, or simulate({ ..., replay: error.replay })`,
        `  the shrunk run, ${replay.operations.length} operations and ${replay.faults.length} faults:`,
        transcript,
      ].join('\n'),
      violation.cause === undefined ? undefined : { cause: violation.cause },
    );
    this.seed = seed;
    this.violation = violation;
    this.replay = replay;
    this.transcript = transcript;
    this.diagram = spaceTimeDiagram(shrunk.trace, { title: `Seed ${seed}: ${violation.kind}` });
  }
}
