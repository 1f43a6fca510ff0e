import { describe, expect, it } from 'vitest';
import type { Order } from '../fixtures/supervision/orders.ts';
import { BYTES, GO } from '../fixtures/supervision/orders.ts';
import type { ExitReason } from '../../src/supervision/exit-reason.ts';
import type { HangMeasurement } from '../../src/supervision/hang-watch.ts';
import { isHung, measure } from '../../src/supervision/hang-watch.ts';
import { slotToShed } from '../../src/supervision/memory-watch.ts';
import type { Directive } from '../../src/supervision/restart-policy.ts';
import type { ThreadKeeperOptions } from '../../src/supervision/thread-keeper.ts';
import { deferred, fixture, next, openKeeper } from './keepers.ts';
import type { TestKeeper, TestKeeperOptions } from './keepers.ts';

/** Misbehaves in its first incarnation, then is idle. */
const once =
  (order: Order) =>
  (_slot: number, epoch: number): Order =>
    epoch === 1 ? order : 'idle';

/** Starts one slot that does `order`; settles when it is down and its successor was promoted. */
async function fail(order: Order, options: TestKeeperOptions = {}): Promise<TestKeeper & { reason: ExitReason }> {
  const opened = openKeeper({ order: once(order), ...options });
  const down = next(opened.keeper, 'down');
  const restarted = next(opened.keeper, 'promoted', ({ epoch }) => epoch === 2);
  await opened.keeper.start();
  const { reason } = await down;
  await restarted;
  return { ...opened, reason };
}

describe('A thread keeper', () => {
  it('S2: a thread that is deaf to its end keeps its slot until it exits, and harms nobody', async () => {
    const timers: (() => void)[] = [];
    const exits: (() => void)[] = [];
    const { keeper, log } = openKeeper({
      doors: {
        startThread: (_entry, _options, listeners) => {
          const exited = deferred<ExitReason>();
          const thread = { threadId: exits.length, post: () => {}, end: () => exited.promise };
          exits.push(() => {
            listeners.onExit(thread, { kind: 'hung' });
            exited.resolve({ kind: 'hung' });
          });
          queueMicrotask(() => listeners.onReady(thread));
          return thread;
        },
        startTimer: (run) => {
          timers.push(run);
          return () => {};
        },
      },
    });
    await keeper.start();
    keeper.endSoon(0, { kind: 'hung' });
    const waiting = expect(keeper.end(0, { kind: 'hung' })).rejects.toMatchObject({ code: 'ERR_QUORATE_HUNG' });
    for (const timeOver of timers.splice(0)) timeOver();
    await waiting;
    expect([keeper.threadOf(0), keeper.epochOf(0)]).toEqual([0, 1]);
    exits[0]!();
    expect(log).toContain('down 0.1 hung');
    await next(keeper, 'promoted', ({ epoch }) => epoch === 2);
    const stopped = keeper.stop();
    exits[1]!();
    await stopped;
  });

  it.each(['throw', 'throw null', 'throw symbol', 'throw unclonable'] as const)(
    'S1: sees one crash when a thread does "%s", restarts it, and the process lives on',
    async (order) => {
      const { reason, log } = await fail(order);
      expect(reason).toMatchObject({ kind: 'crashed', error: expect.any(Error) });
      expect(log.filter((line) => line.startsWith('down'))).toEqual(['down 0.1 crashed']);
    },
  );

  it('S1: keeps the code of the error that a thread threw', async () => {
    const { reason } = await fail('throw');
    expect(reason).toMatchObject({ error: { message: 'no such table', code: 'E_TABLE' } });
  });

  it('S2: takes an unhandled rejection for a throw', async () => {
    const { reason } = await fail('reject');
    expect(reason).toMatchObject({ kind: 'crashed', error: { message: 'nobody awaits this' } });
  });

  it('S3: keeps the exit code, and delivers what the thread posted before', async () => {
    let delivered = 0;
    const hooks = { onMessage: (_slot: number, epoch: number): number => (delivered += epoch === 1 ? 1 : 0) };
    const { reason } = await fail('exit 7 after 10000 messages', { hooks });
    expect(reason).toEqual({ kind: 'exit', code: 7 });
    expect(delivered).toBe(10_000 + 1);
  });

  it('S3: restarts a thread that just returned', async () => {
    expect((await fail('return')).reason).toEqual({ kind: 'exit', code: 0 });
  });

  it('S4: sees heap exhaustion as such, and restarts', async () => {
    const { reason } = await fail('exhaust the heap', {
      workerOptions: { resourceLimits: { maxOldGenerationSizeMb: 32 } },
    });
    expect(reason).toEqual({ kind: 'oom' });
  });

  it('S5: sheds a thread whose Buffers grow beyond the bound of the process', { timeout: 20_000 }, async () => {
    const rssBytesMax = process.memoryUsage.rss() + 200 * 1024 * 1024;
    const { keeper, words } = openKeeper({ order: once('fill buffers') });
    const down = next(keeper, 'down');
    await keeper.start();
    let looks = 0;
    let shed: number | undefined;
    while (shed === undefined && looks++ < 20) {
      const filled = Atomics.load(words, BYTES);
      keeper.post(0, 'more');
      await Atomics.waitAsync(words, BYTES, filled).value;
      shed = slotToShed({
        rssBytes: process.memoryUsage.rss(),
        rssBytesMax,
        bytesBySlot: [Atomics.load(words, BYTES)],
      });
    }
    expect(shed, 'resourceLimits alone never see it').toBe(0);
    await keeper.end(0, { kind: 'oom' });
    expect(await down).toEqual({ slot: 0, epoch: 1, reason: { kind: 'oom' } });
  });

  it.each(['spin', 'wait'] as const)('S6: ends a thread that hangs in "%s", and restarts it', async (order) => {
    const running = deferred<void>();
    const { keeper } = openKeeper({ order: once(order), hooks: { onMessage: () => running.resolve() } });
    const restarted = next(keeper, 'promoted', ({ epoch }) => epoch === 2);
    const down = next(keeper, 'down');
    await keeper.start();
    await running.promise;
    const policy = { hungMs: 20, tickMs: 10 };
    let measurement: HangMeasurement | undefined;
    for (const nowMs of [0, 10, 20]) {
      measurement = measure(policy, measurement, { nowMs, hasUnread: true, isParked: false, turns: 0 });
    }
    expect(measurement !== undefined && isHung(policy, measurement)).toBe(true);
    expect(await keeper.end(0, { kind: 'hung' })).toBe(true);
    expect((await down).reason).toEqual({ kind: 'hung' });
    await restarted;
  });

  it('S7: ignores what an incarnation posts once it was told to end', async () => {
    let received = 0;
    let receivedAtEnd = 0;
    let ended: Promise<boolean> | undefined;
    const opened = openKeeper({
      order: once('flood'),
      hooks: {
        onMessage(_slot, epoch) {
          if (epoch > 1 || ++received < 100 || ended !== undefined) return;
          receivedAtEnd = received;
          ended = opened.keeper.end(0, { kind: 'hung' });
          Atomics.store(opened.words, GO, 1); // The thousand late messages.
        },
      },
    });
    const down = next(opened.keeper, 'down');
    await opened.keeper.start();
    await down;
    expect(await ended).toBe(true);
    expect([receivedAtEnd, received]).toEqual([100, 100]);
  });

  it('S8: backs off in a crash loop, escalates without a spawn storm, and heals in the end', async () => {
    const directives: Directive[] = [];
    const { keeper, log } = openKeeper({
      order: (_slot, epoch) => (epoch <= 4 ? 'throw' : 'idle'),
      policy: { restartsMax: 3, windowMs: 600_000, healthyMs: 600_000, backoffMsMin: 4, backoffMsMax: 50, jitter: 0 },
    });
    keeper.on('directive', ({ directive }) => directives.push(directive));
    const escalated = next(keeper, 'escalated');
    const healed = next(keeper, 'promoted', ({ epoch }) => epoch === 5);
    await keeper.start();
    const { slot, retryAfterMs, error } = await escalated;
    expect({ slot, retryAfterMs, code: error.code }).toEqual({
      slot: 0,
      retryAfterMs: 50,
      code: 'ERR_QUORATE_RESTART_LIMIT',
    });
    expect(error.cause).toMatchObject({ code: 'E_TABLE' });
    expect(log.filter((line) => line.startsWith('promoted'))).toHaveLength(4);
    expect(keeper.threadOf(0)).toBeUndefined();
    await healed;
    expect(directives).toEqual([
      { kind: 'restart', afterMs: 0 },
      { kind: 'restart', afterMs: 4 },
      { kind: 'restart', afterMs: 8 },
      { kind: 'escalate', retryAfterMs: 50 },
    ]);
  });

  it.each<readonly [string, Partial<ThreadKeeperOptions>, object]>([
    ['does not exist', { entry: fixture('missing.ts') }, { cause: { message: expect.stringContaining('missing.ts') } }],
    ['throws at its start', { entry: fixture('broken.ts') }, { cause: { message: 'cannot load' } }],
    [
      'is started with options that Node refuses',
      { workerOptions: { execArgv: ['--no-such-option'] } },
      { cause: { code: 'ERR_WORKER_INVALID_EXEC_ARGV' } },
    ],
    [
      'never says that it is ready',
      { entry: fixture('mute.ts'), startMsMax: 50 },
      { fields: { reason: { kind: 'hung' } } },
    ],
  ])('S9: start() rejects with the cause and leaves nothing when the program %s', async (_case, options, expected) => {
    const { keeper } = openKeeper({ slots: 3, ...options });
    await expect(keeper.start()).rejects.toMatchObject({ code: 'ERR_QUORATE_START_FAILED', ...expected });
    expect(keeper.threads).toBe(0);
  });

  it('S10: stop() ends a start under way, which rejects', async () => {
    const { keeper } = openKeeper({ slots: 2 });
    const started = keeper.start();
    const stopped = keeper.stop();
    await expect(started).rejects.toMatchObject({ code: 'ERR_QUORATE_CLOSED' });
    await stopped;
    expect(keeper.threads).toBe(0);
  });

  it('S10: stop() before start() leaves nothing to start', async () => {
    const { keeper } = openKeeper();
    await keeper.stop();
    await expect(keeper.start()).rejects.toMatchObject({ code: 'ERR_QUORATE_CLOSED' });
    expect(keeper.threads).toBe(0);
  });

  it('S10: stop() twice, and during a crash, settles with no thread left', async () => {
    const { keeper, log } = openKeeper({ slots: 2, standbys: 1, order: once('throw') });
    const down = next(keeper, 'down');
    await Promise.allSettled([keeper.start(), down]);
    await Promise.all([keeper.stop(), keeper.stop()]);
    await keeper.stop();
    expect(keeper.threads).toBe(0);
    expect(log.filter((line) => line === 'stopped')).toHaveLength(1);
  });

  it('S10: stop() during a back-off cancels the restart', async () => {
    const policy = { restartsMax: 0, backoffMsMax: 60_000 };
    const { keeper, log } = openKeeper({ order: once('throw'), policy });
    const escalated = next(keeper, 'escalated');
    await keeper.start();
    await escalated;
    await keeper.stop();
    expect(keeper.threads).toBe(0);
    expect(log.filter((line) => line.startsWith('promoted'))).toEqual(['promoted 0.1']);
  });

  it('S10: stop() from a listener of "down" leaves no restart behind', async () => {
    const { keeper, log } = openKeeper({ order: once('throw'), standbys: 1 });
    const stopped = new Promise<void>((resolve, reject) => {
      keeper.once('down', () => void keeper.stop().then(resolve, reject));
    });
    await keeper.start();
    await stopped;
    expect(keeper.threads).toBe(0);
    expect(log).not.toContain('promoted 0.2');
  });

  it('S13: survives process.abort() in a thread, which Node turns into an error', async () => {
    const { reason } = await fail('abort');
    expect(reason).toMatchObject({ kind: 'crashed', error: { code: 'ERR_WORKER_UNSUPPORTED_OPERATION' } });
  });

  it('Promotes a warm standby in the moment that the exit is seen, and then starts another', async () => {
    const { keeper, log } = openKeeper({ standbys: 1 });
    const warm = next(keeper, 'ready', ({ standbys }) => standbys === 1 && keeper.threadOf(0) !== undefined);
    await keeper.start();
    await warm;
    const refilled = next(keeper, 'ready');
    await keeper.end(0, { kind: 'hung' });
    await refilled;
    expect(log).toEqual([
      'ready',
      'wiring 0.1',
      'promoted 0.1',
      'ready',
      'onDown 0.1 hung',
      'down 0.1 hung',
      'wiring 0.2',
      'promoted 0.2',
      'ready',
    ]);
  });

  it('Leaves a slot down that was ended as stopped', async () => {
    const { keeper } = openKeeper({ slots: 2 });
    const directive = next(keeper, 'directive');
    await keeper.start();
    await keeper.end(0, { kind: 'stopped' });
    expect(await directive).toEqual({ slot: 0, directive: { kind: 'leave' } });
    expect([keeper.threadOf(0), keeper.epochOf(0)]).toEqual([undefined, 2]);
    expect(await keeper.end(0, { kind: 'hung' })).toBe(false);
  });

  it('Spares a live thread when ending it would leave too few', async () => {
    const { keeper } = openKeeper({ hooks: { mayEnd: (_slot, reason) => reason.kind !== 'hung' } });
    const spared = next(keeper, 'spared');
    await keeper.start();
    expect(await keeper.end(0, { kind: 'hung' })).toBe(false);
    expect(await spared).toEqual({ slot: 0, reason: { kind: 'hung' } });
    expect(keeper.threadOf(0)).toBeTypeOf('number');
    expect(await keeper.end(0, { kind: 'oom' })).toBe(true);
  });

  it('Starts another standby, after a back-off, when one fails to load', async () => {
    const loads = new Int32Array(new SharedArrayBuffer(4));
    const { keeper, log } = openKeeper({
      standbys: 1,
      policy: { backoffMsMin: 1 },
      workerOptions: { workerData: { loads, failedLoad: 1 } },
    });
    const failed = next(keeper, 'startFailed');
    const warm = next(keeper, 'ready', () => keeper.threadOf(0) !== undefined);
    await keeper.start();
    expect(await failed).toMatchObject({ reason: { kind: 'crashed', error: { message: 'cannot load' } } });
    await warm;
    expect(log).toEqual(['ready', 'wiring 0.1', 'promoted 0.1', 'startFailed crashed', 'ready']);
  });

  it('Starts threads with an empty environment', async () => {
    const environment = deferred<unknown>();
    const { keeper } = openKeeper({
      entry: fixture('environment.ts'),
      hooks: { onMessage: (_slot, _epoch, message) => environment.resolve(message) },
    });
    await keeper.start();
    expect(await environment.promise).toEqual([]);
  });

  it.each([{ slots: 0 }, { slots: 65 }, { standbys: -1 }, { startMsMax: 0 }])('Refuses %o', (options) => {
    expect(() => openKeeper(options)).toThrow(RangeError);
  });

  it('Refuses a slot that it does not have', () => {
    const { keeper } = openKeeper();
    expect(() => keeper.threadOf(1)).toThrow(RangeError);
  });
});
