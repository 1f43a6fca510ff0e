import { describe, expect, it, onTestFinished } from 'vitest';
import { createSystem } from '../../src/actor/index.ts';
import type { ActorRef, ActorSystem, SpawnOptions, SystemOptions } from '../../src/actor/index.ts';
import Ledger from '../fixtures/actor/ledger.ts';
import type { LedgerArgs } from '../fixtures/actor/ledger.ts';
import NotAnActor from '../fixtures/actor/not-an-actor.ts';

type LedgerRef = ActorRef<typeof Ledger.on>;
type LedgerOptions = Partial<SpawnOptions<LedgerArgs>>;

function openSystem(options?: SystemOptions): ActorSystem {
  const system = createSystem(options);
  onTestFinished(() => system.stop({ drain: false, timeoutMs: 1 }));
  return system;
}

async function openLedger(options: LedgerOptions, system = openSystem()): Promise<LedgerRef> {
  return await system.spawn(Ledger, { args: { start: 100 }, name: 'ledger', ...options });
}

const failureOf = async (call: Promise<unknown>): Promise<Error & Record<string, unknown>> =>
  call.then(
    (value) => expect.fail(`It succeeded: ${String(value)}`),
    (error) => error,
  );

const PLACES = [
  ['inline', { place: 'inline' }],
  ['in a thread', { place: 'thread' }],
  ['in a thread that blocks', { place: 'thread', waits: 'blocking' }],
] as const satisfies readonly (readonly [string, LedgerOptions])[];

describe.each(PLACES)('An actor %s', (_place, options) => {
  it('Handles what it is told and answers what it is asked, in order', async () => {
    const ledger = await openLedger(options);
    expect([1, 2, 3].map((amount) => ledger.tell.credit({ amount }))).toEqual([true, true, true]);
    expect(await ledger.ask.balance()).toBe(106);
    expect(await ledger.ask.name()).toBe('ledger');
  });

  it('Answers many asks at once, each its own', async () => {
    const ledger = await openLedger(options);
    const bodies = Array.from({ length: 500 }, (_, index) => ({ index, text: 'x'.repeat(index % 50) }));
    expect(await Promise.all(bodies.map((body) => ledger.ask.echo(body)))).toEqual(bodies);
  });

  it('Awaits an asynchronous handler before it takes the next message', async () => {
    const ledger = await openLedger(options);
    const first = ledger.ask.slowly({ turns: 5, text: 'first' });
    ledger.tell.note('told');
    const second = ledger.ask.slowly({ turns: 0, text: 'second' });
    await Promise.all([first, second]);
    expect(await ledger.ask.log()).toEqual(['first begins', 'first ends', 'told', 'second begins', 'second ends']);
  });

  it.each(['debit', 'slowly'] as const)(
    'Answers "%s" with the error that its handler threw, and lives on',
    async (name) => {
      const ledger = await openLedger(options);
      async function askingFunction(): Promise<void> {
        await (name === 'debit' ? ledger.ask.debit(105) : ledger.ask.slowly({ turns: 1, text: 'fail' }));
      }
      const error = await failureOf(askingFunction());
      expect(error).toBeInstanceOf(RangeError);
      expect(error).toMatchObject({
        name: 'OverdraftError',
        code: 'E_OVERDRAFT',
        missing: name === 'debit' ? 5 : 1,
        cause: { message: 'the balance is short' },
      });
      expect(error.stack, 'where it was thrown').toMatch(new RegExp(`\\b${name}\\b.*ledger\\.ts`));
      expect(error.stack, 'where it was asked').toMatch(/askingFunction/);
      expect(await ledger.ask.balance()).toBe(100);
    },
  );

  it.each([
    ['crash', (ledger: LedgerRef) => ledger.tell.crash()],
    ['crashLater', (ledger: LedgerRef) => ledger.tell.crashLater()],
  ] as const)('Dies of what the told "%s" throws, and every ask settles', async (_name, crash) => {
    const ledger = await openLedger(options);
    const before = ledger.ask.balance();
    crash(ledger);
    const after = failureOf(ledger.ask.balance());
    expect(await before).toBe(100);
    expect(await after).toMatchObject({
      code: 'ERR_QUORATE_ACTOR_DEAD',
      fields: { reason: { kind: 'crashed', error: { code: 'E_OVERDRAFT' } } },
    });
    expect(await ledger.closed).toMatchObject({ kind: 'crashed', error: { code: 'E_OVERDRAFT' } });
    expect(await failureOf(ledger.ask.balance())).toMatchObject({ code: 'ERR_QUORATE_ACTOR_DEAD' });
    expect(ledger.tell.note('nobody hears')).toBe(false);
  });

  it('Says in its rejection what could not start', async () => {
    const system = openSystem();
    const error = await failureOf(openLedger({ ...options, args: { start: -3 } }, system));
    expect(error).toMatchObject({ code: 'ERR_QUORATE_START_FAILED', cause: { code: 'E_OVERDRAFT' } });
    expect(system.actors).toBe(0);
  });

  it('Gives up an ask at its deadline, and drops the late answer', async () => {
    const ledger = await openLedger(options);
    expect(await failureOf(ledger.ask.never(undefined, { timeoutMs: 1 }))).toMatchObject({
      code: 'ERR_QUORATE_TIMEOUT',
    });
  });

  it('Gives up an ask when its signal fires, with the reason as cause', async () => {
    const ledger = await openLedger(options);
    const controller = new AbortController();
    const late = failureOf(ledger.ask.slowly({ turns: 3, text: 'late' }, { signal: controller.signal }));
    controller.abort(new Error('changed my mind'));
    expect(await late).toMatchObject({ code: 'ERR_QUORATE_ABORTED', cause: { message: 'changed my mind' } });
    const { signal } = controller;
    expect(await failureOf(ledger.ask.balance(undefined, { signal }))).toMatchObject({ code: 'ERR_QUORATE_ABORTED' });
    expect(await ledger.ask.balance(), 'the late answer is nobody else’s').toBe(100);
  });

  it('Handles what waits, runs its stop, and then takes nothing more', async () => {
    const stopped = new Int32Array(new SharedArrayBuffer(4));
    const ledger = await openLedger({ ...options, args: { start: 0, stopped } });
    for (let count = 0; count < 100; count++) ledger.tell.credit({ amount: 1 });
    const ending = ledger.stop();
    expect(ledger.tell.credit({ amount: 1 })).toBe(false);
    expect(await failureOf(ledger.ask.balance())).toMatchObject({ code: 'ERR_QUORATE_ACTOR_DEAD' });
    expect(await ending).toEqual({ kind: 'stopped' });
    expect(await ledger.closed).toEqual({ kind: 'stopped' });
    expect(await ledger.stop(), 'again').toEqual({ kind: 'stopped' });
    expect(Atomics.load(stopped, 0)).toBe(100);
  });

  it('Settles the asks that it does not answer before it is stopped without draining', async () => {
    const ledger = await openLedger(options);
    const answers = [ledger.ask.slowly({ turns: 2, text: 'in hand' }), ...[1, 2, 3].map(() => ledger.ask.balance())];
    const settled = Promise.allSettled(answers);
    await ledger.stop({ drain: false });
    expect(await settled).toHaveLength(4);
  });

  it('Ends at the deadline of a stop when it is stuck, and its ask settles', async () => {
    const ledger = await openLedger(options);
    const stuck = failureOf(ledger.ask.never());
    expect(await ledger.stop({ timeoutMs: 1 })).toEqual({ kind: 'hung' });
    expect(await stuck).toMatchObject({ code: 'ERR_QUORATE_ACTOR_DEAD', fields: { reason: { kind: 'hung' } } });
  });

  it('Answers `false` when its mailbox is full, and rejects the ask', async () => {
    const ledger = await openLedger({ ...options, capacity: 4, ringBytes: 1024 });
    void ledger.ask.never().catch(() => undefined);
    let taken = 0;
    while (taken < 1000 && ledger.tell.note('x'.repeat(40))) taken++;
    expect(taken).toBeLessThan(30);
    // A smaller frame may still fit where a note did not; the first ask that settles is one that did not.
    const asks = Array.from({ length: 100 }, () => failureOf(ledger.ask.balance(undefined, { timeoutMs: 60_000 })));
    expect(await Promise.race(asks)).toMatchObject({ code: 'ERR_QUORATE_MAILBOX_FULL' });
  });
});

describe('An actor in a thread', () => {
  it.each([
    ['exit', (ledger: LedgerRef) => ledger.tell.exit(7), { kind: 'exit', code: 7 }],
    ['exhaust', (ledger: LedgerRef) => ledger.tell.exhaust(), { kind: 'oom' }],
  ] as const)('Dies of "%s" alone, and says how', async (_name, end, reason) => {
    const ledger = await openLedger({ limits: { maxOldGenerationSizeMb: 32 } });
    end(ledger);
    expect(await failureOf(ledger.ask.balance(undefined, { timeoutMs: 60_000 }))).toMatchObject({ fields: { reason } });
    expect(await ledger.closed).toEqual(reason);
  });

  it('Is ended at the deadline of a stop even in an endless loop', async () => {
    const ledger = await openLedger({});
    ledger.tell.spinForEver();
    expect(await ledger.stop({ timeoutMs: 50 })).toEqual({ kind: 'hung' });
  });

  it('Answers in words when its answer cannot cross', async () => {
    const ledger = await openLedger({});
    expect(await failureOf(ledger.ask.unsendable())).toMatchObject({ code: 'ERR_QUORATE_UNSENDABLE' });
    expect(await ledger.ask.balance()).toBe(100);
  });

  it('Waits for room in the asker’s ring without losing an answer', async () => {
    const ledger = await openLedger({ ringBytes: 4096 });
    for (let count = 0; count < 10; count++) ledger.tell.note(`${count}`.repeat(40));
    const log = await ledger.ask.log();
    expect(log).toHaveLength(10);
    // Requests are small and all fit; their answers, of some 400 bytes each, are several times the ring.
    const answers = await Promise.all(Array.from({ length: 60 }, () => ledger.ask.log()));
    expect(answers).toEqual(answers.map(() => log));
  });

  it('Is not taken for late when the asker itself was blocked beyond the deadline', async () => {
    const ledger = await openLedger({});
    const balance = ledger.ask.balance(undefined, { timeoutMs: 50 });
    await Promise.resolve(); // Asks leave with the microtasks.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
    expect(await balance).toBe(100);
  });

  it('Has an empty environment and no thread left after a failed start', async () => {
    const system = openSystem({ threads: 1 });
    const options: LedgerOptions = { execArgv: ['--no-such-option'] };
    expect(await failureOf(openLedger(options, system))).toMatchObject({ code: 'ERR_QUORATE_START_FAILED' });
    const { port1 } = new MessageChannel();
    onTestFinished(() => port1.close());
    const uncloneable = { args: { start: 1, port: port1 } };
    expect(await failureOf(openLedger(uncloneable, system))).toMatchObject({ code: 'ERR_QUORATE_START_FAILED' });
    expect(await failureOf(system.spawn(NotAnActor))).toMatchObject({
      code: 'ERR_QUORATE_START_FAILED',
      cause: { message: expect.stringContaining('default export') },
    });
    const ledger = await openLedger({}, system);
    expect(await ledger.ask.balance()).toBe(100);
  });
});

describe('An actor system', () => {
  it('Runs no more threads than it may, and lends a free place again', async () => {
    const system = openSystem({ threads: 1 });
    const ledger = await openLedger({}, system);
    expect(await failureOf(openLedger({}, system))).toMatchObject({ code: 'ERR_QUORATE_OVERLOADED' });
    await openLedger({ place: 'inline' }, system);
    await ledger.stop();
    expect(await (await openLedger({}, system)).ask.balance()).toBe(100);
  });

  it('Stops its actors, and starts none afterwards', async () => {
    const system = openSystem();
    const ledgers = [await openLedger({ place: 'inline' }, system), await openLedger({}, system)];
    await system.stop();
    expect(await Promise.all(ledgers.map(({ closed }) => closed))).toEqual([{ kind: 'stopped' }, { kind: 'stopped' }]);
    expect(system.actors).toBe(0);
    expect(await failureOf(openLedger({}, system))).toMatchObject({ code: 'ERR_QUORATE_CLOSED' });
    await system.stop();
  });

  it('Stops when its signal fires', async () => {
    const controller = new AbortController();
    const ledger = await openLedger({}, openSystem({ signal: controller.signal }));
    controller.abort();
    expect(await ledger.closed).toEqual({ kind: 'stopped' });
  });

  it('Is disposed of by `await using`, actors and references too', async () => {
    let ledger: LedgerRef;
    {
      await using system = createSystem();
      await using disposed = await openLedger({}, system);
      ledger = disposed;
    }
    expect(await ledger.closed).toEqual({ kind: 'stopped' });
  });

  it.each([{ threads: 0 }, { threads: 32 }, { threads: 1.5 }])('Refuses %o', (options) => {
    expect(() => createSystem(options)).toThrow(RangeError);
  });

  it('Refuses a deadline that is out of range', async () => {
    const ledger = await openLedger({ place: 'inline' });
    expect(() => void ledger.ask.balance(undefined, { timeoutMs: -1 })).toThrow(RangeError);
    await expect(ledger.stop({ timeoutMs: -1 })).rejects.toThrow(RangeError);
  });
});
