import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { nextMessage, programUrl } from '../../../bench/harness/program.ts';

function start(program: string): Worker {
  return new Worker(program, { eval: true });
}

describe('The next message of a thread', () => {
  it('Is what the thread posts', async () => {
    expect(await nextMessage(start(`require('node:worker_threads').parentPort.postMessage(42)`))).toBe(42);
  });

  it.each([
    ['process.exit(3)', 'The other thread ended with exit code 3'],
    [`throw new TypeError('no')`, 'no'],
  ])('Is never waited for in vain: after %j it rejects', async (program, reason) => {
    await expect(nextMessage(start(program))).rejects.toThrow(reason);
  });
});

describe('The URL of a program', () => {
  it.each([
    ['file:///a/bench/floor/ring.ts', 'file:///a/bench/floor/programs/echo.ts'],
    ['file:///a/dist/bench/floor/ring.js', 'file:///a/dist/bench/floor/programs/echo.js'],
  ])('Beside %s is %s', (from, expected) => {
    expect(programUrl('echo', from).href).toBe(expected);
  });
});
