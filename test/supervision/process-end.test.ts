import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Order } from '../fixtures/supervision/orders.ts';
import { fixture } from './keepers.ts';

interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
}

/** Runs a process whose threads do `order`, sends it a signal once they run, and waits for its end. */
async function runUntil(signal: NodeJS.Signals | undefined, order: Order): Promise<End> {
  const child = spawn(process.execPath, [fileURLToPath(fixture('process.ts')), order], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const output = text(child.stdout);
  const ended = once(child, 'exit');
  await Promise.race([once(child.stdout, 'data'), ended]);
  if (signal !== undefined) child.kill(signal);
  const [code, endSignal] = (await ended) as [number | null, NodeJS.Signals | null];
  return { code, signal: endSignal, output: await output };
}

describe('A process with supervised threads', () => {
  it.each(['idle', 'spin', 'wait'] as const)(
    'S12: ends by itself, with code 0, once SIGTERM has stopped its keeper; threads do "%s"',
    async (order) => {
      expect(await runUntil('SIGTERM', order)).toEqual({ code: 0, signal: null, output: 'running\nstopped\n' });
    },
  );

  it.each(['spin', 'wait'] as const)('S12: exits at once on process.exit(); threads do "%s"', async (order) => {
    expect(await runUntil('SIGINT', order)).toMatchObject({ code: 0, signal: null });
  });

  it('S13: is killed by a thread that kills it: actors are trusted code', async () => {
    expect(await runUntil(undefined, 'kill the process')).toMatchObject({ code: null, signal: 'SIGKILL' });
  });
});
