// What the service shows of a store's condition. The types are structural, so that a cluster fits and http knows none.
import type { Store } from '../store/store.ts';
import { jsonReply } from './reply.ts';
import type { Reply } from './reply.ts';

/** One replica, as `/metrics` and `/health` show it. */
export interface ReplicaGauges {
  readonly replica: number;
  readonly state: string;
  readonly epoch: number;
  readonly restarts: number;
  readonly unreadBytes: number;
  readonly handled: number;
  readonly keys: number;
  readonly bytes: number;
}

/** Who decides, where members can change. */
export interface ConfigurationGauges {
  readonly number: number;
  readonly isChanging: boolean;
  readonly members: readonly number[];
}

/** The condition of a replicated store. */
export interface StoreStatus {
  /** Those that decide, and those that are about to. */
  readonly replicas: readonly ReplicaGauges[];
  readonly read: number;
  readonly write: number;
  readonly prepare: number;
  /** Where systems of quorums are in force: plain data; the sizes are those of the smallest quorums then. */
  readonly quorum?: unknown;
  /** Whether those that are operational include a quorum of each kind; where it is missing, sizes tell. */
  readonly hasQuorums?: boolean;
  /** Copies of each key; as many as replicas where it is missing. */
  readonly replicationFactor?: number;
  /** Missing where members never change. */
  readonly configuration?: ConfigurationGauges;
  /** Most replicas that there can be. */
  readonly places?: number;
  readonly stateLost: boolean;
  readonly clients: number;
  readonly pending: number;
}

/** Counters of a store since it was opened. */
export interface StoreCounters {
  readonly gets: number;
  readonly puts: number;
  readonly deletes: number;
  readonly fastReads: number;
  readonly slowReads: number;
  readonly fastWrites: number;
  readonly slowWrites: number;
  readonly changes: number;
  readonly fastChanges: number;
  readonly slowChanges: number;
  readonly unknown: number;
  readonly unavailable: number;
  readonly wakeUps: number;
  readonly replicaWakeUps: number;
  readonly framesSent: number;
  readonly framesResent: number;
  readonly hedges: number;
  readonly answersDropped: number;
  readonly cachedReads: number;
  readonly readRepairs: number;
  readonly repairedKeys: number;
  readonly omissionsRepaired: number;
  readonly omissionsDropped: number;
  readonly hintsLost: number;
}

/** What the service asks of a store. */
type ServedCall = 'get' | 'put' | 'putIfAbsent' | 'delete' | 'getMany' | 'batch' | 'scan' | 'resolve';

/** A store, and what it tells of itself; a `ClusterClient` is one. */
export interface ObservedStore extends Pick<Store, ServedCall> {
  /** Read at each `GET /metrics`; must not block. */
  metrics?(): StoreCounters;
  /** Read at each `GET /health` and `GET /metrics`; must not block. */
  inspect?(): StoreStatus;
}

/** Whether quorums can be met: `ok`, `degraded` when replicas are missing, `unavailable` when too many are. */
export type Health = 'ok' | 'degraded' | 'unavailable';

/**
 * Decides the health of a store from its status. Pure.
 *
 * @example
 * ```ts
 * import { openCluster } from 'quorate';
 * import { healthOf } from 'quorate/http';
 *
 * const cluster = await openCluster({ replicas: 3 });
 * console.log(healthOf(cluster.inspect())); // ok
 * await cluster.close();
 * ```
 */
export function healthOf(status: StoreStatus): Health {
  const operational = operationalOf(status);
  const { read, write, prepare, hasQuorums = operational >= Math.max(read, write, prepare) } = status;
  if (status.stateLost || !hasQuorums) return 'unavailable';
  return operational < membersOf(status).length ? 'degraded' : 'ok';
}

/** The reply of `GET /health`: 200 while quorums can be met, else 503. */
export function healthReply(status: StoreStatus | undefined): Reply {
  if (status === undefined) return jsonReply(200, JSON.stringify({ status: 'ok' }));
  const health = healthOf(status);
  const { read, write, quorum, stateLost, configuration } = status;
  const operational = operationalOf(status);
  const sizes = { replicas: membersOf(status).length, operational, read, write, quorum };
  const body = { status: health, ...sizes, stateLost, configuration };
  if (health !== 'unavailable') return jsonReply(200, JSON.stringify(body));
  return jsonReply(503, JSON.stringify(body), ['retry-after', '1']);
}

/** Members that serve. */
export function operationalOf(status: StoreStatus): number {
  return membersOf(status).filter((replica) => replica.state === 'operational').length;
}

/** Those that decide: who is about to join is not missed yet. */
export function membersOf({ replicas, configuration }: StoreStatus): readonly ReplicaGauges[] {
  return configuration === undefined ? replicas : replicas.filter((one) => configuration.members.includes(one.replica));
}
