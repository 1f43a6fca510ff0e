// Promises of sessions and of bounded staleness, as a run may be held to them: quorum reads keep them all, reads at
// level one none, and a broken history is noticed.
import { describe, expect, it } from 'vitest';
import { SESSION_GUARANTEES } from '../../../src/check/sessions.ts';
import type { SessionGuarantee } from '../../../src/check/sessions.ts';
import { drawPlan } from '../../../src/sim/cluster/draw-plan.ts';
import { judgePromise } from '../../../src/sim/cluster/judge-sessions.ts';
import type { LevelPromise, VersionedCall } from '../../../src/sim/cluster/judge-sessions.ts';
import type { Call } from '../../../src/sim/cluster/client.ts';
import type { SimPlan } from '../../../src/sim/cluster/plan.ts';
import { PROFILES } from '../../../src/sim/cluster/profiles.ts';
import { runPlan } from '../../../src/sim/cluster/run-plan.ts';
import { callsOf } from './calls.ts';
import type { Told } from './calls.ts';

const weakly = { level: 'one' } as const;
const one = { client: 1, level: 'one' } as const;
const put = (value: number, more: Partial<Told> = {}): Told => ({ call: 'put', value, ...more });
const get = (value: number, more: Partial<Told> = {}): Told => ({ call: 'get', value, ...one, ...more });
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
function versioned(calls: readonly Call[]): VersionedCall[] {
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
    for (const [seed, profile] of [...PROFILES, ...PROFILES].entries()) {
      expect(runPlan(drawPlan(seed, profile), { promise: strong }).violation).toBeUndefined();
    }
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
