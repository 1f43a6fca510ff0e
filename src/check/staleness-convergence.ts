// Whether replicas agree in the end, when nobody writes any more.
import type { Operation, Verdict } from './history.ts';
import { numberOf } from './sessions-order.ts';
import { accessesOf, accessInWords, explanationOf, judgeVersions } from './sessions-versions.ts';
import type { Access, VersionsBy } from './sessions-versions.ts';

/** Options of {@link checkConvergence}. */
export interface ConvergenceCheckOptions {
  /** After which `start` replicas must agree; default the last return of a write. */
  readonly from?: number;
  /** How versions are told apart, as in `checkSession`; default `value`. */
  readonly by?: VersionsBy;
}

/**
 * Checks eventual consistency where it can be seen: of each key, all reads called after writing ended agree. They must
 * return something that was written, if a write returned; by `version` nothing older than that.
 *
 * `unknown` where a key that was written is not read in the end: then there is nothing to see. Takes `read` and `write`
 * operations as {@link checkSession} does.
 *
 * Source: Terry et al., "Managing Update Conflicts in Bayou" (SOSP 1995), on replica consistency; Vogels, "Eventually
 * Consistent" (2009).
 *
 * @throws {TypeError} `ERR_QUORATE_INVALID_ARGUMENT` when an operation is neither a read nor a write.
 *
 * @example
 * import { checkConvergence } from 'quorate/check';
 *
 * const read = { call: 'read', input: null, start: 5, end: 6 };
 * const history = [
 *   { process: 'a', call: 'write', input: 1, output: 'ok', start: 0, end: 1 },
 *   { ...read, process: 'a', output: 1 },
 *   { ...read, process: 'b', output: null },
 * ];
 * console.log(checkConvergence(history).verdict); // illegal
 */
export function checkConvergence(history: readonly Operation[], options: ConvergenceCheckOptions = {}): Verdict {
  const { by = 'value' } = options;
  const accesses = accessesOf(history, by);
  const operations = history.length;
  const judged = judgeVersions(accesses, operations);
  if (judged !== undefined) return judged;
  const writes = accesses.all.filter(({ isRead, isAnswered }) => !isRead && isAnswered);
  const from = options.from ?? writes.reduce((latest, { operation }) => Math.max(latest, operation.end), -Infinity);
  const keys = new Map([...accesses.versionsOf.keys()].map((key): [string, KeyEnd] => [key, { reads: [] }]));
  for (const access of accesses.all) {
    const end = keys.get(access.version.key);
    if (end === undefined || !access.isAnswered) continue;
    if (!access.isRead) end.newest = end.newest !== undefined && isOlder(access, end.newest, by) ? end.newest : access;
    else if (access.operation.start > from) end.reads.push(access);
  }
  const unread: string[] = [];
  for (const [key, { reads, newest }] of keys) {
    const [first] = reads;
    if (first === undefined) {
      if (newest !== undefined) unread.push(key);
      continue;
    }
    const other = reads.find(({ version }) => version !== first.version);
    const lost = newest !== undefined && isOlder(first, newest, by) ? newest : undefined;
    if (other === undefined && lost === undefined) continue;
    const among = other === undefined ? [lost ?? first, first] : [first, other];
    const what = other === undefined ? 'What was written is lost' : `Reads do not agree after ${from}`;
    const explanation = explanationOf(among, [what, ...among.map((access) => `  ${accessInWords(access)}`)]);
    return { verdict: 'illegal', operations, explanation };
  }
  if (unread.length === 0) return { verdict: 'ok', operations };
  const reason = `${unread.length} keys, such as ${JSON.stringify(unread[0])}, were written and not read after ${from}`;
  return { verdict: 'unknown', operations, reason };
}

/** What is seen of a key in the end: its last reads, and the newest write that returned. */
interface KeyEnd {
  readonly reads: Access[];
  newest?: Access;
}

/** Whether one version is certainly older than another; by value only what was there before any write is. */
function isOlder({ version }: Access, newer: Access, by: VersionsBy): boolean {
  if (version.name === null) return newer.version.name !== null;
  return by === 'version' && numberOf(version) < numberOf(newer.version);
}
