/**
 * Checkers of histories: what was called and returned, against what an object may do.
 *
 * @packageDocumentation
 */
export { detectFormat, HISTORY_FORMATS, parseHistory } from './formats/parse-history.ts';
export type { HistoryFormat } from './formats/parse-history.ts';
export { writeHistory } from './formats/quorate.ts';
export type { Explanation, Operation, Verdict } from './history.ts';
export { LinearizabilityChecker } from './linearizability-checker.ts';
export { checkLinearizable } from './linearizability.ts';
export { ANY, ILLEGAL } from './model.ts';
export type { Model, QueueView, RegisterView, SearchLimits } from './model.ts';
export { casRegisterModel } from './models/cas-register.ts';
export { counterModel } from './models/counter.ts';
export { kvModel } from './models/kv.ts';
export { multiRegisterModel } from './models/multi-register.ts';
export { mutexModel } from './models/mutex.ts';
export { queueModel } from './models/queue.ts';
export { registerModel } from './models/register.ts';
export { setModel } from './models/set.ts';
export { checkSession, SESSION_GUARANTEES } from './sessions.ts';
export type { SessionCheckOptions, SessionGuarantee } from './sessions.ts';
export type { VersionsBy } from './sessions-versions.ts';
export { checkSiblings } from './siblings.ts';
export { checkStaleness } from './staleness.ts';
export type { StalenessCheckOptions } from './staleness.ts';
export { checkConvergence } from './staleness-convergence.ts';
export type { ConvergenceCheckOptions } from './staleness-convergence.ts';
export { timelineHtml, timelineSvg } from './timeline.ts';
export type { TimelineOptions } from './timeline.ts';
export type { Anomaly, AnomalyName, CycleName, Dependency, DependencyKind } from './transactions/anomaly.ts';
export { checkTransactions } from './transactions/check-transactions.ts';
export type { TransactionCheckOptions, TransactionVerdict } from './transactions/check-transactions.ts';
export type { BaseIsolation, Isolation } from './transactions/isolation.ts';
export { FAILED, TXN } from './transactions/transaction.ts';
export type {
  MicroOperation,
  TransactionKey,
  TransactionOperation,
  TransactionValue,
} from './transactions/transaction.ts';
