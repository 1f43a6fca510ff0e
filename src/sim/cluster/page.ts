// A page of a scan as a simulated client keeps it, for the judges.
import type { Ballot } from '../../protocol/ballot.ts';
import { versionTold } from '../../replica/session-calls.ts';
import type { ScanPage } from '../../store/store.ts';
import { seenValue } from './values.ts';

/** One key of a page. */
export interface PageEntry {
  readonly key: string;
  /** The number of its value. */
  readonly number: number;
  readonly version: Ballot;
}

/** What a scan has returned. */
export interface Page {
  /** Behind which key it was to begin; `undefined` for the first one. */
  readonly from: string | undefined;
  readonly entries: readonly PageEntry[];
  /** Where the next page begins; `undefined` at the end. */
  readonly after: string | undefined;
  /** What is wrong with the bytes of some value. */
  readonly corruption: string | undefined;
}

/** What a client keeps of a page. */
export function pageOf({ entries, after }: ScanPage, from: string | undefined): Page {
  const seen = entries.map(({ key, value, version }) => ({ key, version: versionTold(version), ...seenValue(value) }));
  return {
    from,
    entries: seen.map(({ key, number, version }) => ({ key, number, version })),
    after,
    corruption: seen.find(({ corruption }) => corruption !== undefined)?.corruption,
  };
}

/** A page in a few words, such as `k0 = v7, k2 = v3, more after k2`. */
export function pageText({ entries, after }: Page): string {
  const texts = entries.map(({ key, number }) => `${key} = v${number}`);
  if (texts.length === 0) texts.push('nothing');
  return [...texts, ...(after === undefined ? [] : [`more after ${after}`])].join(', ');
}
