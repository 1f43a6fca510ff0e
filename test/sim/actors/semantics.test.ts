// What a simulated actor does must be what a spawned one does, and what a crash takes must stay gone.
import { describe, expect, it } from 'vitest';
import { actor } from '../../../src/actor/definition.ts';
import { isQuorateError } from '../../../src/base/errors.ts';
import { layout } from '../../../src/mailbox/body-layout.ts';
import type { SimDisk } from '../../../src/sim/actors/disk.ts';
import type { ActorFaults } from '../../../src/sim/actors/profile.ts';
import { simulateActors } from '../../../src/sim/actors/simulate-actors.ts';
import { replayCommand, testSeed } from '../../support/seed.ts';

const SEED = testSeed();
const REPLAY = replayCommand('test/sim/actors/semantics.test.ts', SEED);

const ONE = { clients: 1, operations: 1, profile: 'calm', seed: SEED } as const;
const CRASHES: Partial<ActorFaults> = { crash: 0.3 };

interface Doors {
  readonly sleep: (ms: number) => Promise<void>;
}

const startWorker = (
  doors: Doors | undefined,
): { sleep: Doors['sleep'] | undefined; seen: string[]; ended: number } => ({
  sleep: doors?.sleep,
  seen: [],
  ended: 0,
});

/** Does what the tests need, and counts how often each of its messages began and ended. */
const worker = actor(import.meta.url, {
  start: startWorker,
  on: {
    note(state, text: string): void {
      state.seen.push(text);
    },
    seen: (state): readonly string[] => state.seen,
    echo: (_state, body: unknown): unknown => body,
    async nap(state, ms: number): Promise<number> {
      await state.sleep?.(ms);
      return ++state.ended;
    },
    fail(_state, text: string): number {
      throw new RangeError(text);
    },
    break(_state, text: string): void {
      throw new RangeError(text);
    },
  },
  layouts: { nap: layout({ ms: 'u16' }) },
});

const plain = actor(import.meta.url, {
  start: startWorker,
  on: worker.on,
});

const spec = { actor: plain, args: ({ sleep }: Doors) => ({ sleep }) };

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    return `answered ${String(await promise)}`;
  } catch (error) {
    return isQuorateError(error) ? error.code : String(error);
  }
}

describe('A simulated actor', () => {
  it('answers, keeps the order of a sender, and handles one message at a time', async () => {
    const answers: unknown[] = [];
    await simulateActors({
      actors: { worker: spec },
      ...ONE,
      profile: 'overload',
      async workload({ actors: { worker: ref } }) {
        const naps = [1, 2, 3].map((ms) => ref.ask.nap(ms));
        for (const text of ['a', 'b', 'c']) ref.tell.note(text);
        answers.push(...(await Promise.all(naps)), await ref.ask.seen());
      },
    });
    expect(answers, REPLAY).toEqual([1, 2, 3, ['a', 'b', 'c']]);
  });

  it('Asks settle as in production: late, aborted, failed, unsendable, full', async () => {
    const outcomes: string[] = [];
    await simulateActors({
      actors: { worker: { ...spec, capacity: 2 } },
      ...ONE,
      async workload({ actors: { worker: ref }, nowMs }) {
        const begin = nowMs();
        outcomes.push(await codeOf(ref.ask.nap(900, { timeoutMs: 250 })));
        outcomes.push(`after ${Math.round(nowMs() - begin)} ms`);
        const abort = new AbortController();
        const aborted = codeOf(ref.ask.seen(undefined, { signal: abort.signal }));
        abort.abort();
        outcomes.push(await aborted);
        outcomes.push(await codeOf(ref.ask.echo(() => 1)));
        const many = await Promise.all([1, 2, 3].map((body) => codeOf(ref.ask.echo(body))));
        outcomes.push(...many);
        outcomes.push(await codeOf(ref.ask.fail('no')));
      },
    });
    expect(outcomes, REPLAY).toEqual([
      'ERR_QUORATE_TIMEOUT',
      'after 250 ms',
      'ERR_QUORATE_ABORTED',
      'ERR_QUORATE_UNSENDABLE',
      'answered 1', // The nap is in hand, and the ask that was aborted waits.
      'ERR_QUORATE_MAILBOX_FULL',
      'ERR_QUORATE_MAILBOX_FULL',
      'RangeError: no',
    ]);
  });

  it('Bodies cross as copies, by the layout of their message; inline they travel by reference', async () => {
    const body = { list: [1] };
    const got: unknown[] = [];
    for (const place of ['thread', 'inline'] as const) {
      await simulateActors({
        actors: { worker: { actor: worker, args: spec.args, place } },
        ...ONE,
        async workload({ actors: { worker: ref } }) {
          got.push((await ref.ask.echo(body)) === body, await codeOf(ref.ask.nap({ ms: 70_000 } as never)));
        },
      });
    }
    expect(got).toEqual([false, 'ERR_QUORATE_UNSENDABLE', true, 'ERR_QUORATE_INVALID_ARGUMENT']);
  });

  it('stops after what waits, or at once; then it takes nothing, and its end is known', async () => {
    const heard: unknown[] = [];
    await simulateActors({
      actors: { worker: spec, other: spec },
      ...ONE,
      async workload({ actors: { worker: ref, other }, sleep }) {
        for (const text of ['a', 'b']) ref.tell.note(text);
        const seen = ref.ask.seen();
        heard.push((await ref.stop()).kind, await seen, ref.tell.note('c'), await codeOf(ref.ask.seen()));
        const nap = codeOf(other.ask.nap(5));
        const waits = codeOf(other.ask.seen());
        await sleep(1);
        heard.push((await other.stop({ drain: false })).kind, (await other.closed).kind, await nap, await waits);
      },
    });
    expect(heard, REPLAY).toEqual([
      'stopped',
      ['a', 'b'],
      false,
      'ERR_QUORATE_ACTOR_DEAD',
      'stopped',
      'stopped',
      'answered 1', // What is in hand is finished.
      'ERR_QUORATE_ACTOR_DEAD',
    ]);
  });

  it('that throws at a told message is restarted by its policy, or ends', async () => {
    const states: unknown[] = [];
    const ends: unknown[] = [];
    for (const supervise of [{ restartsMax: 5 }, false] as const) {
      await simulateActors(
        {
          actors: { worker: { ...spec, supervise } },
          ...ONE,
          async workload({ actors: { worker: ref }, sleep }) {
            ref.tell.note('before');
            ref.tell.break('own fault');
            await sleep(50);
            ends.push(await codeOf(ref.ask.seen()));
          },
        },
        ({ actors: { worker: probe } }) => {
          states.push(
            probe.incarnation,
            probe.crashes.map(({ kind }) => kind),
            probe.state?.seen,
          );
        },
      );
    }
    expect(ends, REPLAY).toEqual(['answered ', 'ERR_QUORATE_ACTOR_DEAD']);
    expect(states, REPLAY).toEqual([2, ['crashed'], [], 1, ['crashed'], undefined]);
  });

  it('whose writes are under way together finds the last one on its disk', async () => {
    const writer = actor(import.meta.url, {
      start: ({ disk }: { readonly disk: SimDisk }) => ({ disk }),
      on: {
        write(state, values: readonly number[]): void {
          for (const value of values) void state.disk.write('value', value);
        },
      },
    });
    await simulateActors(
      {
        actors: { writer: { actor: writer, args: ({ disk }) => ({ disk }) } },
        ...ONE,
        runs: 50,
        workload: ({ actors }) => actors.writer.tell.write([1, 2, 3, 4, 5]),
      },
      ({ actors }) => expect(actors.writer.disk('value')).toBe(5),
    );
  });

  it('that crashes loses its memory; what it was about is a dead letter, or is handled once more', async () => {
    // Outside of the simulation, so that it sees what the dead still do.
    const handled = new Map<string, number>();
    const logger = actor(import.meta.url, {
      start: ({ sleep }: Doors) => ({ sleep }),
      on: {
        async log(state, id: string): Promise<number> {
          handled.set(id, (handled.get(id) ?? 0) + 1);
          await state.sleep(1);
          handled.set(`${id} done`, (handled.get(`${id} done`) ?? 0) + 1);
          return handled.get(id)!;
        },
      },
    });
    const outcomes = new Set<string>();
    const times = async (inHand: 'dead-letter' | 'redeliver'): Promise<number> => {
      handled.clear();
      outcomes.clear();
      await simulateActors({
        actors: { logger: { actor: logger, args: ({ sleep }: Doors) => ({ sleep }), inHand } },
        workload: async ({ actors, client, operation }) => {
          outcomes.add((await codeOf(actors.logger.ask.log(`${client} ${operation}`))).slice(0, 22));
        },
        operations: 40,
        seed: SEED,
        profile: 'calm',
        faults: CRASHES,
      });
      return Math.max(...handled.values());
    };
    expect(await times('dead-letter'), REPLAY).toBe(1);
    expect([...outcomes], REPLAY).toEqual(expect.arrayContaining(['ERR_QUORATE_ACTOR_DEAD', 'answered 1']));
    const begun = [...handled.keys()].filter((id) => !id.endsWith('done')).length;
    expect([...handled.keys()].length, REPLAY).toBeLessThan(2 * begun); // The dead did not go on.
    expect(await times('redeliver'), REPLAY).toBe(2);
  });

  it('The answer of a handler that crashed before it left never comes', async () => {
    let sums = 0;
    const report = await simulateActors(
      {
        actors: { worker: spec },
        workload: async ({ actors }) => {
          if ((await codeOf(actors.worker.ask.echo('x'))) === 'answered x') sums++;
        },
        seed: SEED,
        operations: 100,
        profile: 'calm',
        faults: CRASHES,
      },
      ({ history }) => {
        expect(history.filter(({ end }) => end === Infinity).length).toBe(300 - sums);
      },
    );
    expect(sums, REPLAY).toBeLessThan(300);
    expect(report.faults['crash'], REPLAY).toBeGreaterThan(10);
  });

  it('talks to others through references that its doors give', async () => {
    const relay = actor(import.meta.url, {
      start: ({ ask }: { readonly ask: (text: string) => Promise<unknown> }) => ({ ask }),
      on: {
        async pass(state, text: string): Promise<unknown> {
          return await state.ask(text);
        },
      },
    });
    await simulateActors(
      {
        actors: {
          relay: {
            actor: relay,
            args: ({ ref }) => {
              const other = ref(plain, 'worker');
              return { ask: (text: string) => other.ask.echo(text) };
            },
          },
          worker: spec,
        },
        workload: ({ actors }) => actors.relay.ask.pass('hello'),
        seed: SEED,
        profile: 'calm',
      },
      ({ history }) => {
        expect(history.map(({ output }) => output)).toEqual(Array.from({ length: 30 }, () => 'hello'));
      },
    );
  });

  it('that does not answer in calm breaks a promise, and so does one that never comes up', async () => {
    const asleep = simulateActors({
      actors: { worker: spec },
      workload: ({ actors }) => actors.worker.ask.nap(60_000),
      seed: SEED,
      profile: 'calm',
      operations: 2,
      clients: 1,
    });
    await expect(asleep).rejects.toThrow(/\(liveness\): worker.nap 60000 was never answered/);
    const stillborn = actor(import.meta.url, {
      start: (): { readonly n: number } => {
        throw new Error('no luck');
      },
      on: { read: ({ n }): number => n },
    });
    const down = simulateActors({
      actors: { worker: { actor: stillborn } },
      workload: () => undefined,
      seed: SEED,
      operations: 2,
    });
    await expect(down).rejects.toThrow(/\(liveness\): worker did not come up/);
  });
});
