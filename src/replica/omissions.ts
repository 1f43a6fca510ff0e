// Omissions: keys whose accepted writes had no room in the ring of some replica, which stood still or lagged. Once
// there is room again, and the replica is up, each is repaired there, a few at a time. They are bounded and only in
// this client's memory: what is dropped, and what goes with the client, is left to `repair()`. A replica that died
// needs none: it recovers from others, and its ring keeps what it had not read.
//
// Source: hinted hand-off as in DeCandia et al., "Dynamo" (2007), section 4.6; but no value is kept, only a key.
import { OMISSIONS_AT_ONCE, OMISSIONS_MAX, OMISSION_TIMEOUT_MS } from '../base/limits.ts';
import type { OperationOptions } from '../store/store.ts';
import type { Operation } from './operation.ts';
import type { RepairAim } from './repair-aim.ts';

/** The core of a client, as its omissions see it; see `ClientCore`. */
export interface OmissionCore {
  /** Who holds keys now, and who of them has its memory, as masks. */
  readonly members: number;
  readonly operational: number;
  readonly hasRoom: boolean;
  /** Replicas whose rings have room, as a mask. */
  readonly roomy: number;
  repairKey(place: string, aim: RepairAim, options: OperationOptions | undefined): Operation;
  submit(operation: Operation): void;
}

/** The omissions of one client. */
export class Omissions {
  /** Those that were repaired, and those that were dropped because there were too many. */
  repaired = 0;
  dropped = 0;
  readonly #core: OmissionCore;
  /** Replicas by key, as masks; the oldest first. */
  readonly #replicas = new Map<string, number>();
  #open = 0;

  constructor(core: OmissionCore) {
    this.#core = core;
  }

  /** Those that wait, or are being repaired. */
  get size(): number {
    return this.#replicas.size + this.#open;
  }

  /** An accepted write of this key has not left for some replicas. */
  note(place: string, replicas: number): void {
    const known = this.#replicas.get(place) ?? 0;
    this.#replicas.set(place, known | replicas);
    if (this.#replicas.size <= OMISSIONS_MAX) return;
    const [oldest] = this.#replicas.keys();
    this.#replicas.delete(oldest!);
    this.dropped++;
  }

  /** Repairs what can be repaired now. To be called now and then. */
  repair(): void {
    if (this.#replicas.size === 0 || this.#open >= OMISSIONS_AT_ONCE || !this.#core.hasRoom) return;
    const { members, operational, roomy } = this.#core;
    for (const [place, replicas] of this.#replicas) {
      const targets = replicas & members; // Who is none any more needs nothing.
      if ((targets & operational & roomy) !== targets) continue;
      this.#replicas.delete(place);
      if (targets === 0) continue;
      this.#repairKey(place, targets);
      if (this.#open >= OMISSIONS_AT_ONCE) return;
    }
  }

  /** Forgets all: they belong to a state that is gone. */
  clear(): void {
    this.#replicas.clear();
  }

  #repairKey(place: string, targets: number): void {
    const operation = this.#core.repairKey(place, { targets }, { timeoutMs: OMISSION_TIMEOUT_MS });
    operation.context = ({ outcome }: Operation): void => {
      this.#open--;
      if (outcome === 'ok' || outcome === 'absent') this.repaired++;
      else if (outcome === 'unavailable') this.note(place, targets); // It has come to a stop again.
    };
    this.#open++;
    this.#core.submit(operation);
  }
}
