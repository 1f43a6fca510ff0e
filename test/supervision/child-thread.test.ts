import { afterEach, describe, expect, it, vi } from 'vitest';
import { END_MS_MAX } from '../../src/base/limits.ts';
import { exitsInTime } from '../../src/supervision/child-thread.ts';
import type { ExitReason } from '../../src/supervision/exit-reason.ts';

afterEach(() => void vi.useRealTimers());

describe('Waiting for exits', () => {
  it('Settles with the last exit and leaves no timer', async () => {
    vi.useFakeTimers();
    await exitsInTime([Promise.resolve<ExitReason>({ kind: 'stopped' }), Promise.resolve<ExitReason>({ kind: 'oom' })]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('Does not wait for ever for a thread that is deaf to terminate()', async () => {
    vi.useFakeTimers();
    const waiting = exitsInTime([new Promise<ExitReason>(() => {})]);
    const rejected = expect(waiting).rejects.toMatchObject({ code: 'ERR_QUORATE_HUNG' });
    await vi.advanceTimersByTimeAsync(END_MS_MAX);
    await rejected;
  });
});
