import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { QuorateError } from '../../../src/base/errors.ts';
import type { DemoOptions } from '../../../src/cli/demo/plan.ts';
import { runDemo } from '../../../src/cli/demo/run-demo.ts';
import type { DemoReport } from '../../../src/cli/demo/report.ts';
import { FakeStage, type FakeFaults } from './fake-stage.ts';

const OPTIONS: DemoOptions = {
  cluster: { replicas: 5 },
  seconds: 0.3,
  killsPerSecond: 100,
  killsMin: 3,
  memberChangesPerSecond: 100,
  memberChangesMin: 2,
  plan: { clients: 2, concurrency: 8, seed: 42, keys: 20, valueBytes: 32, valueBytesMax: 4096 },
};

async function demo(faults: FakeFaults = {}, options: DemoOptions = OPTIONS): Promise<DemoReport> {
  const stage = new FakeStage(5, faults);
  const report = await runDemo(options, () => Promise.resolve(stage), {
    signal: new AbortController().signal,
    onProgress: () => {},
    clock: () => stage.nowMs,
  });
  expect(stage.isClosed).toBe(true);
  return report;
}

describe('runDemo on a store that is right', () => {
  it('It finds nothing lost, nothing stale, and every kill', async () => {
    const { summary, isGood, failures, violations } = await demo();
    expect({ isGood, failures, violations }).toEqual({ isGood: true, failures: [], violations: [] });
    expect([summary.lost, summary.stale, summary.unknown]).toEqual([0, 0, 0]);
    expect(Math.min(...Object.values(summary.kills))).toBeGreaterThanOrEqual(1);
    expect(summary.operations).toBeGreaterThan(100);
    expect(summary.acknowledgedWrites).toBeGreaterThan(20);
  });

  it('Every kind of operation is asked', async () => {
    const { mix } = await demo();
    expect(Object.entries(mix).filter(([, count]) => count === 0)).toEqual([['unknownFinally', 0]]);
  });

  it('Members change all the while, and who has left is not waited for', async () => {
    const { summary, memberChangeKinds, isGood, unexpectedDeaths } = await demo({ hangsUntilAsked: true });
    expect({ isGood, unexpectedDeaths }).toEqual({ isGood: true, unexpectedDeaths: 0 });
    expect(summary.memberChanges).toMatchObject({ undone: 0, msMax: expect.any(Number) });
    const kinds = Object.values(memberChangeKinds).reduce((sum, count) => sum + count, 0);
    expect(summary.memberChanges.done).toBe(kinds);
    expect(kinds).toBeGreaterThanOrEqual(2);
  });

  it('Members stay where they are to stay', async () => {
    const { summary } = await demo({}, { ...OPTIONS, memberChangesPerSecond: 0, memberChangesMin: 0 });
    expect(summary.memberChanges).toEqual({ done: 0, undone: 0, msMax: 0 });
  });

  it('Writes that end as unknown are no alarm, whether they happened or not', async () => {
    const { summary } = await demo({ unknownEvery: 5 });
    expect(summary.unknown).toBeGreaterThan(0);
    expect([summary.lost, summary.stale]).toEqual([0, 0]);
  });
});

describe('runDemo on a machine that is slow', () => {
  it('Kills that the quorums did not allow are made up for: the load goes on until each kind was done', async () => {
    const refusesKillsUntil = 8000; // The load lasts for 5000 operations otherwise.
    const { summary, isGood, putOffMs } = await demo({ refusesKillsUntil }, { ...OPTIONS, seconds: 0.1 });
    expect(isGood).toBe(true);
    expect(Math.min(...Object.values(summary.kills))).toBeGreaterThanOrEqual(1);
    expect(summary.seconds).toBeGreaterThanOrEqual(0.16);
    expect(putOffMs).toBeGreaterThan(0);
  });

  it('Where kills are still missing after twelve times as long, it has failed and says so', async () => {
    const options = { ...OPTIONS, memberChangesMin: 0, seconds: 0.02 };
    const report = await demo({ refusesKillsUntil: Infinity }, options);
    expect(report.isGood).toBe(false);
    expect(report.failures).toEqual([expect.stringMatching(/^Only 0 of 3 replicas could be killed in 0\.\d s$/)]);
  });

  it('Where members could not be changed after twelve times as long, each try is counted, and it says so', async () => {
    const report = await demo({ undoesChanges: true }, { ...OPTIONS, killsMin: 0, seconds: 0.02 });
    expect(report.summary.memberChanges).toMatchObject({ done: 0 });
    expect(report.summary.memberChanges.undone).toBeGreaterThan(0);
    expect(report.failures).toEqual([expect.stringMatching(/^Members could be changed only 0 of 2 times in 0\.\d s$/)]);
  });

  it('A replica that hangs when the load has ended is asked for something, and dies of it', async () => {
    const { summary, failures } = await demo(
      { hangsUntilAsked: true },
      { ...OPTIONS, killsMin: 0, seconds: 0.5, memberChangesPerSecond: 0, memberChangesMin: 0 },
    );
    expect(failures).toEqual([]);
    expect(summary.kills.hang).toBe(1);
  });

  it('A key that some replica could not be asked for is read again', async () => {
    const { isGood, failures } = await demo({ readsInVain: 50 }, { ...OPTIONS, seconds: 0.1 });
    expect({ isGood, failures }).toEqual({ isGood: true, failures: [] });
  });
});

describe('runDemo on a store that is broken', () => {
  it.each<[string, FakeFaults]>([
    ['A store that drops acknowledged writes', { dropsEvery: 20 }],
    ['A store whose reads fall back', { staleEvery: 20 }],
    ['A store that damages bytes', { damagedEvery: 50 }],
    ['A store that does an increment twice', { doublesEvery: 2 }],
    ['A store that forgets an increment', { skipsEvery: 2 }],
    ['A store whose changes are made of an old value', { forksEvery: 3 }],
    ['A store that does a change twice', { repeatsEvery: 3 }],
    ['A store whose deleted keys come back', { revivesEvery: 2 }],
    ['A store that forgets what its former members decided', { forgetsEvery: 2 }],
  ])('%s is found out', async (_, faults) => {
    const { summary, isGood, violations } = await demo(faults);
    expect(isGood).toBe(false);
    expect(summary.lost + summary.stale).toBeGreaterThan(0);
    expect(violations.length).toBeGreaterThan(0);
  });

  it('A store that drops the last writes of all keys has lost them', async () => {
    const { summary } = await demo({ dropsAfter: 14_000 }); // Of 15,000 operations.
    expect(summary.lost).toBeGreaterThan(0);
  });

  it('A store that forgets increments has lost them, at last', async () => {
    const { summary, violations } = await demo({ skipsEvery: 2 }, { ...OPTIONS, seconds: 0.2 });
    expect(summary.lost).toBeGreaterThan(0);
    expect(violations[0]?.read).toMatch(/increment to|read of \d/);
  });

  it('A failure that ends the cluster ends the demo, and everything is let go', async () => {
    const error = new QuorateError('ERR_QUORATE_STATE_LOST', 'Cannot go on');
    await expect(demo({ failsAfter: { operations: 100, error } })).rejects.toBe(error);
  });

  it('Other failures are counted as what they are: writes that may have happened', async () => {
    const failsAfter = { operations: 300, error: new Error('No reason') };
    const report = await demo({ failsAfter }, { ...OPTIONS, seconds: 0.1 });
    expect([report.summary.stale, report.summary.lost, report.firstFailure]).toEqual([0, 0, 'No reason']);
    expect(report.failed).toBeGreaterThan(0);
    expect(report.failures).toEqual([expect.stringMatching(/^\d+ keys could not be read at level all$/)]);
  });
});

describe('runDemo with a trace', () => {
  it('It runs to the end of the file, and judges every key', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'quorate-'));
    try {
      const path = join(folder, 'trace.csv');
      const lines = Array.from({ length: 2000 }, (_, n) => `1,${n},${n % 3 === 0 ? '28' : '2a'},${n % 9000},${n % 97}`);
      await writeFile(path, ['version,time,op,size,lbn', ...lines, ''].join('\n'));
      const plan = { ...OPTIONS.plan, trace: { path, isRepeated: false } };
      const { summary, isGood, failures } = await demo(
        {},
        {
          ...OPTIONS,
          seconds: undefined,
          killsMin: 0,
          memberChangesMin: 0,
          plan,
        },
      );
      expect({ isGood, failures }).toEqual({ isGood: true, failures: [] });
      expect(summary.operations).toBe(2000);
      const repeated = { ...plan, trace: { path, isRepeated: true } };
      const again = await demo({}, { ...OPTIONS, seconds: 0.5, plan: repeated });
      expect(again.summary.lost + again.summary.stale).toBe(0);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('The report', () => {
  it('It has exactly the fields that are promised', async () => {
    const { summary } = await demo({}, { ...OPTIONS, seconds: 0.1 });
    const latency = {
      p50: expect.any(Number),
      p99: expect.any(Number),
      p999: expect.any(Number),
      max: expect.any(Number),
    };
    expect(summary).toStrictEqual({
      replicas: 5,
      seconds: expect.any(Number),
      operations: expect.any(Number),
      operationsPerSecond: expect.any(Number),
      latencyUs: { get: latency, put: latency },
      kills: { terminate: expect.any(Number), hang: expect.any(Number), oom: expect.any(Number) },
      recoveryMs: { p50: expect.any(Number), max: expect.any(Number) },
      memberChanges: { done: expect.any(Number), undone: 0, msMax: expect.any(Number) },
      longestStallMs: expect.any(Number),
      acknowledgedWrites: expect.any(Number),
      lost: 0,
      stale: 0,
      unknown: 0,
      wakeUpsPerOperation: expect.any(Number),
      rssMb: expect.any(Number),
    });
  });
});
