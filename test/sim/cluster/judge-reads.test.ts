// What pages, and what caches have answered, are held to.
import { describe, expect, it } from 'vitest';
import type { Ballot } from '../../../src/protocol/ballot.ts';
import type { Call } from '../../../src/sim/cluster/client.ts';
import { judgeHistory } from '../../../src/sim/cluster/judge.ts';
import type { Page } from '../../../src/sim/cluster/page.ts';
import type { OperationPlan } from '../../../src/sim/cluster/plan.ts';
import { callsOf } from './calls.ts';
import type { Told } from './calls.ts';

function version(low: number): Ballot {
  return { high: 0, low };
}

function put(value: number, fields: Partial<Told> = {}): Told {
  return { call: 'put', value, version: version(value), thread: 8, ...fields };
}

const DELETED: Told = { call: 'delete', version: version(90), thread: 8 };

/** What is wrong with calls, in one word; `ok` where nothing is. */
function verdictOf(calls: readonly Call[]): string {
  return judgeHistory(calls).violation?.kind ?? 'ok';
}

interface Limited extends Told {
  readonly limits?: Partial<OperationPlan>;
}

/** A scan of all keys that begin with k, which found such values. */
function scan(found: Readonly<Record<string, number>>, plan: Partial<OperationPlan> = {}, page: Partial<Page> = {}) {
  return (calls: readonly Call[]): Call => {
    const start = 2 * calls.length;
    const entries = Object.entries(found).map(([key, number]) => ({ key, number, version: version(number) }));
    const [template] = callsOf({ call: 'get', start, end: start + 1, outcome: 'ok' });
    return {
      ...template!,
      kind: 'scan',
      plan: { ...template!.plan, call: 'scan', key: 'k', ...plan },
      page: { entries, after: undefined, from: undefined, corruption: undefined, ...page },
    };
  };
}

function judgedWith(told: readonly Told[], ...scans: ReturnType<typeof scan>[]): string {
  const calls = callsOf(...told);
  for (const each of scans) calls.push(each(calls));
  return verdictOf(calls);
}

/** Calls of which the puts are of a session, which then scans and finds nothing. */
function ownScanned(told: readonly Told[]): Call[] {
  const made = callsOf(...told).map((each) => inSession(each, each.plan.call === 'put'));
  return [...made, inSession(scan({})(made), true)];
}

/** The same of one put, whose value expires so soon. */
function expiring(ttlMs: number): Call[] {
  const calls = ownScanned([put(7, { level: 'one' })]);
  calls[0] = { ...calls[0]!, plan: { ...calls[0]!.plan, ttlMs } };
  return calls;
}

/** A read of a cache: ten microseconds of virtual time pass from position to position. */
function cached(value: number, ageMs: number, plan: Partial<OperationPlan>, fields: Partial<Told> = {}) {
  return {
    call: 'get',
    value,
    ageMs,
    limits: plan,
    version: value === 0 ? undefined : version(value),
    thread: 9,
    ...fields,
  } as const;
}

function judged(told: readonly Limited[]): string {
  const calls = callsOf(...told);
  return verdictOf(calls.map((call, place) => planned(call, told[place]!.limits)));
}

function planned(call: Call, plan: Partial<OperationPlan> = {}): Call {
  return { ...call, plan: { ...call.plan, ...plan } };
}

describe('A page', () => {
  it.each<[name: string, told: readonly Told[], scans: ReturnType<typeof scan>[], verdict: string]>([
    ['has what was written', [put(7)], [scan({ k: 7 })], 'ok'],
    ['must not miss it', [put(7)], [scan({})], 'linearizability'],
    ['may miss what was deleted', [put(7), DELETED], [scan({})], 'ok'],
    ['must not have that', [put(7), DELETED], [scan({ k: 7 })], 'linearizability'],
    ['may miss what lies behind its end', [put(7)], [scan({}, {}, { after: 'j' })], 'ok'],
    ['may miss what lies before its beginning', [put(7)], [scan({}, {}, { from: 'k' })], 'ok'],
    ['may miss what begins otherwise', [put(7)], [scan({}, { key: 'k1' })], 'ok'],
    ['must not have that either', [put(7)], [scan({ k: 7 }, { key: 'k1' })], 'page'],
    ['must not have what lies before its beginning', [put(7)], [scan({ k: 7 }, {}, { from: 'k' })], 'page'],
    ['must not end before its last key', [put(7)], [scan({ k: 7 }, {}, { after: 'j' })], 'page'],
    ['must not end where it was to begin', [put(7)], [scan({}, {}, { from: 'k', after: 'k' })], 'page'],
    ['must not have what nobody wrote', [put(7)], [scan({ k: 7, k1: 9 })], 'linearizability'],
    ['must not go back', [put(7), put(8, { outcome: 'unknown' })], [scan({ k: 8 }), scan({ k: 7 })], 'linearizability'],
    ['may be stale at level one', [put(7)], [scan({}, { level: 'one' })], 'ok'],
    [
      'is not stale in a session, which asks the quorum',
      [put(7)],
      [scan({}, { level: 'one', session: 'kept' })],
      'linearizability',
    ],
  ])('%s', (_, told, scans, verdict) => {
    expect(judgedWith(told, ...scans)).toBe(verdict);
  });

  it('must be in order, each key once, and no longer than it was asked to be', () => {
    const told = [put(7), { ...put(8), key: 'k1' }];
    expect(judgedWith(told, scan({ k: 7, k1: 8 }, { limit: 2 }))).toBe('ok');
    expect(judgedWith(told, scan({ k: 7, k1: 8 }, { limit: 1 }))).toBe('page');
    expect(judgedWith(told, scan({ k1: 8, k: 7 }))).toBe('page');
  });

  it('must have what its session has written to one replica, unless that was deleted', () => {
    expect(verdictOf(ownScanned([put(7, { level: 'one' })]))).toBe('session');
    expect(verdictOf(ownScanned([put(7, { level: 'one' }), DELETED]))).toBe('ok');
    expect(verdictOf(ownScanned([{ ...DELETED, version: version(3) }, put(7, { level: 'one' })]))).toBe('session');
  });

  it('need not have what may have expired by its end', () => {
    expect(verdictOf(expiring(0.01))).toBe('ok');
    expect(verdictOf(expiring(1))).toBe('session');
  });

  it('that lacks a key must not be followed, in its session, by what the session had known of it', () => {
    const written = callsOf(put(7), { call: 'get', value: 7, level: 'one', version: version(7) }, DELETED);
    const made = written.map((each) => inSession(each, each.kind === 'get'));
    const page = inSession(scan({})(made), true);
    const [again] = callsOf({ call: 'get', value: 7, level: 'one', version: version(7), start: 90, end: 91 });
    expect(verdictOf([...made, page])).toBe('ok');
    expect(verdictOf([...made, page, again!])).toBe('ok');
    expect(verdictOf([...made, page, inSession(again!, true)])).toBe('session');
  });
});

describe('What a cache has answered', () => {
  const OLD = [put(7), put(8)];
  const KNOWN: Told = { call: 'get', value: 8, version: version(8), thread: 9 };

  it.each<[name: string, told: readonly Limited[], verdict: string]>([
    ['may be as old as it says', [...OLD, cached(7, 0.05, { maxStaleMs: 1 })], 'ok'],
    ['must not be older than it says', [...OLD, cached(7, 0.005, { maxStaleMs: 1 })], 'linearizability'],
    ['must not be older than was allowed', [...OLD, cached(7, 0.05, { maxStaleMs: 0.005 })], 'linearizability'],
    ['must not say that it is', [put(7), cached(7, 2, { maxStaleMs: 1 })], 'staleness'],
    ['may be as many versions behind as was allowed', [...OLD, cached(7, 1, { maxStaleVersions: 1 })], 'ok'],
    ['must not be more behind', [...OLD, cached(7, 1, { maxStaleVersions: 0 })], 'staleness'],
    ['must not be more behind, of three', [...OLD, put(9), cached(7, 1, { maxStaleVersions: 1 })], 'staleness'],
    [
      'may be behind what was overtaken unseen, and does not count',
      [put(7), put(8, { start: 2, end: 6 }), put(9, { start: 3, end: 5 }), cached(7, 1, { maxStaleVersions: 1 })],
      'ok',
    ],
    [
      'may be behind what a write of which nobody knows has overtaken',
      [
        put(7),
        put(8, { start: 2, end: 6 }),
        put(9, { start: 3, outcome: 'unknown', version: undefined }),
        put(10),
        cached(7, 1, { maxStaleVersions: 1 }),
      ],
      'ok',
    ],
    ['may be an absence of before', [put(7), cached(0, 1, { maxStaleVersions: 1 })], 'ok'],
    [
      'must not be an absence of before where no version may come',
      [put(7), cached(0, 1, { maxStaleVersions: 0 })],
      'staleness',
    ],
    ['may be the absence after a deletion', [put(7), DELETED, cached(0, 1, { maxStaleVersions: 0 })], 'ok'],
    [
      'must not be older than what its client has written',
      [put(7), put(8, { thread: 9 }), cached(7, 1, {})],
      'staleness',
    ],
    [
      'may be older than what its client has written at one replica',
      [put(7), put(8, { thread: 9, level: 'one' }), cached(7, 1, {})],
      'ok',
    ],
    ['must not be older than what its client has read', [...OLD, KNOWN, cached(7, 1, {})], 'staleness'],
    [
      'must not be of a write that has failed',
      [put(7, { outcome: 'unavailable' }), cached(7, 1, {})],
      'linearizability',
    ],
  ])('%s', (_, told, verdict) => {
    expect(judged(told)).toBe(verdict);
  });

  it('binds a session by its version, and one that goes on from that too', () => {
    const told = callsOf(
      put(7),
      put(8),
      { call: 'get', value: 8, level: 'one', version: version(8) },
      cached(7, 1, {}),
    );
    const [, , seen, stale] = told;
    const apart = { client: 1, process: 'c1' };
    expect(verdictOf([...told.slice(0, 2), inSession(seen!, true), { ...inSession(stale!, true), ...apart }])).toBe(
      'ok',
    );
    expect(verdictOf([...told.slice(0, 2), inSession(seen!, true), inSession(stale!, true)])).toBe('session');
    const handed = { ...inSession(stale!, true), ...apart, handedFrom: 0 };
    expect(verdictOf([...told.slice(0, 2), inSession(seen!, true), handed])).toBe('session');
  });
});

function inSession(call: Call, isInSession: boolean): Call {
  return isInSession ? { ...call, plan: { ...call.plan, session: 'kept' } } : { ...call, client: 5, process: 'c5' };
}
