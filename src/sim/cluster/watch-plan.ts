// Watches of a plan: who watches what, how slow its reader is, and where it breaks off and goes on from its position.

/** Its reader leaves a watch; another one goes on from where it was. */
export interface BreakPlan {
  /** Microseconds after the first one began. */
  readonly atUs: number;
  /** Until another one begins. */
  readonly forUs: number;
  /** The thread in which it does, from 0; one that is there, where that one is gone. */
  readonly coordinator: number;
}

/** One watch, and those that go on from it. */
export interface WatchPlan {
  /** Its number among the watches of the run, from 0. */
  readonly watch: number;
  /** The thread in which it begins, from 0. */
  readonly coordinator: number;
  readonly prefix: string;
  /** When it begins, in microseconds after the clients. */
  readonly atUs: number;
  readonly bufferMax: number;
  readonly overflow: 'latest' | 'error';
  /** How long its reader rests after each event, in microseconds. */
  readonly restUs: number;
  readonly breaks: readonly BreakPlan[];
}
