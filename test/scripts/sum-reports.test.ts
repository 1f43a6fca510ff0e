import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const SCRIPT = join(import.meta.dirname, '../../scripts/sum-reports.mjs');

/** What is printed for these files, two steps that passed and those that failed. */
function sum(files: Readonly<Record<string, string>>, ...failed: readonly string[]): { code: number; lines: string[] } {
  const folder = mkdtempSync(join(tmpdir(), 'quorate-'));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const args = [SCRIPT, folder, '2', String(failed.length), ...failed];
    const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    return { code: status ?? -1, lines: stdout.trimEnd().split('\n') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A report of vitest with one passed test, and one that failed with `message` if given. */
function report(message?: string): string {
  const failures =
    message === undefined ? [] : [{ status: 'failed', fullName: 'It holds', failureMessages: [message] }];
  const file = { name: join(process.cwd(), 'test/a.test.ts'), status: 'passed', message: '' };
  const assertionResults = [{ status: 'passed', fullName: 'It runs', failureMessages: [] }, ...failures];
  return JSON.stringify({
    numPassedTests: 1,
    numFailedTests: failures.length,
    numPendingTests: 0,
    testResults: [{ ...file, assertionResults }],
  });
}

function log(lines: number): string {
  return Array.from({ length: lines }, (_, line) => `\u001B[31mline ${line}\u001B[39m\n`).join('\n');
}

it('The last line adds up tests and steps; the exit code says whether one failed', () => {
  expect(sum({ 'tests.json': report(), 'lint.log': log(1) })).toEqual({
    code: 0,
    lines: ['tests.json: 1 passed, 0 failed, 0 skipped', '3 passed, 0 failed'],
  });
});

it('Of a failed step the last 15 lines of its output stand right before the last line', () => {
  const { code, lines } = sum({ 'demo.log': log(40), 'lint.log': log(3) }, 'demo');
  expect(code).toBe(1);
  expect(lines[0]).toBe('failed step: demo');
  expect(lines.slice(1, -1)).toEqual(Array.from({ length: 15 }, (_, line) => `    line ${line + 25}`));
  expect(lines.at(-1)).toBe('2 passed, 1 failed');
});

it('A failed step of tests whose report names them needs no more; one whose report does not says how it ended', () => {
  const files = {
    'tests.json': report('Too bad'),
    'tests.log': log(9),
    'Node.js 22.json': report(),
    'Node.js 22.log': log(1),
  };
  const { lines } = sum(files, 'tests', 'Node.js 22');
  expect(lines.slice(-4)).toEqual([
    'failed step: tests',
    'failed step: Node.js 22',
    '    line 0',
    '4 passed, 3 failed',
  ]);
  expect(lines).toContain('  test/a.test.ts > It holds');
});

it('A failed step without output is named', () => {
  expect(sum({}, 'demo').lines).toEqual(['failed step: demo', '    (it left no output)', '2 passed, 1 failed']);
});
