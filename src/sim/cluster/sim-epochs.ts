// The shared words that say who lives, in a simulated cluster: all nodes see them at once, as in shared memory.
import { CLUSTER_OPEN } from '../../replica/environment.ts';
import type { ClusterLifeWords, Epochs } from '../../replica/environment.ts';

/** Where a replica stands. */
export type ReplicaState = 'starting' | 'recovering' | 'operational' | 'down';

/** Epochs and states of all replicas. */
export class SimEpochs implements Epochs {
  readonly #epochs: Int32Array;
  readonly #states: ReplicaState[];
  #restarts = 0;
  /** Is told of incarnations that are void. */
  onVoid: ((replica: number, epoch: number) => void) | undefined;

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
    this.onVoid?.(replica, this.#epochs[replica]!);
    this.#epochs[replica] = epoch;
    this.#restarts++;
  }

  /** A configuration has come into force: the restart counter moves then too. */
  noteConfiguration(): void {
    this.#restarts++;
  }

  setState(replica: number, state: ReplicaState): void {
    this.#states[replica] = state;
  }
}

/** How the cluster fares. */
export class SimLife implements ClusterLifeWords {
  state: number = CLUSTER_OPEN;
  resets = 0;

  countReset(): void {
    this.resets++;
  }
}
