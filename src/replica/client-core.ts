// A client of a cluster without its thread: it makes operations, keeps writes whose outcome is unknown, turns what
// settled into results, and carries nothing of a lost state into the next one. Production puts promises, blocking
// calls, rings and a doorbell around it, the simulator virtual time.
import { QuorateError } from '../base/errors.ts';
import type { Rules } from '../protocol/rules.ts';
import type { RegisterQuorums } from '../quorum/register-quorums.ts';
import type { OperationOptions, Value } from '../store/store.ts';
import { Coordinator } from './coordinator.ts';
import type { CoordinatorDoors } from './coordinator.ts';
import { CLUSTER_CLOSED, CLUSTER_OPEN, CLUSTER_STATE_LOST } from './environment.ts';
import type { ClusterLife } from './environment.ts';
import { LargePool } from './large-pool.ts';
import type { Operation } from './operation.ts';
import { RequestMaker } from './request-maker.ts';
import { resultOf, stateLostError } from './results.ts';
import type { Failure, Settled } from './results.ts';
import { UnresolvedWrites } from './unresolved.ts';

/** Share of a reply ring that answers may fill: the rest is for those that come late. */
const REPLY_SHARE = 0.75;

/** What a client touches of the world. */
export interface ClientCoreDoors extends Omit<CoordinatorDoors, 'replyRoomBytes'> {
  /** Capacity of each reply ring, in bytes. */
  readonly ringBytes: number;
  readonly life: ClusterLife;
}

/** One client. Operations are made here, submitted to its coordinator, and given back once they are settled. */
export class ClientCore {
  readonly coordinator: Coordinator;
  /** Deletes that were asked for. */
  deletes = 0;
  readonly #life: ClusterLife;
  readonly #maker: RequestMaker;
  readonly #unresolved = new UnresolvedWrites();
  readonly #rules: Rules;
  /** Resets of the cluster that this client knows of. */
  #resets: number;

  constructor(doors: ClientCoreDoors, quorums: RegisterQuorums, rules: Rules) {
    this.#life = doors.life;
    this.#rules = rules;
    this.#resets = doors.life.resets;
    const replyRoomBytes = Math.floor(REPLY_SHARE * doors.ringBytes);
    this.coordinator = new Coordinator({ ...doors, replyRoomBytes }, quorums, rules);
    this.#maker = new RequestMaker(this.coordinator, quorums, new LargePool(doors.epochs, rules));
  }

  // --- operations; each throws what is wrong with what was asked for, and then nothing is left of it

  get(key: string, options: OperationOptions | undefined): Operation {
    this.#requireService();
    return this.#maker.get(key, options);
  }

  put(key: string, value: Value, options: OperationOptions | undefined): Operation {
    this.#requireService();
    return this.#maker.put(key, value, options);
  }

  delete(key: string, options: OperationOptions | undefined): Operation {
    this.#requireService();
    const operation = this.#maker.delete(key, options);
    this.deletes++;
    return operation;
  }

  /** The write of `operationId` again, under its first tag; `undefined` when it is not known, or no longer. */
  resolve(operationId: string, options: OperationOptions | undefined): Operation | undefined {
    if (!this.#unresolved.has(operationId)) return undefined;
    this.#requireService();
    if (!this.#unresolved.has(operationId)) return undefined; // It belonged to a state that is gone.
    const operation = this.#maker.acquire('put', options);
    this.#unresolved.restore(operationId, operation);
    return operation;
  }

  // --- the turns of a thread

  /** Sends what there is room for. @returns the replicas that got frames, as a mask, see {@link Coordinator.flush}. */
  flush(nowMs: number): number {
    return this.heedLife() ? this.coordinator.flush(nowMs) : 0;
  }

  /** To be called before frames are taken in. */
  look(): void {
    this.heedLife();
    this.coordinator.look();
  }

  /**
   * Looks how the cluster fares before anything is sent, also in answer to what has arrived: a thread that was blocked
   * while the state was lost and reset must carry nothing of it into the new one, and replicas may have begun empty
   * before the reset is counted.
   *
   * @returns whether the cluster serves its clients; if not, everything was settled.
   */
  heedLife(): boolean {
    const { state } = this.#life;
    if (state !== CLUSTER_OPEN) this.coordinator.abandon(state === CLUSTER_CLOSED ? 'closed' : 'state-lost');
    else this.#forgetLostState();
    return state === CLUSTER_OPEN;
  }

  #forgetLostState(): void {
    const { resets } = this.#life;
    if (resets === this.#resets || !this.#rules.forgetsLostState) return;
    this.#resets = resets;
    this.coordinator.abandon('state-lost');
    this.#unresolved.clear();
  }

  /** The outcome of a settled operation, or the error to reject with. `signal` is the caller's, for its reason. */
  resultOf(operation: Operation, signal: AbortSignal | undefined): Settled | Failure {
    return resultOf(operation, signal, this.#remember);
  }

  readonly #remember = (operation: Operation): string => this.#unresolved.keep(operation);

  #requireService(): void {
    const { state } = this.#life;
    if (state === CLUSTER_STATE_LOST) throw stateLostError();
    this.#forgetLostState(); // What begins now belongs to the new state.
    if (state === CLUSTER_CLOSED) throw new QuorateError('ERR_QUORATE_CLOSED', 'Cannot use the cluster: it is closed');
  }
}
