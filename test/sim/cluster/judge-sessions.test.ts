// Promises of sessions and of bounded staleness, as a run may be held to them: quorum reads keep them all, reads at
// level one none, and a broken history is noticed.
import { describe, expect, it } from 'vitest';
import { SESSION_GUARANTEES } from '../../../src/check/sessions.ts';
import type { SessionGuarantee } from '../../../src/check/sessions.ts';
import { drawPlan } from '../../../src/sim/cluster/draw-plan.ts';
import { judgePromise, judgeSessions } from '../../../src/sim/cluster/judge-sessions.ts';
import type { LevelPromise } from '../../../src/sim/cluster/judge-sessions.ts';
import type { Call } from '../../../src/sim/cluster/client.ts';
import type { SimPlan } from '../../../src/sim/cluster/plan.ts';
import { PROFILES } from '../../../src/sim/cluster/profiles.ts';
import { runPlan } from '../../../src/sim/cluster/run-plan.ts';
import { callsOf } from './calls.ts';
import type { Told } from './calls.ts';

const weakly = { level: 'one' } as const;
const one = { client: 1, level: 'one' } as const;
/** What a test says about a call of a session: its version, too. */
type Versioned = Told & { readonly of?: number };

const put = (value: number, more: Partial<Versioned> = {}): Versioned => ({ call: 'put', value, ...more });
const get = (value: number, more: Partial<Versioned> = {}): Versioned => ({ call: 'get', value, ...one, ...more });
const ofSession = (...guarantees: readonly SessionGuarantee[]): LevelPromise => ({ levels: ['one'], guarantees });

/** By value alone nobody knows which of two writes is newer: some guarantees need a second one that tells. */
const BROKEN: readonly [promise: LevelPromise, calls: readonly Call[]][] = [
  [ofSession('read-your-writes'), callsOf(put(1, { client: 1 }), get(0))],
  [ofSession('monotonic-reads'), callsOf(put(1), get(1), get(0))],
  [ofSession('monotonic-reads'), callsOf(put(1), put(2), get(2), get(1), get(2))],
  [
    ofSession('writes-follow-reads', 'monotonic-reads'),
    callsOf(put(1), get(1), put(2, { client: 1 }), get(2, { client: 2 }), get(1, { client: 2 }), get(2, { client: 2 })),
  ],
  [ofSession('causal'), callsOf(put(1), get(1), put(2, { client: 1 }), get(2, { client: 2 }), get(1, { client: 2 }))],
  [{ levels: ['one'], maxVersions: 2 }, callsOf(put(1), put(2), put(3), get(1))],
  [{ levels: ['one'], maxStaleUs: 29 }, callsOf(put(1), put(2), put(3), get(1))],
];

/** Versions as the order of the writes gives them; deletes have one too. */
function versioned(calls: readonly Call[]): Call[] {
  const writes = calls.filter(({ kind }) => kind === 'put');
  return calls.map((call) => {
    const place = writes.findIndex(({ value }) => value === call.value);
    return place < 0 ? call : { ...call, version: { high: 0, low: (0x7fff_ffff + place) | 0 } };
  });
}

describe('A promise is broken', () => {
  it.each(BROKEN)('by value: %j', (promise, calls) => {
    expect(judgePromise(calls, promise)).toBeDefined();
  });

  it.each(BROKEN)('by version, across 2^31: %j', (promise, calls) => {
    expect(judgePromise(versioned(calls), promise)).toBeDefined();
  });

  it.each(BROKEN)('only by reads at its own levels: %j', (promise, calls) => {
    expect(judgePromise(calls, { ...promise, levels: ['quorum'] })).toBeUndefined();
  });
});

describe('A promise is kept', () => {
  it.each<[string, readonly Call[]]>([
    ['by what is newest', callsOf(put(1, { client: 1 }), get(1), put(2), get(2))],
    ['by a weak write that nobody sees', callsOf(put(1, { client: 1, level: 'one' }), get(0))],
    ['by an absent key that may be deleted', callsOf(put(1), { call: 'delete' }, get(0), { call: 'delete' }, get(0))],
    ['by reads that are submitted together', callsOf(put(1), get(1, { process: 'c1.1' }), get(0, { start: 2 }))],
  ])('%s', (_title, calls) => {
    expect(judgePromise(calls, { levels: ['one'], guarantees: SESSION_GUARANTEES })).toBeUndefined();
  });
});

const tag = (low: number): { readonly high: number; readonly low: number } => ({ high: 0, low });

describe('An absent key without a version, after a put and its deletion', () => {
  const gone = { ...get(0), level: 'quorum' } as const;
  it.each<[string, boolean, Told]>([
    ['is newest where the deletion may have been erased', true, { ...gone, erased: tag(2) }],
    ['is stale where nothing was erased', false, gone],
    ['is stale where only older deletions may have been erased', false, { ...gone, erased: tag(1) }],
    ['is stale where the deletion came later', false, { ...gone, erased: tag(2), start: 2, end: 3 }],
  ])('%s', (_title, isKept, read) => {
    const deletion: Told = { call: 'delete', version: tag(2), start: 10 };
    const calls = callsOf({ ...put(1), version: tag(1) }, deletion, { start: 12, ...read });
    const found = judgePromise(calls, { levels: ['quorum'], maxVersions: 1 });
    expect(found === undefined).toBe(isKept);
  });
});

/** Calls of sessions, each of a version of its own. */
function sessions(...told: readonly Versioned[]): Call[] {
  return callsOf(...told).map((call, index) => {
    const low = told[index]!.of;
    const plan = Object.assign({}, call.plan, { session: 'kept' });
    return Object.assign(call, { plan, version: low === undefined ? undefined : { high: 0, low } });
  });
}

describe('What sessions are promised is judged in every run', () => {
  const other = { client: 1 } as const;
  it.each<[string, readonly Call[]]>([
    ['a read is older than an own write', sessions(put(1, { of: 2, ...other }), get(9, { of: 1 }))],
    ['a read is older than a read', sessions(get(9, { of: 2 }), get(8, { of: 1 }))],
    ['a key is absent that was there', sessions(get(9, { of: 2 }), get(0))],
    ['a key is there again that was deleted', sessions(get(0, { of: 2 }), get(9, { of: 1 }))],
    ['a write is older than an own write', sessions(put(1, { of: 2 }), put(2, { of: 1 }))],
    ['a write is older than a read', sessions(get(9, { of: 2 }), put(1, { of: 1, ...other }))],
    ['a change has found what is older', sessions(put(1, { of: 2 }), put(2, { of: 1, outcome: 'kept' }))],
  ])('%s', (_title, calls) => {
    expect(judgeSessions(calls)).toBeDefined();
  });

  it.each<[string, readonly Call[]]>([
    ['by what is newer', sessions(put(1, { of: 2 }), get(9, { of: 3, client: 0 }), get(9, { of: 3, client: 0 }))],
    ['by what other sessions have seen', sessions(get(9, { of: 2, client: 0 }), get(8, { of: 1 }))],
    ['by a write that nobody knows of', sessions(put(1, { of: 2, outcome: 'unknown' }), get(8, { of: 1, client: 0 }))],
    ['by calls outside of sessions', callsOf(get(9), get(0))],
  ])('and is kept %s', (_title, calls) => {
    expect(judgeSessions(calls)).toBeUndefined();
  });
});

describe('A run may be held to a promise', () => {
  const strong: LevelPromise = {
    levels: ['quorum', 'all'],
    guarantees: SESSION_GUARANTEES,
    maxVersions: 1,
    maxStaleUs: 0,
  };
  const weak: LevelPromise[] = [
    ofSession('monotonic-reads'),
    ofSession('read-your-writes'),
    { levels: ['one'], maxVersions: 1 },
    { levels: ['one'], maxStaleUs: 100 },
  ];
  it('which quorum reads keep', () => {
    // A promise knows nothing of values that expire: it would take their absence for what was there before.
    const plans = [...PROFILES, ...PROFILES, ...PROFILES].map((profile, seed) => drawPlan(seed, profile));
    const lasting = plans.filter(({ operations }) => operations.every(({ ttlMs }) => ttlMs === undefined));
    expect(lasting.length).toBeGreaterThan(PROFILES.length);
    for (const plan of lasting) expect(runPlan(plan, { promise: strong }).violation).toBeUndefined();
  });

  it.each(weak)('which reads at level one break: %j', (promise) => {
    const broken = Array.from({ length: 300 }, (_, seed) => seed).find(
      (seed) => runPlan(weakPlan(seed), { promise }).violation?.kind === 'session',
    );
    expect(broken).toBeDefined();
  });
});

/** A plan whose reads are all at level one. */
function weakPlan(seed: number): SimPlan {
  const plan = drawPlan(seed, PROFILES[seed % PROFILES.length]!);
  const operations = plan.operations.map((each) => (each.call === 'get' ? Object.assign({}, each, weakly) : each));
  return { ...plan, operations };
}
