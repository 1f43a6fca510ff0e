import { describe, expect, it } from 'vitest';
import type { Sabotage } from '../../../src/cluster/sabotage.ts';
import type { DemoOptions } from '../../../src/cli/demo/plan.ts';
import { openStage } from '../../../src/cli/demo/cluster-stage.ts';
import { tableOf } from '../../../src/cli/demo/report.ts';
import { runDemo } from '../../../src/cli/demo/run-demo.ts';
import type { CliIo } from '../../../src/cli/io.ts';
import { main } from '../../../src/cli/main.ts';

// The demo as it is shipped: replicas in threads of their own, killed for real.
async function demo(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const written = { stdout: '', stderr: '' };
  const io: CliIo = {
    stdout: { write: (text) => (written.stdout += text) },
    stderr: { write: (text) => (written.stderr += text) },
    env: {},
    onSignal: () => () => {},
    exit: () => {
      throw new Error('Nothing ends the process here');
    },
  };
  return { code: await main(['demo', ...argv], io), ...written };
}

describe('quorate demo', () => {
  it(
    'It ends with exit code 0 and one JSON object on stdout; nothing was lost or stale',
    { timeout: 60_000 },
    async () => {
      const { code, stdout, stderr } = await demo('--seconds', '1.5', '--keys', '500', '--seed', '7', '--json');
      expect(code, stderr).toBe(0);
      expect(stdout.split('\n').length).toBe(2);
      const summary: unknown = JSON.parse(stdout);
      expect(summary).toMatchObject({ replicas: 5, lost: 0, stale: 0, memberChanges: { done: expect.any(Number) } });
      expect(Object.keys(summary as object)).toEqual([
        'replicas',
        'seconds',
        'operations',
        'operationsPerSecond',
        'latencyUs',
        'kills',
        'recoveryMs',
        'memberChanges',
        'longestStallMs',
        'acknowledgedWrites',
        'lost',
        'stale',
        'unknown',
        'wakeUpsPerOperation',
        'rssMb',
      ]);
    },
  );

  it.each<[what: string, sabotage: Sabotage, harm: Partial<DemoOptions>]>([
    ['the catch-up of restarted replicas', 'catch-up', { killsPerSecond: 5, memberChangesPerSecond: 1 }],
    [
      'a look at what former members had decided',
      'rescan',
      { cluster: { replicas: 3, threadsMax: 5 }, memberChangesPerSecond: 10 },
    ],
  ])('Without %s the judge finds it out within a minute', { timeout: 90_000 }, async (_, sabotage, harm) => {
    const found = new AbortController();
    const report = await runDemo(
      {
        cluster: { replicas: 5, threadsMax: 7, replicaHeapMb: 32 },
        seconds: 60,
        killsPerSecond: 0,
        killsMin: 0,
        memberChangesPerSecond: 0,
        memberChangesMin: 0,
        plan: { clients: 2, concurrency: 32, seed: 7, keys: 5000, valueBytes: 32, valueBytesMax: 32 },
        ...harm,
      },
      (options) => openStage(options, sabotage),
      {
        signal: found.signal,
        onProgress: ({ stale }) => {
          if (stale > 0) found.abort();
        },
      },
    );
    expect(report.isGood).toBe(false);
    expect(report.summary.lost + report.summary.stale).toBeGreaterThan(0);
    expect(tableOf(report, (_style, text) => text)).toMatch(/FAILED\. .*--seed 7/);
  });
});
