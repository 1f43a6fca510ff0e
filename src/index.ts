// The public entry: a cluster inside one process, and the store that it is.
export { QuorateError, isQuorateError } from './base/errors.ts';
export type { ErrorCode, ErrorFields } from './base/errors.ts';
export { connectCluster, openCluster } from './cluster/open-cluster.ts';
export type { Cluster } from './cluster/open-cluster.ts';
export type {
  CloseOptions,
  ClusterClient,
  ClusterEvents,
  ClusterHandle,
  ClusterMetrics,
  ClusterOptions,
  ClusterStatus,
  ConfigurationStatus,
  CorruptKey,
  Divergence,
  ExitReason,
  ReconfigureOptions,
  RepairOptions,
  RepairReport,
  RepairedReplica,
  ReplicaStatus,
  Session,
  SyncOptions,
  SyncReadOptions,
  SyncStore,
  SyncChangeOptions,
  SyncPutOptions,
  SyncWriteOptions,
} from './cluster/options.ts';
export type { Conflicts, MergeName } from './store/conflicts.ts';
export type { MapView } from './store/merges/map.ts';
export type { MergeFunction } from './store/merges/plain-merges.ts';
export type { Element } from './store/merges/set.ts';
export type {
  MergeCounter,
  MergedOk,
  MergeMap,
  MergeOptions,
  MergeRead,
  MergeSet,
  MergeStore,
  MergeWrite,
  MergingOptions,
} from './store/merging.ts';
export { defineTopic } from './store/define-topic.ts';
export type {
  Agreement,
  AgreementOptions,
  Decided,
  Decision,
  DecisionResult,
  ProposalContext,
  ProposalUnavailable,
  ProposalUnknown,
  ProposeOptions,
  ProposeResult,
  RecordedVote,
  TopicDefinition,
  TopicOptions,
  Verdict,
  VoterContext,
} from './store/topic.ts';
export type { Watch, WatchEvent, WatchOptions } from './store/watch.ts';
export type { SessionOptions, SessionStore } from './store/session.ts';
export type {
  SiblingContext,
  SiblingDeleteOptions,
  SiblingOptions,
  SiblingPutOptions,
  SiblingRead,
  SiblingsFull,
  SiblingsOk,
  SiblingStore,
  SiblingWrite,
} from './store/siblings.ts';
export type {
  BatchWrite,
  ChangeOptions,
  BucketOptions,
  ChangeOk,
  ChangeResult,
  EntriesOptions,
  Level,
  OperationOptions,
  PutOptions,
  ReadAbsent,
  ReadOk,
  ReadOptions,
  ReadResult,
  ReadUnavailable,
  ScanEntry,
  ScanOptions,
  ScanPage,
  ScanResult,
  Store,
  UpdateFunction,
  Value,
  Version,
  WriteConflict,
  WriteOk,
  WriteOptions,
  WriteResult,
  WriteUnavailable,
  WriteUnknown,
} from './store/store.ts';
