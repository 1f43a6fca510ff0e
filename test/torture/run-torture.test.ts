import { describe, expect, it } from 'vitest';
import type { TortureOptions, TortureReport } from '../../src/torture/options.ts';
import { runTorture } from '../../src/torture/run-torture.ts';
import { replayCommand, testSeed } from '../support/seed.ts';

const FILE = 'test/torture/run-torture.test.ts';
const SECONDS = Number(process.env['QUORATE_TORTURE_SECONDS'] ?? 5);

type Given = Partial<TortureOptions> & Pick<TortureOptions, 'seed' | 'cluster' | 'seconds'>;

async function torture(given: Given): Promise<TortureReport> {
  const hooks = { signal: new AbortController().signal, onProgress: () => {} };
  return runTorture({ sabotage: undefined, clients: 4, mayStop: true, gapMs: 20, ...given }, hooks);
}

function textOf({ findings, failures }: TortureReport, seed: number): string {
  const texts = findings.map(({ text, history }) => `${text}\n${history}`);
  return [...failures, ...texts, replayCommand(FILE, seed)].join('\n');
}

describe('A cluster under torture', () => {
  it('is linearizable', { timeout: SECONDS * 1000 + 120_000 }, async () => {
    const seed = testSeed();
    const report = await torture({ seed, cluster: { replicas: 5 }, seconds: SECONDS, gapMs: 40 });
    expect(report.isGood, textOf(report, seed)).toBe(true);
    expect(report.summary).toMatchObject({ violations: 0, unknown: 0 });
    expect(report.summary.operations).toBeGreaterThan(0);
    expect(report.summary.histories).toBeGreaterThan(0);
    expect(report.summary.kills).toBeGreaterThan(0);
  });
});

describe('The torture of a cluster that lacks a rule', () => {
  // Short runs: what is left is checked when one ends. The test of the command line does the same without the catch-up.
  it('finds out that writes are acknowledged by one replica', { timeout: 240_000 }, async () => {
    const over = AbortSignal.timeout(180_000);
    const harms = ['terminate', 'burn', 'garbage'] as const;
    const broken = { cluster: { replicas: 3 }, sabotage: 'write-quorum', harms, seconds: 4 } as const;
    let seed = testSeed();
    let report: TortureReport;
    do report = await torture({ seed: seed++, ...broken });
    while (report.summary.violations === 0 && !over.aborted);
    expect(report.isGood).toBe(false);
    expect([...report.deaths.keys()]).not.toContain('stopped'); // That is how they end when the run is over.
    expect(report.findings[0], replayCommand(FILE, seed - 1)).toMatchObject({ verdict: 'illegal' });
  });
});
