import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { monotonicMs } from '../../src/base/clock.ts';

const PROGRAM = `
  const { parentPort } = require('node:worker_threads');
  parentPort.on('message', () => {
    const [seconds, nanoseconds] = process.hrtime();
    parentPort.postMessage(1000 * seconds + nanoseconds / 1e6);
  });
`;

describe('The shared clock', () => {
  afterEach(() => vi.restoreAllMocks());

  it('has one zero for all threads: what one reads lies between what another reads before and after', async () => {
    const worker = new Worker(PROGRAM, { eval: true });
    for (let look = 0; look < 20; look++) {
      const before = monotonicMs();
      worker.postMessage('look');
      const [there] = (await once(worker, 'message')) as [number];
      const after = monotonicMs();
      expect([before, there, after]).toEqual([before, there, after].sort((one, other) => one - other));
    }
    await worker.terminate();
  });

  it('does not go back, and takes no heed of the wall clock', () => {
    const before = monotonicMs();
    vi.spyOn(Date, 'now').mockReturnValue(0);
    vi.spyOn(performance, 'now').mockReturnValue(0);
    expect(monotonicMs()).toBeGreaterThanOrEqual(before);
  });
});
