import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseHistory } from '../../src/check/formats/parse-history.ts';
import { checkLinearizable } from '../../src/check/linearizability.ts';
import { registerModel } from '../../src/check/models/register.ts';
import type { CliIo, EndSignal } from '../../src/cli/io.ts';
import { main } from '../../src/cli/main.ts';

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

describe('quorate torture', () => {
  it.each([
    [['--seconds', '0'], '--seconds'],
    [['--seed', '-1'], '--seed'],
    [['--replicas', '10'], '--replicas'],
    [['--clients', '1'], 'an integer from 2 to 8'],
    [['--sabotage', 'nothing'], 'it must be one of write-quorum'],
    [['--read', '1', '--write', '1'], 'ERR_QUORATE_CONFIGURATION'],
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

  it('ends early at SIGINT, and checks what was done', { timeout: 60_000 }, async () => {
    const argv = ['--seconds', '600', '--replicas', '3', '--clients', '2'];
    const { code, stdout, stderr } = await torture(argv, (send, text) => {
      if (text.includes('operations')) send();
    });
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('Every history is linearizable');
  });

  it('ends with exit code 1 and saves what is wrong, for quorate check', { timeout: 240_000 }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'quorate-torture-'));
    try {
      let ran: Ran;
      const over = AbortSignal.timeout(90_000);
      do {
        const harm = ['--replicas', '3', '--sabotage', 'catch-up', '--gap-ms', '20'];
        ran = await torture([...harm, '--seconds', '60', '--out', folder]);
      } while (ran.code === 0 && !over.aborted);
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
