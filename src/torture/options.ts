// What a torture run is told, and what it finds. Types only.
import type { ClusterOptions } from '../cluster/options.ts';
import type { Sabotage } from '../cluster/sabotage.ts';
import type { Tally } from './ledger.ts';
import type { MemberChangeCount } from './member-changer.ts';
import type { Harm } from './nemesis.ts';

/** Options of a torture run. */
export interface TortureOptions {
  readonly cluster: ClusterOptions;
  /** A rule that the cluster is to break, so that the run can be seen to fail. */
  readonly sabotage: Sabotage | undefined;
  readonly seconds: number;
  /** Of the calls, the keys and the choices of the nemesis; how threads interleave is not the seed's to say. */
  readonly seed: number;
  /** Clients, the main thread among them; 2 or more. */
  readonly clients: number;
  /** Whether the process may be stopped by SIGSTOP: not where a shell would take that for a suspended job. */
  readonly mayStop: boolean;
  /** Average time between two harms, in milliseconds. */
  readonly gapMs: number;
  /** What the nemesis does; one or more, all by default. */
  readonly harms?: readonly Harm[] | undefined;
}

/** What programs read. */
export interface TortureSummary {
  /** Calls of clients on keys that were checked. */
  readonly operations: number;
  /** Threads that were made to die: replicas and clients. */
  readonly kills: number;
  /** Keys whose history was checked. */
  readonly histories: number;
  /** Histories that no order of their operations explains. */
  readonly violations: number;
  /** Histories that the checker gave up on: they count as no pass. */
  readonly unknown: number;
}

/** A key whose history is wrong, or could not be checked. */
export interface Finding {
  readonly key: string;
  readonly verdict: 'illegal' | 'unknown';
  readonly text: string;
  /** The history, one operation a line, as `quorate check` reads it. */
  readonly history: string;
}

/** A run, judged. */
export interface TortureReport {
  readonly summary: TortureSummary;
  readonly seconds: number;
  /** What the nemesis did or ordered, by name. */
  readonly harms: ReadonlyMap<string, number>;
  /** Replicas that died at the fail point that they were told, by its name; the others were terminated elsewhere. */
  readonly reached: ReadonlyMap<string, number>;
  /** How replicas ended, by kind of reason. */
  readonly deaths: ReadonlyMap<string, number>;
  /** Changes that were decided, comparisons that found something else, changes of which nobody will ever know. */
  readonly changes: Readonly<Record<Tally, number>>;
  readonly memberChanges: MemberChangeCount;
  readonly findings: readonly Finding[];
  /** What went wrong beside histories: a thread that crashed by itself, a call that never returned, no answers. */
  readonly failures: readonly string[];
  readonly isGood: boolean;
}

/** How far a run is. */
export interface TortureProgress extends TortureSummary {
  readonly elapsedMs: number;
  /** Histories that wait for the checker. */
  readonly waiting: number;
}

/** What a run tells and asks its caller. */
export interface TortureHooks {
  /** Ends the run early; what was done until then is still checked. */
  readonly signal: AbortSignal;
  readonly onProgress: (progress: TortureProgress) => void;
}
