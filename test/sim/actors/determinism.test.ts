// Code that reaches past the simulation makes runs of one seed differ: it is caught, by name, and nothing of the
// process stays changed.
import { readFile } from 'node:fs/promises';
import { MessageChannel } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { actor } from '../../../src/actor/definition.ts';
import { simulateActors } from '../../../src/sim/actors/simulate-actors.ts';

async function runs(offend: () => unknown): Promise<unknown> {
  const offender = actor(import.meta.url, {
    start: () => ({}),
    on: {
      async offend(): Promise<boolean> {
        await offend();
        return true;
      },
    },
  });
  return await simulateActors({
    actors: { clock: { actor: offender } },
    workload: ({ actors }) => actors.clock.ask.offend(),
    seed: 1,
    profile: 'calm',
    operations: 1,
  });
}

/** Everything that a run replaces. */
const globals = (): readonly unknown[] => [
  ...['Date', 'setTimeout', 'setInterval', 'setImmediate', 'fetch'].map((name) => Reflect.get(globalThis, name)),
  ...['getRandomValues', 'randomUUID'].map((name) => Reflect.get(crypto, name)),
  ...['wait', 'waitAsync'].map((name) => Reflect.get(Atomics, name)),
  Reflect.get(Math, 'random'),
  Reflect.get(Date, 'now'),
  Reflect.get(performance, 'now'),
  Reflect.get(process, 'hrtime'),
  Reflect.get(AbortSignal, 'timeout'),
];

class Moment extends Date {}

/** Node.js 26 has it. */
const now: unknown = Reflect.get(Object(Reflect.get(globalThis, 'Temporal')), 'Now');
const TEMPORAL: readonly (readonly [string, () => unknown])[] =
  now === undefined ? [] : [['Temporal.Now.instant', () => (now as { instant(): unknown }).instant()]];

describe('A run', () => {
  it.each<readonly [string, () => unknown]>([
    ['Math.random', () => Math.random()],
    ['Date.now', () => Date.now()],
    ['new Date()', () => new Date()],
    ['Date()', () => Date()],
    ['performance.now', () => performance.now()],
    ['setTimeout', () => setTimeout(() => undefined, 1)],
    ['setInterval', () => setInterval(() => undefined, 1)],
    ['crypto.getRandomValues', () => crypto.getRandomValues(new Uint8Array(1))],
    ['crypto.randomUUID', () => crypto.randomUUID()],
    ['fetch', () => fetch('http://localhost')],
    ['AbortSignal.timeout', () => AbortSignal.timeout(1)],
    ...TEMPORAL,
    ['process.hrtime', () => process.hrtime()],
    ['process.hrtime', () => process.hrtime.bigint()],
    ['process.uptime', () => process.uptime()],
    ['Atomics.wait', () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1)],
  ])('names the actor that calls %s, and puts everything back', async (name, offend) => {
    const before = globals();
    const said = `(determinism): clock called ${name}: `;
    await expect(runs(offend)).rejects.toThrow(said);
    await expect(
      runs(() => Promise.resolve().then(offend)),
      'behind an await',
    ).rejects.toThrow(said);
    expect(globals()).toEqual(before);
    expect(new Date()).toBeInstanceOf(Date);
  });

  it.each<readonly [string, () => unknown]>([
    ['I/O', () => readFile(import.meta.filename)],
    ['a promise that nobody of the simulation settles', () => new Promise(() => undefined)],
    ['a message of a channel', () => messageOf(new MessageChannel())],
  ])('names the actor that awaits %s', async (_what, offend) => {
    await expect(runs(offend)).rejects.toThrow('(determinism): clock awaits something that is not of the simulation');
  });

  it.each<readonly [string, () => unknown]>([
    ['a promise that is settled', () => Promise.all([Promise.resolve(1), Promise.resolve(2)])],
    ['a chain of microtasks', () => new Promise<void>((done) => queueMicrotask(done))],
    ['a tick', () => new Promise<void>((done) => process.nextTick(done))],
    ['a turn of setImmediate, which takes no time', () => new Promise<void>((done) => setImmediate(done))],
    ['dates of a class of their own', () => Reflect.construct(Date, [0], Moment) instanceof Moment || Promise.reject()],
    ['dates of given moments', () => new Date(0).toISOString() + new Date(2026, 1).getTime()],
  ])('lets actors use %s', async (_what, use) => {
    expect(await runs(use)).toMatchObject({ operations: 3 });
  });

  it('holds its workload to the same', async () => {
    const idle = actor(import.meta.url, { start: () => ({}), on: { nothing: () => true } });
    const of = (workload: () => unknown): Promise<unknown> =>
      simulateActors({ actors: { idle: { actor: idle } }, workload, seed: 1 });
    await expect(of(() => Math.random())).rejects.toThrow(/\(determinism\): client \d called Math.random/);
    await expect(of(() => readFile(import.meta.filename))).rejects.toThrow(/\(determinism\): client \d awaits/);
    await expect(
      of(() => {
        throw new Error('own fault');
      }),
    ).rejects.toThrow(/\(check\): client \d: Error: own fault/);
  });

  it('puts everything back when it throws', async () => {
    const before = globals();
    const idle = actor(import.meta.url, { start: () => ({}), on: { nothing: () => true } });
    const run = simulateActors({ actors: { idle: { actor: idle } }, workload: () => undefined, invariant, seed: 1 });
    await expect(run).rejects.toThrow('(invariant): Error: never holds');
    expect(globals()).toEqual(before);
  });
});

function invariant(): void {
  throw new Error('never holds');
}

function messageOf({ port1, port2 }: MessageChannel): Promise<unknown> {
  return new Promise((resolve) => {
    port1.once('message', (message) => {
      port1.close();
      resolve(message);
    });
    port2.postMessage(1);
  });
}
