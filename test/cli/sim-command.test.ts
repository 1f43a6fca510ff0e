import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { CliIo } from '../../src/cli/io.ts';
import { main } from '../../src/cli/main.ts';

const TIMEOUT_MS = 60_000;
const FOLDER = mkdtempSync(join(tmpdir(), 'quorate-sim-'));
/** It is made when it is needed. */
const OUT = join(FOLDER, 'failures', 'of-today');
afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));

/** Hears the end signal at once. */
const INTERRUPTED: Partial<CliIo> = {
  onSignal: (listener) => {
    queueMicrotask(() => listener('SIGINT'));
    return () => undefined;
  },
};

async function run(...argv: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return await runWith({}, argv);
}

async function runWith(
  more: Partial<CliIo>,
  argv: readonly string[],
): Promise<{ code: number; stdout: string; stderr: string }> {
  const written = { stdout: '', stderr: '' };
  const io: CliIo = {
    stdout: { write: (text) => (written.stdout += text) },
    stderr: { write: (text) => (written.stderr += text) },
    env: {},
    onSignal: () => () => {},
    exit: () => expect.unreachable(),
    ...more,
  };
  return { code: await main(['sim', ...argv], io), ...written };
}

function parsed(text: string): Record<string, unknown> {
  return JSON.parse(text) as Record<string, unknown>;
}

describe('quorate sim', () => {
  it(
    'prints the same JSON for the same seeds but for the speed, and ends with 0',
    async () => {
      const [first, second] = [
        await run('--seed', '1', '--seeds', '250', '--json'),
        await run('--seed', '1', '--seeds', '250', '--json'),
      ];
      expect([first.code, second.code]).toEqual([0, 0]);
      const [{ runsPerSecond, ...one }, { runsPerSecond: again, ...other }] = [
        parsed(first.stdout),
        parsed(second.stdout),
      ];
      expect(other).toEqual(one);
      expect([runsPerSecond, again].every((speed) => typeof speed === 'number' && speed > 0)).toBe(true);
      expect(one).toEqual({
        runs: 250,
        events: expect.any(Number),
        virtualSeconds: expect.any(Number),
        faults: expect.objectContaining({ crash: expect.any(Number), loss: expect.any(Number) }),
        violations: 0,
        sometimes: expect.objectContaining({ 'a replica recovers': expect.any(Number) }),
        seed: 1,
        hash: expect.stringMatching(/^[0-9a-f]{16}$/),
      });
    },
    TIMEOUT_MS,
  );

  it(
    'that is interrupted reports what has been run, and says that it is not all',
    async () => {
      const million = ['--seed', '1', '--seeds', '1000000'];
      const { code, stdout, stderr } = await runWith(INTERRUPTED, [...million, '--json']);
      expect(code).toBe(0);
      expect(parsed(stdout)['runs']).toBeLessThan(100_000);
      expect(stderr).toMatch(/^ended early: \d+( \d{3})* of 1 000 000 seeds$/m);
      expect((await runWith(INTERRUPTED, million)).stdout).not.toContain('NaN');
    },
    TIMEOUT_MS,
  );

  it('prints a report for people', async () => {
    const { code, stdout } = await run('--seed', '3', '--profile', 'crash-storm');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^1 runs from seed 3: no violation\n.*runs\/s, .*events\/s.*\n.*hash [0-9a-f]{16}\n/);
  });

  it(
    'ends with 1 when a run goes wrong, shrinks it, and replays the file',
    async () => {
      const { code, stdout, stderr } = await run(
        ...'--seed 0 --seeds 60 --profile duplicate-storm --without keepsNewest --json --out'.split(' '),
        OUT,
      );
      expect(code).toBe(1);
      expect(parsed(stdout)['violations']).toBeGreaterThan(0);
      expect(stderr).toMatch(/replay: quorate sim --seed \d+ --profile duplicate-storm --without keepsNewest\n/);
      expect(stderr).toMatch(/shrunk to \d+ steps in \d+ runs: quorate sim --replay /);
      const [file = '', picture = ''] = readdirSync(OUT).toSorted();
      expect(readFileSync(join(OUT, picture), 'utf8')).toMatch(
        /^<svg [^]*(?:linearizability|session): seed \d+, duplicate-storm/,
      );
      const replayed = await run('--replay', join(OUT, file));
      expect(replayed.code).toBe(1);
      expect(replayed.stdout).toContain('accept(b');
      expect(replayed.stderr).toMatch(/linearizability|session/);
      expect(parsed((await run('--replay', join(OUT, file), '--json')).stdout)).toMatchObject({
        runs: 1,
        violations: 1,
      });
    },
    TIMEOUT_MS,
  );

  it.each([
    [['--seeds', '0'], 'Cannot use --seeds "0": it must be an integer from 1 to'],
    [['--seed', 'x'], 'Cannot use --seed "x"'],
    [['--profile', 'sunshine'], 'Cannot use --profile "sunshine": it must be one of calm, crash-storm,'],
    [['--without', 'gravity'], 'Cannot take away the rule gravity'],
    [['--replay', join(FOLDER, 'missing.json')], 'it cannot be read'],
    [['--replay', 'x.json', '--seeds', '3'], 'Cannot use --seeds with --replay: the file says what is run'],
    [['--replay', 'x.json', '--out', 'y'], 'Cannot use --out with --replay'],
  ])('refuses %j with 2', async (argv, message) => {
    const { code, stderr } = await run(...argv);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  });

  it('refuses a file that is no regression with 2', async () => {
    const path = join(FOLDER, 'other.txt');
    writeFileSync(path, '{"format":"other"}');
    expect(await run('--replay', path)).toMatchObject({ code: 2 });
  });
});
