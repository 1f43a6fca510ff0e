import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createRing } from '../../src/ring/spsc-ring.ts';
import { CONSUMED, CONVICTED, NEVER, VICTIM_EPOCH, WORDS } from '../fixtures/supervision/relay-orders.ts';
import type { Relay } from '../fixtures/supervision/relay-orders.ts';
import { fixture } from './keepers.ts';

const BLOCKED_MS = 5_000;
const KILL_AFTER_MS = 1_000;

describe('A supervisor in a thread of its own', () => {
  it(
    'S11: heals, keeps rings flowing and convicts nobody while the main thread is blocked for 5 s',
    {
      timeout: 30_000,
    },
    async () => {
      const words = new Int32Array(new SharedArrayBuffer(WORDS * 4));
      const ring = createRing(4096).words.buffer as SharedArrayBuffer;
      const supervisor = new Worker(fixture('relay-supervisor.ts'), { workerData: { words, ring } satisfies Relay });
      onTestFinished(async () => void (await supervisor.terminate()));
      await once(supervisor, 'message');
      const victimAlive = Atomics.waitAsync(words, VICTIM_EPOCH, 0, 1);
      await victimAlive.value;

      supervisor.postMessage(KILL_AFTER_MS);
      const consumedBefore = Atomics.load(words, CONSUMED);
      Atomics.wait(words, NEVER, 0, BLOCKED_MS);
      // Nothing of this thread has run since: what is true now became true while it was blocked.
      expect(Atomics.load(words, VICTIM_EPOCH), 'the victim was killed and replaced').toBe(2);
      expect(Atomics.load(words, CONSUMED) - consumedBefore, 'frames between the workers').toBeGreaterThan(1_000);
      expect(Atomics.load(words, CONVICTED), 'threads taken for hung').toBe(0);

      // And nobody is convicted by what the unblocked thread does next.
      await Atomics.waitAsync(words, NEVER, 0, 500).value;
      expect(Atomics.load(words, CONVICTED)).toBe(0);
    },
  );
});
