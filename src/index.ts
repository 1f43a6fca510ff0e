// The public entry: a cluster inside one process, and the store that it is.
export { QuorateError, isQuorateError } from './base/errors.ts';
export type { ErrorCode, ErrorFields } from './base/errors.ts';
export { connectCluster, openCluster } from './cluster/open-cluster.ts';
export type { Cluster } from './cluster/open-cluster.ts';
export type {
  ClusterClient,
  ClusterEvents,
  ClusterHandle,
  ClusterMetrics,
  ClusterOptions,
  ClusterStatus,
  ExitReason,
  ReplicaStatus,
} from './cluster/options.ts';
export type {
  BatchWrite,
  Level,
  OperationOptions,
  ReadAbsent,
  ReadOk,
  ReadResult,
  ReadUnavailable,
  Store,
  Value,
  Version,
  WriteConflict,
  WriteOk,
  WriteResult,
  WriteUnavailable,
  WriteUnknown,
} from './store/store.ts';
