// What happened in a run, for people: records that the transcript and the space-time diagram are made of. A run keeps
// none unless it is asked to, because a seed gives the same run again.

/** What a record is about. A message has a number, which its `send` and every `receive`, `lost` of it share. */
export type TraceKind =
  | 'send'
  | 'receive'
  | 'lost'
  | 'call'
  | 'return'
  | 'crash'
  | 'start'
  | 'ready'
  | 'pause'
  | 'resume'
  | 'fault'
  | 'heal'
  | 'violation'
  | 'note';

/** One thing that happened. */
export interface TraceRecord {
  /** Virtual time in microseconds. */
  readonly atUs: number;
  readonly kind: TraceKind;
  /** Number of the node that acted; -1 when it was none, such as the network. */
  readonly from: number;
  /** Number of the other node; that of `from` when there is none. */
  readonly to: number;
  /** Number of the message, from 1; 0 when it is about none. */
  readonly message: number;
  /** What, in a few words. */
  readonly text: string;
}

/** A node as people see it. */
export interface TraceNode {
  readonly name: string;
  readonly kind: 'client' | 'coordinator' | 'replica' | 'supervisor' | 'actor';
}

/**
 * The records of one run, oldest first.
 *
 * @example
 * import { simulate } from 'quorate/sim';
 *
 * const { trace } = simulate({ seed: 1, cluster: { replicas: 3 }, isTraced: true });
 * console.log(trace.nodes[0], trace.records[0]?.kind); // { name: 'A0', kind: 'replica' } start
 */
export class Trace {
  readonly nodes: TraceNode[] = [];
  readonly records: TraceRecord[] = [];
  /** Whether records are kept. Look before you make a text. */
  readonly isKept: boolean;

  constructor(isKept: boolean) {
    this.isKept = isKept;
  }

  /** Adds a record; `to` and `message` where there are any. */
  add(record: Omit<TraceRecord, 'to' | 'message'> & { readonly to?: number; readonly message?: number }): void {
    if (this.isKept) this.records.push({ to: record.from, message: 0, ...record });
  }
}
