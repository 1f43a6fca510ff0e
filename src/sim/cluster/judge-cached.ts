// What reads that may be stale are promised besides their age, by which they are part of the histories that must be
// linearizable: no more newer versions than they allow, nothing older than what their client knows, and an age that
// they allow.
//
// Which versions there are, versions say, which grow from write to write. One that others overtook before anybody could
// see it is acknowledged, but none of its own; so only those count that were seen, or that nothing can have overtaken.
import { compareBallots } from '../../protocol/ballot.ts';
import type { Ballot } from '../../protocol/ballot.ts';
import type { Call } from './client.ts';
import { nameOf } from './client.ts';
import { isAnswered, isWithoutEffect } from './judge-history.ts';
import type { Finding } from './judge-history.ts';
import type { PlanLevel } from './plan.ts';

const QUORATE: ReadonlySet<PlanLevel> = new Set(['quorum', 'all']);

/**
 * What is wrong with what caches have answered; `undefined` where nothing is. Calls are those of the history, pages
 * taken apart.
 *
 * @param expiring keys of which some value expires: then nobody knows why one is absent.
 */
export function judgeCached(calls: readonly Call[], expiring: ReadonlySet<string>): Finding | undefined {
  for (const read of calls) {
    if (read.ageMs === undefined) continue;
    const { maxStaleMs = Number.POSITIVE_INFINITY } = read.plan;
    const ofKey = calls.filter(({ key }) => key === read.key);
    const wrong =
      (read.ageMs > maxStaleMs ? `what is ${read.ageMs} ms old` : undefined) ??
      (expiring.has(read.key) && read.value === 0 ? undefined : judgeVersion(read, ofKey));
    if (wrong !== undefined) return { key: read.key, text: `${nameOf(read)} returned ${wrong}` };
  }
  return undefined;
}

function judgeVersion(read: Call, calls: readonly Call[]): string | undefined {
  const least = newestOf(read, calls);
  if (least === 'unknown') return undefined;
  const isNewer = ({ version }: Call): boolean =>
    version !== undefined && (least === undefined || compareBallots(version, least) > 0);
  const decided = calls.filter((call) => isDecided(call) && call.end! < read.start && isNewer(call));
  const own = decided.find(({ thread, ageMs }) => thread === read.thread && ageMs === undefined);
  if (own !== undefined) return `v${read.value}, though its client knew what "${nameOf(own)}" came to`;
  const { maxStaleVersions = Number.POSITIVE_INFINITY } = read.plan;
  const counted = new Set(decided.filter((call) => isSeen(call, calls)).map(({ version }) => textOf(version!)));
  const versions = Math.max(counted.size, Math.min(1, decided.length));
  return versions > maxStaleVersions ? `v${read.value}, after which ${versions} versions had come` : undefined;
}

/** The version that a read was told of, or the newest that it may have been, where a deletion tells none. */
function newestOf(read: Call, calls: readonly Call[]): Ballot | undefined | 'unknown' {
  if (read.value !== 0) return read.version;
  let newest: Ballot | undefined;
  for (const deletion of calls) {
    if (!isDeletion(deletion) || deletion.start > read.end!) continue;
    if (deletion.version === undefined) return 'unknown';
    if (newest === undefined || compareBallots(deletion.version, newest) > 0) newest = deletion.version;
  }
  return newest;
}

/** Whether a call may have deleted its key. */
export function isDeletion(call: Call): boolean {
  return call.kind !== 'get' && call.value === 0 && !isWithoutEffect(call);
}

/** Whether whoever reads its key at the quorum from then on finds what the call was told, or something newer. */
function isDecided(call: Call): boolean {
  const { plan, finishes, version } = call;
  return isAnswered(call) && version !== undefined && QUORATE.has((finishes?.plan ?? plan).level);
}

/** Whether the version of a decided call is one that others could see. */
function isSeen({ kind, outcome, version, end }: Call, calls: readonly Call[]): boolean {
  if (kind === 'get' || outcome === 'kept') return true;
  return !calls.some(
    (other) =>
      other.kind !== 'get' &&
      other.start < end! &&
      !isWithoutEffect(other) &&
      (other.version === undefined || compareBallots(other.version, version!) > 0),
  );
}

function textOf({ high, low }: Ballot): string {
  return `${high}:${low}`;
}
