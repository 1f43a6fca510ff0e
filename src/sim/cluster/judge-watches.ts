// What readers of watches were told: of each key in its order and nothing twice in one watch, and each state as a read
// at the quorum would have found it at some moment of the watch.
import type { Operation as HistoryOperation } from '../../check/history.ts';
import { versionOf } from '../../protocol/ballot.ts';
import type { Call } from './client.ts';
import type { Moment as Expiry } from './judge-expiry.ts';
import type { Finding } from './judge-history.ts';

/** A moment: its position in the history, and its virtual time. */
export interface Moment {
  readonly at: number;
  readonly us: number;
}

/** An event as a reader was told of it. */
export interface SeenEvent {
  /** Key of its history: that of the state in which its watch began. */
  readonly key: string;
  /** Number of the value; 0 where the key was deleted. */
  readonly value: number;
  readonly version: string;
  /** What is wrong with the bytes of the value. */
  readonly corruption: string | undefined;
  /** The read that found it began after the one, and ended before the other. */
  readonly start: Moment;
  readonly end: Moment;
}

/** What one watch has told its reader. */
export interface WatchLeg {
  /** Its number among the watches of the run; those that go on from it have the same. */
  readonly watch: number;
  readonly events: SeenEvent[];
}

/** The reads that watches have made, for the checkers: those of one key took long, for all that is known. */
export function readsOf(legs: readonly WatchLeg[]): HistoryOperation[] {
  return legs.flatMap(({ watch, events }, leg) =>
    events.map(({ key, value, start, end }, place): HistoryOperation => {
      const output = value === 0 ? null : value;
      const process = `w${watch}.${leg}.${place}`;
      return { process, key, call: 'read', input: undefined, output, start: start.at, end: end.at };
    }),
  );
}

/** What is wrong with what watches have told, besides what the history shows; `undefined` where nothing is. */
export function judgeWatches(
  legs: readonly WatchLeg[],
  calls: readonly Call[],
  expiries: ReadonlyMap<Call, Expiry>,
): Finding | undefined {
  const latestUs = new Map([...expiries].map(([{ key, value }, each]) => [`${value} ${key}`, each.latestUs]));
  const values = new Map<string, number>();
  for (const { kind, key, value, version, outcome } of calls) {
    // Changes that are made together have one version, which is that of the last one.
    if (kind !== 'change' && version !== undefined && value !== 0 && outcome === 'ok')
      values.set(`${versionOf(version)} ${key}`, value);
  }
  for (const { watch, events } of legs) {
    const last = new Map<string, SeenEvent>();
    for (const event of events) {
      const { key, value, version, start } = event;
      const wrong = (what: string): Finding => ({ key, text: `w${watch} told of ${nameOf(event)}${what}` });
      const before = last.get(key);
      last.set(key, event);
      if (before !== undefined && before.version >= version) return wrong(` after ${nameOf(before)}`);
      const expiredUs = latestUs.get(`${value} ${key}`) ?? Number.POSITIVE_INFINITY;
      if (start.us > expiredUs + 1) return wrong(`, which had expired before`);
      if (value === 0) continue; // A deletion that was erased has no version any more: its watch gives it one.
      const other = values.get(`${version} ${key}`);
      if (other !== undefined && other !== value) return wrong(`, which others know as v${other}`);
      values.set(`${version} ${key}`, value);
    }
  }
  return undefined;
}

function nameOf({ key, value, version }: SeenEvent): string {
  return `${key} = ${value === 0 ? 'absent' : `v${value}`} at ${version}`;
}
