import { describe, expect, it } from 'vitest';
import { tableOf, type DemoReport } from '../../../src/cli/demo/report.ts';

const GOOD: DemoReport = {
  summary: {
    replicas: 5,
    seconds: 10.02,
    operations: 1_234_567,
    operationsPerSecond: 123_210,
    latencyUs: {
      get: { p50: 612, p99: 1830, p999: 24_512, max: 512_000 },
      put: { p50: 700, p99: 2000, p999: 99_999, max: 12_000_000 },
    },
    kills: { terminate: 7, hang: 7, oom: 6 },
    recoveryMs: { p50: 31.4, max: 812.3 },
    memberChanges: { done: 5, undone: 1, msMax: 823.4 },
    longestStallMs: 48.2,
    acknowledgedWrites: 345_678,
    lost: 0,
    stale: 0,
    unknown: 3,
    wakeUpsPerOperation: 0.0712,
    rssMb: 402.7,
  },
  options: {
    cluster: { replicas: 5 },
    seconds: 10,
    killsPerSecond: 2,
    killsMin: 12,
    memberChangesPerSecond: 0.5,
    memberChangesMin: 4,
    plan: { clients: 2, concurrency: 64, seed: 42, keys: 10_000, valueBytes: 100, valueBytesMax: 100 },
  },
  changeUs: { p50: 1500, p99: 4000, p999: 5000, max: 600_000 },
  mix: {
    gets: 900_000,
    puts: 300_000,
    deletes: 4000,
    updates: 25_000,
    compareAndSets: 5000,
    conflicts: 77,
    increments: 567,
    unknownFinally: 0,
  },
  memberChangeKinds: { replace: 2, grow: 1, shrink: 1, quorums: 1, copies: 0 },
  killsWithUnread: 18,
  putOffMs: 0,
  unexpectedDeaths: 0,
  unavailable: 0,
  failed: 0,
  firstFailure: undefined,
  rssPeakMb: 420.1,
  violations: [],
  failures: [],
  isGood: true,
};
const plain = (_style: string, text: string): string => text;

describe('The table of a good run', () => {
  it('It shows each figure in a unit that a person reads', () => {
    const table = tableOf(GOOD, plain);
    expect(table).toContain('123,210 operations per second while replicas were killed 2.0 times a second');
    expect(table).toContain('5 replicas, R = 3, W = 3');
    expect(table).toMatch(/get +612 us +1\.83 ms +24\.5 ms +512 ms/);
    expect(table).toMatch(/put +700 us +2 ms +100 ms +12\.0 s/);
    expect(table).toMatch(/change +1\.5 ms +4 ms +5 ms +600 ms/);
    expect(table).toContain('900,000 gets, 300,000 puts, 4,000 deletes');
    expect(table).toContain('25,000 updates, 5,000 compare-and-sets (77 conflicts), 567 increments');
    expect(table).toContain('20: terminate 7, hang 7, oom 6; 18 hit a replica with unread frames');
    expect(table).toContain('p50 31.4 ms, max 812 ms');
    const members = 'changed 5 times: replace 2, grow 1, shrink 1, quorums 1; 1 taken back, the longest took 823 ms';
    expect(table).toContain(members);
    expect(table).toContain('403 MiB, at most 420 MiB');
    expect(table).toMatch(/lost +0\n +stale +0\n +unknown +3 writes/);
    expect(table).toContain('Nothing acknowledged was lost, and no read was stale.');
    expect(table).not.toMatch(/unavailable|failed|other deaths/);
  });

  it('It shows no changes where there were none, and says which unknown ones stay so', () => {
    const none = { ...GOOD.mix, updates: 0, compareAndSets: 0, conflicts: 0, increments: 0 };
    expect(tableOf({ ...GOOD, mix: none }, plain)).not.toMatch(/change +\d|updates/);
    const some = tableOf({ ...GOOD, mix: { ...GOOD.mix, unknownFinally: 2 } }, plain);
    expect(some).toContain('3 writes that may or may not have happened; 2 were changes, overwritten since');
  });

  it('It shows how keys are spread, and members that did not change', () => {
    const options = { ...GOOD.options, cluster: { threads: 7, replicationFactor: 3 } };
    const memberChanges = { done: 0, undone: 0, msMax: 0 };
    const table = tableOf({ ...GOOD, options, summary: { ...GOOD.summary, memberChanges } }, plain);
    expect(table).toContain('7 replicas, N = 3, R = 2, W = 2');
    expect(table).toMatch(/members +not changed/);
  });

  it('It says for how long kills were put off, if they were', () => {
    expect(tableOf(GOOD, plain)).not.toContain('put off');
    const some = tableOf({ ...GOOD, putOffMs: 2345.6 }, plain);
    expect(some).toContain('put off for 2346 ms in all, since the quorums would not have survived one more');
  });

  it('No line is longer than 120 columns', () => {
    for (const line of tableOf(GOOD, plain).split('\n')) expect(line.length).toBeLessThanOrEqual(120);
  });
});

describe('The table of a bad run', () => {
  it('It names what was wrong, what proves it, and how to run it again', () => {
    const table = tableOf(
      {
        ...GOOD,
        summary: { ...GOOD.summary, lost: 1, stale: 2 },
        unavailable: 4,
        failed: 5,
        firstFailure: 'No reason',
        unexpectedDeaths: 1,
        violations: [{ kind: 'lost', key: 77, read: 'final read of nothing [9, 10]', against: 'write 0:3' }],
        failures: ['Replica 3 is down at the end'],
        isGood: false,
      },
      plain,
    );
    expect(table).toMatch(/lost +1\n +stale +2/);
    expect(table).toMatch(/lost +key 77: final read of nothing \[9, 10\], against write 0:3/);
    expect(table).toContain('4 requests had no quorum');
    expect(table).toContain('5 requests, the first: No reason');
    expect(table).toContain('1 not killed by us');
    expect(table).toContain('Replica 3 is down at the end');
    expect(table).toContain('FAILED. Same load and kills again: --seed 42');
  });
});
