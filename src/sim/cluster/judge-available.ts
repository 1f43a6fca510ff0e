// What level `available` is promised besides what histories say: a stale read is no older than what its own thread has
// yet to finish, and no hint is dropped while its thread and its state are there.
import { compareBallots } from '../../protocol/ballot.ts';
import type { Call } from './client.ts';
import { nameOf } from './client.ts';
import { isAnswered } from './judge-history.ts';
import type { Finding } from './judge-history.ts';
import { isAtAvailable } from './plan.ts';

/** What is wrong with reads at level `available` that no quorum answered; `undefined` when nothing is. */
export function judgeAvailable(calls: readonly Call[]): Finding | undefined {
  const hinted = calls.filter(({ hint }) => hint !== undefined);
  if (hinted.length === 0) return undefined;
  for (const read of calls) {
    if (read.kind !== 'get' || !isAtAvailable(read.plan) || read.end === undefined) continue;
    if (!read.isStale && read.outcome !== 'unavailable') continue;
    const own = hinted.filter((write) => write.thread === read.thread && write.key === read.key);
    const open = own.filter((write) => write.end! < read.start && isOpenAt(write, read.end!));
    const missed = open.find((write) => !isAsNew(read, write, own));
    if (missed === undefined) continue;
    const text = `${nameOf(read)} ended as ${read.outcome} v${read.value}, while its thread held "${nameOf(missed)}"`;
    return { key: read.key, text };
  }
  return undefined;
}

/** A write of these calls that was acknowledged as a hint, of which nothing has become. */
export function droppedHint(calls: readonly Call[]): Call | undefined {
  return calls.find(({ hint }) => hint !== undefined && hint.end === undefined);
}

function isOpenAt({ hint }: Call, position: number): boolean {
  return hint?.end === undefined || hint.end.at > position;
}

function isAsNew(read: Call, write: Call, own: readonly Call[]): boolean {
  if (!isAnswered(read)) return false;
  if (read.outcome === 'ok') return compareBallots(read.version!, write.version!) >= 0;
  // Nobody says of which version the absence is: it must be that of a hint.
  return own.some((each) => {
    return each.value === 0 && each.start < read.end! && compareBallots(each.version!, write.version!) >= 0;
  });
}
