import { describe, expect, it } from 'vitest';
import { benchCommand } from '../../../bench/harness/command.ts';
import { expectAnswer } from '../../../bench/harness/subject.ts';

async function run(...args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const code = await benchCommand(args, {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
  });
  return { code, out, err };
}

describe('The bench command', () => {
  it('Prints one JSON array, an entry for each subject of the folder, with --json', { timeout: 60_000 }, async () => {
    const { code, out, err } = await run('--json', '--passes', '1', '--seconds', '0.01', 'bench/floor');
    expect(code, err).toBe(0);
    const entries: unknown = JSON.parse(out);
    if (!Array.isArray(entries)) throw new Error(`No array: ${out}`);
    expect(entries.length).toBeGreaterThan(5);
    for (const entry of entries) {
      expect(entry).toEqual({
        folder: 'bench/floor',
        question: expect.any(String),
        subject: expect.any(String),
        value: expect.any(Number),
        unit: expect.any(String),
        ratios: expect.any(Object),
      });
    }
    const ratios = expect.objectContaining({ postMessage: expect.any(Number) });
    expect(entries).toContainEqual(expect.objectContaining({ subject: 'bare ring', ratios }));
  });

  it('Prints a table with the machine, its load and the Node.js version without --json', async () => {
    const { code, out, err } = await run('--passes', '1', '--seconds', '0.01', '--only', 'one shared word', 'floor');
    expect(code, err).toBe(0);
    expect(out).toContain(`Node ${process.version}`);
    expect(out).toMatch(/\d+ cores .*, load [\d.]+ [\d.]+ [\d.]+; median of 1 passes/);
    expect(out).toContain('update one shared word (ops/s)');
  });

  it('Answers a wrong answer with exit code 1, names the subject, and prints no figures', async () => {
    let out = '';
    let err = '';
    const contender = { check: () => expectAnswer(3, 2, 'the sum'), pass: () => 1, close: () => {} };
    const subject = { question: 'add', subject: 'broken', unit: 'ops/s', open: () => Promise.resolve(contender) };
    const code = await benchCommand(
      ['--json', 'layer'],
      { out: (text) => void (out += text), err: (text) => void (err += text) },
      () => Promise.resolve([[{ folder: 'layer', subject }]]),
    );
    expect(code).toBe(1);
    expect(err).toContain('Cannot trust layer/broken for "add": Wrong answer: the sum is 3, must be 2');
    expect(out).toBe('');
  });

  it.each([
    [['attic'], 'Cannot find "attic": use floor, layer, cluster, peers'],
    [['floor', 'bench/cellar'], 'Cannot find "bench/cellar": use floor, layer, cluster, peers'],
    [['--passes', '0'], 'Cannot use --passes 0: it must be an integer from 1 to 100'],
    [['--seconds', 'x'], 'Cannot use --seconds x: it must be from 0.01 to 60'],
    [['--colour'], 'Unknown option'],
  ])('Answers %j with exit code 2 and a reason', async (args, reason) => {
    const { code, out, err } = await run(...args);
    expect(code).toBe(2);
    expect(err).toContain(reason);
    expect(out).toBe('');
  });

  it('Explains itself with --help', async () => {
    const { code, out } = await run('--help');
    expect(code).toBe(0);
    expect(out).toContain('Usage: bench');
  });
});
