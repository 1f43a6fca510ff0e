import { createHash } from 'node:crypto';
import { channel } from 'node:diagnostics_channel';
import { afterEach, describe, expect, it } from 'vitest';
import { Offload } from '../../src/offload/offload.ts';
import type { TaskTable } from '../../src/offload/tasks.ts';
import type { HOSTILE_TASKS } from '../fixtures/offload/hostile-task.ts';

type Hostile = typeof HOSTILE_TASKS & TaskTable;

const HOSTILE_PROGRAM = new URL('../fixtures/offload/hostile-task.ts', import.meta.url);
const opened: AsyncDisposable[] = [];

function ours(): Offload {
  const offload = new Offload({ threadsMax: 1 });
  opened.push(offload);
  return offload;
}

function hostile(options: { readonly queueMax?: number } = {}): Offload<Hostile> {
  const offload = new Offload<Hostile>({ threadsMax: 1, program: HOSTILE_PROGRAM, ...options });
  opened.push(offload);
  return offload;
}

/** Shared words of a task that spins; resolves once the task began. */
function spinWords(): { readonly words: Int32Array; readonly began: Promise<unknown> } {
  const words = new Int32Array(new SharedArrayBuffer(8));
  const waiting = Atomics.waitAsync(words, 0, 0, 20_000);
  return { words, began: Promise.resolve(waiting.value) };
}

afterEach(async () => {
  await Promise.all(opened.splice(0).map((offload) => offload[Symbol.asyncDispose]()));
});

describe('The tasks of the off-load pool', () => {
  it('A hash is the one that this thread computes', async () => {
    const bytes = new TextEncoder().encode('quorum');
    await expect(ours().run('sha256', bytes)).resolves.toBe(createHash('sha256').update(bytes).digest('hex'));
  });

  it('What was compressed inflates to the same bytes, in fewer', async () => {
    const offload = ours();
    const bytes = new Uint8Array(100_000).map((_, index) => index & 7);
    const compressed = await offload.run('deflate', bytes);
    expect(compressed.byteLength).toBeLessThan(bytes.byteLength / 10);
    expect(compressed.buffer.byteLength).toBe(compressed.byteLength); // No pool travels along.
    await expect(offload.run('inflate', compressed)).resolves.toEqual(bytes);
  });

  it('Bytes that lie in shared memory or in a pooled buffer are copied when the task is submitted', async () => {
    const offload = hostile();
    const shared = new Uint8Array(new SharedArrayBuffer(64), 8, 3).fill(1);
    const echoed = offload.run('echo', shared);
    shared.fill(2);
    expect(await echoed).toEqual(new Uint8Array([1, 1, 1]));
    const pooled = (await offload.run('echo', Buffer.from('abc'))) as Uint8Array;
    expect([pooled.byteLength, pooled.buffer.byteLength]).toEqual([3, 3]);
  });
});

describe('Failures of the off-load pool', () => {
  it('An error of a task arrives with class, code, cause, properties and message', async () => {
    const error: unknown = await hostile()
      .run('fail', 'too far')
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(RangeError);
    expect(error).toMatchObject({ message: 'too far', code: 'E_FIXTURE', extra: 7 });
    expect((error as Error).cause).toBeInstanceOf(TypeError);
  });

  it('A typed error of a task stays a QuorateError', async () => {
    const failing = hostile().run('failTyped', undefined);
    await expect(failing).rejects.toMatchObject({
      name: 'QuorateError',
      code: 'ERR_QUORATE_MEMORY',
      fields: { bytes: 12 },
    });
  });

  it('What was thrown and cannot be sent is replaced by an error that says so', async () => {
    const failing = hostile().run('failUnsendable', undefined);
    await expect(failing).rejects.toMatchObject({ code: 'ERR_QUORATE_UNSENDABLE' });
  });

  it('An argument that cannot be sent rejects, and the pool serves the next task', async () => {
    const offload = hostile();
    await expect(offload.run('echo', () => {})).rejects.toMatchObject({ code: 'ERR_QUORATE_UNSENDABLE' });
    await expect(offload.run('echo', 1)).resolves.toBe(1);
  });

  it('A name that is no task rejects', async () => {
    await expect(ours().run('toString' as 'sha256', new Uint8Array())).rejects.toMatchObject({
      code: 'ERR_QUORATE_UNKNOWN_MESSAGE',
    });
  });

  it('A thread that exits rejects its task, and the pool serves the next one', async () => {
    const offload = hostile();
    await expect(offload.run('exit', undefined as never)).rejects.toMatchObject({ code: 'ERR_QUORATE_ACTOR_DEAD' });
    await expect(offload.run('echo', 1)).resolves.toBe(1);
  });

  it('Tasks that wait behind one whose thread ends are served', async () => {
    const offload = hostile();
    const exiting = expect(offload.run('exit', undefined as never)).rejects.toMatchObject({
      code: 'ERR_QUORATE_ACTOR_DEAD',
    });
    const waiting = [1, 2, 3].map((value) => offload.run('echo', value));
    await exiting;
    await expect(Promise.all(waiting)).resolves.toEqual([1, 2, 3]);
  });

  it('A program that does not load rejects every task', async () => {
    const offload = new Offload({ threadsMax: 1, program: new URL('./missing.ts', import.meta.url) });
    opened.push(offload);
    const failing = [1, 2].map(() => offload.run('sha256', new Uint8Array()));
    for (const outcome of await Promise.allSettled(failing)) {
      expect(outcome).toMatchObject({ reason: { code: 'ERR_QUORATE_ACTOR_DEAD' } });
    }
    await expect(offload.run('sha256', new Uint8Array())).rejects.toThrow('missing.ts');
  });

  it('A full queue rejects at once', async () => {
    const offload = hostile({ queueMax: 0 });
    const { words, began } = spinWords();
    const abort = new AbortController();
    const spinning = offload.run('spin', words, { signal: abort.signal });
    await began;
    await expect(offload.run('echo', 1)).rejects.toMatchObject({ code: 'ERR_QUORATE_OVERLOADED' });
    abort.abort();
    await expect(spinning).rejects.toMatchObject({ code: 'ERR_QUORATE_ABORTED' });
  });
});

describe('Ending a task of the off-load pool', () => {
  it('An abort ends a task that never ends by itself, and the pool serves the next one', async () => {
    const offload = hostile();
    const { words, began } = spinWords();
    const abort = new AbortController();
    const spinning = offload.run('spin', words, { signal: abort.signal });
    const rejected = expect(spinning).rejects.toMatchObject({ code: 'ERR_QUORATE_ABORTED', cause: 'enough' });
    await began;
    const waiting = offload.run('echo', 0);
    abort.abort('enough');
    await expect(waiting).resolves.toBe(0);
    await rejected;
    await expect(offload.run('echo', 1)).resolves.toBe(1);
    const turns = Atomics.load(words, 1);
    await expect(offload.run('echo', 2)).resolves.toBe(2);
    expect(Atomics.load(words, 1)).toBe(turns); // Its thread is gone, not merely forgotten.
  });

  it('A deadline ends a task as an abort does', async () => {
    const { words } = spinWords();
    const spinning = hostile().run('spin', words, { timeoutMs: 1 });
    await expect(spinning).rejects.toMatchObject({ code: 'ERR_QUORATE_TIMEOUT', fields: { timeoutMs: 1 } });
  });

  it('A signal that has fired before starts nothing', async () => {
    const { words } = spinWords();
    const spinning = hostile().run('spin', words, { signal: AbortSignal.abort('before') });
    await expect(spinning).rejects.toMatchObject({ code: 'ERR_QUORATE_ABORTED', cause: 'before' });
    expect(Atomics.load(words, 0)).toBe(0);
  });

  it('Aborts that race their results disturb no other task', async () => {
    const offload = hostile();
    const strays: unknown[] = [];
    const onStray = (message: unknown): unknown => strays.push(message);
    channel('quorate:offload:stray').subscribe(onStray);
    for (let attempt = 0; attempt < 20; attempt++) {
      const abort = new AbortController();
      const racing = offload.run('echo', attempt, { signal: abort.signal });
      if (attempt % 2 === 0) setImmediate(() => abort.abort());
      else abort.abort();
      const outcome: unknown = await racing.catch((error: unknown) => error);
      if (outcome !== attempt) expect(outcome).toMatchObject({ code: 'ERR_QUORATE_ABORTED' });
    }
    channel('quorate:offload:stray').unsubscribe(onStray);
    await expect(offload.run('echo', 'next')).resolves.toBe('next'); // Strays were published, and nothing crashed.
  });

  it('Closing rejects what runs and what comes later, and may be repeated', async () => {
    const offload = hostile();
    const { words, began } = spinWords();
    const spinning = offload.run('spin', words);
    const rejected = expect(spinning).rejects.toMatchObject({ code: 'ERR_QUORATE_CLOSED' });
    await began;
    await Promise.all([offload.close(), offload.close(), rejected]);
    await expect(offload.run('echo', 1)).rejects.toMatchObject({ code: 'ERR_QUORATE_CLOSED' });
  });

  it.each([
    [{ threadsMax: 0 }, 'threadsMax 0'],
    [{ queueMax: -1 }, 'queueMax -1'],
  ])('Options %j are refused', (options, named) => {
    expect(() => new Offload(options)).toThrow(named);
  });
});
