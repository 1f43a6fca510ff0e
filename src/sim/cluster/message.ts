// What travels between the nodes of a simulated cluster.
import type { Vote } from '../../replica/environment.ts';
import type { Frame } from './frames.ts';
import type { MessageKind } from './plan.ts';

/** A frame or an answer under way. */
export interface Message {
  readonly from: number;
  readonly to: number;
  readonly kind: MessageKind;
  /** `undefined` for an answer that is only a vote. */
  readonly frame: Frame | undefined;
  /** The vote that comes with the frame: none (0), or what SLOT, GENERATION, EPOCH and this say. */
  readonly vote: Vote | 0;
  readonly slot: number;
  readonly generation: number;
  readonly epoch: number;
  /** Its number in the trace. */
  readonly number: number;
  /** Arrivals that are still to come; the frame is released after the last. */
  arrivals: number;
}
