// What a user may ask of a run of actors, and what the user is told who asks for something else.
import { describe, expect, it } from 'vitest';
import { actor } from '../../../src/actor/definition.ts';
import { simulate } from '../../../src/sim/index.ts';
import type { SimulateOptions } from '../../../src/sim/index.ts';

const counter = actor(import.meta.url, {
  start: () => ({ total: 0 }),
  on: {
    add: (state, amount: number): number => (state.total += amount),
    slow: (_state, ms: number): number => ms,
  },
});
const WHOLE = {
  actors: { counter: { actor: counter } },
  workload: ({ actors }: { actors: { counter: { ask: { add(amount: number): Promise<number> } } } }) =>
    actors.counter.ask.add(1),
  profile: 'calm',
};

/** Options as one without types may give them. */
async function simulated(options: object, check?: unknown): Promise<unknown> {
  const run: unknown = simulate({ ...WHOLE, ...options } as unknown as SimulateOptions, check as () => undefined);
  return await run;
}

const of = (spec: object): object => ({ actors: { counter: { actor: counter, ...spec } } });

describe('A run of actors refuses', () => {
  it.each<[said: string, options: object, check?: unknown]>([
    ['actors [object Object]: it must be an object with at least one actor', { actors: {} }],
    ['actors null: it must be an object with at least one actor', { actors: null }],
    ['actors.c [object Object]: it must be an object whose field actor', { actors: { c: counter } }],
    ['actors.c null: it must be an object whose field actor', { actors: { c: null } }],
    ['actors.counter.capacity 0: it must be an integer from 1 to 65536', of({ capacity: 0 })],
    ['actors.counter.overflow spill: it must be one of reject, drop-newest,', of({ overflow: 'spill' })],
    ['actors.counter.place moon: it must be one of inline, thread', of({ place: 'moon' })],
    ['actors.counter.inHand drop: it must be one of dead-letter, redeliver', of({ inHand: 'drop' })],
    ['actors.counter.supervise true: it must be a policy or false', of({ supervise: true })],
    ['restartsMax -1: it must be', of({ supervise: { restartsMax: -1 } })],
    ['workload undefined: it must be a function', { workload: undefined }],
    ['invariant 3: it must be a function', { invariant: 3 }],
    ['check 7: it must be a function', {}, 7],
    ['thinkMs -1: it must be an integer from 0 to 60000', { thinkMs: -1 }],
    ['profile hurricane: it must be one of calm, crash-storm,', { profile: 'hurricane' }],
    ['faults null: it must be an object', { faults: null }],
    ['faults crsh: it must be one of crash, pause,', { faults: { crsh: 1 } }],
    ['crash 1: it must be a number from 0 to 1', { faults: { crash: '1' } }],
    ['replay 7: it must be the replay of a SimulationError', { replay: 7 }],
    ['replay [object Object]: it must be the replay of a SimulationError', { replay: { seed: 1 } }],
    ['replay.seed -1: it must be an integer', { replay: { seed: -1, faults: [], operations: [] } }],
  ])('%s', async (...[said, options, check]) => {
    await expect(simulated(options, check)).rejects.toThrow(
      expect.objectContaining({
        code: 'ERR_QUORATE_INVALID_ARGUMENT',
        message: expect.stringContaining(`Cannot use ${said}`),
      }),
    );
  });
});

describe('A run of actors', () => {
  it('may have more operations than a run of few has events', async () => {
    expect(await simulated({ clients: 60, operations: 900 })).toMatchObject({ runs: 1, operations: 54_000 });
  });

  it('whose check answers with a text has failed, and the text says why', async () => {
    await expect(simulated({}, () => 'The total is odd')).rejects.toThrow('(check): The total is odd');
    await expect(simulated({}, () => Promise.resolve('It is late'))).rejects.toThrow('(check): It is late');
    await expect(simulated({}, () => ({ passed: true }))).resolves.toMatchObject({ runs: 1 });
  });

  it('that comes to rest with a client that waits says who waits', async () => {
    const stuck = simulate({
      actors: { counter: { actor: counter } },
      workload: ({ actors, client }) => (client === 2 ? actors.counter.closed : undefined),
      profile: 'calm',
    });
    await expect(stuck).rejects.toThrow(
      '(liveness): client 2 waits for what nobody will do: nothing is left to happen',
    );
  });

  it('that fails once and not again says that something outside of it decides', async () => {
    let answers = 0;
    const stateful = actor(import.meta.url, { start: () => ({}), on: { next: () => ++answers } });
    const failed = simulate(
      { actors: { stateful: { actor: stateful } }, workload: ({ actors }) => actors.stateful.ask.next() },
      ({ history }) => (history.some(({ output }) => output === 5) ? 'A five' : undefined),
    );
    await expect(failed).rejects.toThrow(/\(determinism\): It failed once and not again: .* It was \(check\): A five/);
  });

  it('has a history in which no process has two operations open', async () => {
    const processes = new Set<string | number>();
    await simulate(
      {
        actors: { counter: { actor: counter } },
        profile: 'calm',
        clients: 1,
        async workload({ actors: { counter: ref } }) {
          const [first, second] = [ref.ask.slow(1), ref.ask.slow(2)];
          await first;
          await Promise.all([second, ref.ask.slow(3), ref.ask.slow(4)]);
        },
      },
      ({ history }) => {
        for (const { process, start, end } of history) {
          processes.add(process);
          const others = history.filter((other) => other.process === process && other.start !== start);
          expect(others.filter((other) => other.start < end && start < other.end)).toEqual([]);
        }
      },
    );
    expect([...processes]).toEqual(['client 0', 'client 0+1', 'client 0+2']);
  });
});
