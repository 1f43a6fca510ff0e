// The shared words that say who lives, in a simulated cluster: all nodes see them at once, as in shared memory.
import type { Epochs } from '../../replica/environment.ts';

/** Where a replica stands. */
export type ReplicaState = 'starting' | 'recovering' | 'operational' | 'down';

/** Epochs and states of all replicas. */
export class SimEpochs implements Epochs {
  readonly #epochs: Int32Array;
  readonly #states: ReplicaState[];
  #restarts = 0;

  constructor(replicas: number) {
    this.#epochs = new Int32Array(replicas);
    this.#states = Array.from({ length: replicas }, () => 'starting');
  }

  epochOf(replica: number): number {
    return this.#epochs[replica]!;
  }

  restarts(): number {
    return this.#restarts;
  }

  stateOf(replica: number): ReplicaState {
    return this.#states[replica]!;
  }

  isOperational(replica: number): boolean {
    return this.#states[replica] === 'operational';
  }

  /** Sets an epoch, which is higher than before; then the restart counter moves. */
  setEpoch(replica: number, epoch: number): void {
    this.#epochs[replica] = epoch;
    this.#restarts++;
  }

  setState(replica: number, state: ReplicaState): void {
    this.#states[replica] = state;
  }
}
