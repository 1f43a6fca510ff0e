// Values that expire, as judges see them: from its moment on a value may be deleted by nobody's call, and who began
// after its moment must not be told of it, at any level.
//
// When a value expires that a put has written, its call says; an update that says so counts from when it is made, which
// is between its call and its answer. Another update leaves the moment as it was: of one of which nobody knows what it
// has changed, nothing is demanded, and any moment of its key is allowed.
import type { Operation as HistoryOperation } from '../../check/history.ts';
import { ILLEGAL } from '../../check/model.ts';
import type { Model } from '../../check/model.ts';
import { registerModel } from '../../check/models/register.ts';
import type { Call } from './client.ts';
import { nameOf } from './client.ts';
import { answersOf, isAnswered, positionsOf } from './judge-history.ts';
import type { Finding } from './judge-history.ts';

/** When a value expires, in microseconds of virtual time: not before one, and by the other; infinite for never. */
export interface Moment {
  readonly earliestUs: number;
  readonly latestUs: number;
}

const NEVER: Moment = { earliestUs: Number.POSITIVE_INFINITY, latestUs: Number.POSITIVE_INFINITY };
/** What milliseconds may lose of a microsecond. */
const ROUNDING_US = 1;

/** When what calls have written expires, by call; those are left out whose values never do. */
export function momentsOf(calls: readonly Call[]): ReadonlyMap<Call, Moment> {
  const moments = new Map<Call, Moment>();
  if (!calls.some(({ plan }) => plan.ttlMs !== undefined)) return moments;
  const answers = answersOf(calls);
  const writes = calls.filter(({ kind, finishes }) => kind !== 'get' && finishes === undefined);
  const momentOf = (call: Call): Moment => {
    const { key, plan } = call;
    const earliestUs = expiryOf(call);
    const answer = answers.get(call);
    if (earliestUs < Number.POSITIVE_INFINITY) {
      const madeUs = plan.call === 'put' ? call.atUs : (answer?.endUs ?? Number.POSITIVE_INFINITY);
      return { earliestUs, latestUs: earliestUs - call.atUs + madeUs };
    }
    if (plan.call !== 'update') return NEVER;
    const before = answer?.before;
    const changed = writes.find((write) => write.key === key && write.value === before);
    if (before !== undefined) return changed === undefined ? NEVER : momentOf(changed);
    const ofKey = writes.filter((write) => write.key === key).map(expiryOf);
    return { ...NEVER, earliestUs: Math.min(...ofKey) };
  };
  for (const write of writes) {
    const moment = momentOf(write);
    if (moment.earliestUs < Number.POSITIVE_INFINITY) moments.set(write, moment);
  }
  return moments;
}

/** When a value expires at the earliest that says so itself. */
function expiryOf({ plan, atUs }: Call): number {
  const { call, ttlMs } = plan;
  const isHeeded = (call === 'put' || call === 'update') && ttlMs !== undefined;
  return isHeeded ? atUs + 1000 * ttlMs : Number.POSITIVE_INFINITY;
}

/** The deletions that nobody asked for: one of each value that expires, from its moment on, which may never happen. */
export function expiriesOf(calls: readonly Call[], moments: ReadonlyMap<Call, Moment>): HistoryOperation[] {
  const positionAt = positionsOf(calls);
  return [...moments].map(([{ key, value }, { earliestUs }]) => {
    const start = positionAt(earliestUs - ROUNDING_US);
    const process = `expiry of v${value}`;
    return { process, key, call: 'expire', input: value, output: undefined, start, end: Number.POSITIVE_INFINITY };
  });
}

/** A register in which that can happen: only to the value itself, not to what has come since. */
export function expiringRegister(): Model {
  const register = registerModel();
  return {
    ...register,
    step: (state, operation) => {
      if (operation.call !== 'expire') return register.step(state, operation);
      return state === operation.input ? null : ILLEGAL;
    },
  };
}

/** Who was told of a value that had expired before the call began; `undefined` when nobody was. */
export function judgeExpiry(calls: readonly Call[], moments: ReadonlyMap<Call, Moment>): Finding | undefined {
  if (moments.size === 0) return undefined;
  const latestUs = new Map([...moments].map(([{ key, value }, moment]) => [`${value} ${key}`, moment.latestUs]));
  for (const call of calls) {
    if (!isAnswered(call) || call.finishes !== undefined) continue; // What finishes another began with that.
    const found = call.kind === 'get' ? call.value : call.before;
    const expiredUs = latestUs.get(`${found} ${call.key}`) ?? Number.POSITIVE_INFINITY;
    if (call.atUs <= expiredUs + ROUNDING_US) continue;
    const text = `${nameOf(call)} found v${found}, which had expired ${call.atUs - expiredUs} us before it began`;
    return { key: call.key, text };
  }
  return undefined;
}
