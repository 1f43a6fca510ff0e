import { describe, expect, it } from 'vitest';
import type { Sabotage } from '../../src/cluster/sabotage.ts';
import type { TortureReport } from '../../src/torture/options.ts';
import { runTorture } from '../../src/torture/run-torture.ts';
import { replayCommand, testSeed } from '../support/seed.ts';

const FILE = 'test/torture/run-torture.test.ts';
const SECONDS = Number(process.env['QUORATE_TORTURE_SECONDS'] ?? 5);

async function torture(seed: number, replicas: number, given: { sabotage?: Sabotage; seconds: number }) {
  const { sabotage, seconds } = given;
  const { signal } = new AbortController();
  const hooks = { signal, onProgress: () => {} };
  const options = { cluster: { replicas }, sabotage, seconds, seed, clients: 3, mayStop: true, gapMs: 40 };
  return runTorture(options, hooks);
}

function textOf({ findings, failures }: TortureReport, seed: number): string {
  const texts = findings.map(({ text, history }) => `${text}\n${history}`);
  return [...failures, ...texts, replayCommand(FILE, seed)].join('\n');
}

describe('A cluster under torture', () => {
  it('is linearizable', { timeout: SECONDS * 1000 + 120_000 }, async () => {
    const seed = testSeed();
    const report = await torture(seed, 5, { seconds: SECONDS });
    expect(report.isGood, textOf(report, seed)).toBe(true);
    expect(report.summary).toMatchObject({ violations: 0, unknown: 0 });
    expect(report.summary.operations).toBeGreaterThan(0);
    expect(report.summary.histories).toBeGreaterThan(0);
    expect(report.summary.kills).toBeGreaterThan(0);
  });
});

describe('The torture of a cluster that lacks a rule', () => {
  // The test of the command line does the same without the catch-up.
  it('finds out that writes are acknowledged by one replica', { timeout: 240_000 }, async () => {
    const seed = testSeed();
    const over = AbortSignal.timeout(120_000);
    let violations = 0;
    for (let run = 0; violations === 0 && !over.aborted; run++) {
      const { summary, findings } = await torture(seed + run, 3, { sabotage: 'write-quorum', seconds: 60 });
      violations = summary.violations;
      if (violations > 0) expect(findings[0]).toMatchObject({ verdict: 'illegal' });
    }
    expect(violations, replayCommand(FILE, seed)).toBeGreaterThan(0);
  });
});
