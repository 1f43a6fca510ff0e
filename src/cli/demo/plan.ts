// What the demo is told to do.
import type { ClusterOptions } from '../../cluster/options.ts';

/** What both clients have in common. Plain data: it is posted to the worker. */
export interface Plan {
  readonly clients: number;
  readonly concurrency: number;
  readonly seed: number;
  readonly keys: number;
  readonly valueBytes: number;
  readonly valueBytesMax: number;
  /** A recorded workload instead of YCSB, once or again and again. */
  readonly trace?: { readonly path: string; readonly isRepeated: boolean };
}

/** What the demo is told to do; the CLI has checked it. */
export interface DemoOptions {
  readonly cluster: ClusterOptions;
  /** Time of the measured part; `undefined`: until the trace ends. */
  readonly seconds: number | undefined;
  readonly killsPerSecond: number;
  /**
   * Replicas that die at least, even where that takes longer than `seconds`: a slow machine recovers slowly. 0 where
   * `seconds` is undefined: nothing comes after the end of a trace.
   */
  readonly killsMin: number;
  /** Changes of members on average; 0 for none. */
  readonly memberChangesPerSecond: number;
  /** Changes of members that come about at least, likewise. */
  readonly memberChangesMin: number;
  readonly plan: Plan;
}
