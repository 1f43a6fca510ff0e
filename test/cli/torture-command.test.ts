import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseHistory } from '../../src/check/formats/parse-history.ts';
import { checkLinearizable } from '../../src/check/linearizability.ts';
import { registerModel } from '../../src/check/models/register.ts';
import type { CliIo, EndSignal } from '../../src/cli/io.ts';
import { ProgressLine } from '../../src/cli/io.ts';
import { main } from '../../src/cli/main.ts';
import { progressPrinter } from '../../src/cli/torture-command.ts';

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function ignore(): void {}

/** Runs the command; `interrupt` is called with what sends the signal, when there is progress. */
async function torture(
  argv: readonly string[],
  interrupt?: (send: () => void, progress: string) => void,
): Promise<Ran> {
  const written = { stdout: '', stderr: '' };
  const listeners: ((signal: EndSignal) => void)[] = [];
  const io: CliIo = {
    stdout: { write: (text) => (written.stdout += text) },
    stderr: {
      write: (text) => {
        written.stderr += text;
        interrupt?.(() => listeners.splice(0).forEach((listener) => listener('SIGINT')), text);
      },
    },
    env: {},
    onSignal: (given) => {
      listeners.push(given);
      return ignore;
    },
    exit: () => {
      throw new Error('One signal drains');
    },
  };
  return { code: await main(['torture', ...argv], io), ...written };
}

/** What is written about a run of so many seconds, in which as much happens as in any other. */
function progressOf(seconds: number): string[] {
  const shown: string[] = [];
  const onProgress = progressPrinter(new ProgressLine({ stderr: { write: (text) => shown.push(text) } }), seconds);
  const counts = { operations: 1234, kills: 5, histories: 6, violations: 0, unknown: 0, waiting: 0 };
  for (let ms = 1000; ms < seconds * 1000; ms += 1000) onProgress({ ...counts, elapsedMs: ms });
  return shown;
}

describe('quorate torture', () => {
  it.each([
    [['--seconds', '0'], '--seconds'],
    [['--seed', '-1'], '--seed'],
    [['--replicas', '16'], '--replicas'],
    [['--clients', '1'], 'an integer from 2 to 7'],
    [['--sabotage', 'nothing'], 'it must be one of write-quorum'],
    [['--harm', 'terminate,rain'], 'Cannot use --harm "rain": it must be one of terminate, fail point'],
    [['--read', '1', '--write', '1'], 'ERR_QUORATE_CONFIGURATION'],
    [['--replicas', '3', '--replication-factor', '2'], 'Cannot use replicas 3 with replicationFactor 2'],
    [['extra'], 'Cannot use the argument "extra"'],
  ])('with %j ends with exit code 2 and says why', async (argv, word) => {
    const { code, stdout, stderr } = await torture(argv);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(word);
  });

  it('prints one JSON object of five numbers, and the seed on stderr', { timeout: 60_000 }, async () => {
    const { code, stdout, stderr } = await torture(['--seconds', '2', '--replicas', '3', '--seed', '7', '--json']);
    expect(code, stderr).toBe(0);
    expect(stdout.split('\n')).toHaveLength(2);
    const summary: unknown = JSON.parse(stdout);
    expect(Object.keys(summary as object)).toEqual(['operations', 'kills', 'histories', 'violations', 'unknown']);
    expect(summary).toMatchObject({ violations: 0, unknown: 0 });
    expect(stderr).toContain('seed 7');
  });

  it('tells how far it is about ten times where there is no terminal, and each minute at least', async () => {
    expect(progressOf(100)).toHaveLength(10);
    expect(progressOf(3600)).toHaveLength(60);
    expect(progressOf(3600)[1]).toBe('61 of 3600 s: 1,234 operations, 5 kills, 6 histories\n');
  });

  it('ends early at SIGINT, and checks what was done', { timeout: 60_000 }, async () => {
    const argv = ['--seconds', '600', '--replicas', '3', '--clients', '2'];
    const { code, stdout, stderr } = await torture(argv, (send, text) => {
      if (text.includes('operations')) send();
    });
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('Every history is linearizable');
    expect(stdout).toMatch(/^members {5}changed \d+ times, \d+ taken back; at most \d+ ms$/m);
    expect(stdout).toMatch(/^changes {5}[\d,]+ decided, [\d,]+ conflicts, [\d,]+ of which nobody will ever know$/m);
  });

  it('ends with exit code 1 and saves what is wrong, for quorate check', { timeout: 240_000 }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'quorate-torture-'));
    try {
      let ran: Ran;
      const over = AbortSignal.timeout(180_000);
      do {
        const harm = ['--replicas', '3', '--sabotage', 'catch-up', '--gap-ms', '5', '--harm', 'terminate'];
        ran = await torture([...harm, '--seconds', '8', '--out', folder]);
      } while ((await readdir(folder)).length === 0 && !over.aborted);
      expect(ran.code).toBe(1);
      expect(ran.stdout).toContain('FAILED');
      const [file = ''] = await readdir(folder);
      expect(ran.stderr).toContain(`quorate check ${join(folder, file)} --model register`);
      const saved = parseHistory(await readFile(join(folder, file), 'utf8'));
      expect(checkLinearizable(saved, registerModel()).verdict).toBe('illegal');
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
