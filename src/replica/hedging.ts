// When a read that is not answered yet is sent to further replicas, and how often that may be done: the delay follows
// what reads take (HedgeDelay), and frames of hedges are paid from a budget that frames of reads fill, so that a
// cluster that is slow because it is busy is not made slower.
//
// Writes are not hedged: they go to everybody at once. Those that go to W first save frames, and then each read of a
// key asks replicas that have not heard of its newest entry: it must ask the others too, or write the entry back.
import { HEDGE_FRAMES_MAX, HEDGE_SHARE_MAX } from '../base/limits.ts';
import { HedgeDelay } from './hedge-delay.ts';
import type { Operation } from './operation.ts';

/** One read in so many is measured, a power of two: those of a batch take the same time. */
const READS_PER_SAMPLE = 8;

/** The hedges of one coordinator. */
export class Hedging {
  /** Frames in which reads were first sent since {@link begin}: the coordinator counts them. */
  framesAsked = 0;
  readonly #delay = new HedgeDelay();
  #reads = 0;
  /** Frames that hedges may send now. */
  #budget = HEDGE_FRAMES_MAX;
  /** No read is to be hedged before. */
  #dueMs = Number.POSITIVE_INFINITY;

  /** Milliseconds that a read waits before it is hedged. */
  get delayMs(): number {
    return this.#delay.ms;
  }

  /** When the next read may have to be hedged; infinite where none may. */
  get dueMs(): number {
    return this.#dueMs;
  }

  /** A batch with reads was sent. */
  begin(nowMs: number): void {
    const dueMs = nowMs + this.#delay.ms;
    if (dueMs < this.#dueMs) this.#dueMs = dueMs;
    this.#budget = Math.min(HEDGE_FRAMES_MAX, this.#budget + HEDGE_SHARE_MAX * this.framesAsked);
    this.framesAsked = 0;
  }

  /** A read was decided by the answers to its question. */
  decided(operation: Operation, nowMs: number): void {
    if ((++this.#reads & (READS_PER_SAMPLE - 1)) !== 0 || !isFirstQuestion(operation)) return;
    const { late, answered, hedgedAtMs } = operation;
    // Where those that were late are late still, the hedge has decided it, and the time before was no answer's.
    this.#delay.note(nowMs - ((late & ~answered) === 0 ? askedAtMs(operation) : hedgedAtMs));
  }

  /** Before a look for late reads, each of which {@link isDue} is then asked about. */
  beginLook(): void {
    this.#dueMs = Number.POSITIVE_INFINITY;
  }

  /** Whether it is time to hedge a read; if not, it is remembered when. */
  isDue(operation: Operation, nowMs: number): boolean {
    const dueMs = askedAtMs(operation) + this.#delay.ms;
    if (dueMs <= nowMs) return true;
    if (dueMs < this.#dueMs) this.#dueMs = dueMs;
    return false;
  }

  /** Takes so many frames from the budget. @returns `false` where it has not so many: then do not send them. */
  spend(frames: number): boolean {
    if (this.#budget < frames) return false;
    this.#budget -= frames;
    return true;
  }
}

/** Whether an operation is a read whose first question is open: only that is hedged. */
export function isFirstQuestion({ kind, phase, attempts }: Operation): boolean {
  return kind === 'get' && phase === 'read' && attempts === 0;
}

/** When the question was asked: it is asked again after its patience, so nothing more need be stored per read. */
function askedAtMs({ retryAtMs, patienceMs }: Operation): number {
  return retryAtMs - patienceMs;
}
