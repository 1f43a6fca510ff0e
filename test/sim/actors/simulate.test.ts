import { describe, expect, it } from 'vitest';
import { actor } from '../../../src/actor/definition.ts';
import { checkLinearizable } from '../../../src/check/linearizability.ts';
import { counterModel } from '../../../src/check/models/counter.ts';
import { SimulationError } from '../../../src/sim/actors/failure.ts';
import { simulateActors } from '../../../src/sim/actors/simulate-actors.ts';
import type { ActorReport } from '../../../src/sim/actors/simulate-actors.ts';
import type { SimDisk } from '../../../src/sim/actors/disk.ts';
import { replayCommand, testSeed } from '../../support/seed.ts';

const SEED = testSeed();
const REPLAY = replayCommand('test/sim/actors/simulate.test.ts', SEED);

interface Args {
  readonly disk: SimDisk;
}

const load = async ({ disk }: Args): Promise<{ disk: SimDisk; total: number }> => ({
  disk,
  total: Number((await disk.read('total')) ?? 0),
});

/** Answers when it has saved. */
const careful = actor(import.meta.url, {
  start: load,
  on: {
    async add(state, amount: number): Promise<number> {
      const total = state.total + amount;
      await state.disk.write('total', total);
      return (state.total = total);
    },
  },
});

/** Answers before it has saved. */
const hasty = actor(import.meta.url, {
  start: load,
  on: {
    add(state, amount: number): number {
      void state.disk.write('total', (state.total += amount));
      return state.total;
    },
  },
});

async function run(
  counter: typeof careful | typeof hasty,
  options: { readonly seed: number; readonly runs?: number; readonly replay?: SimulationError['replay'] },
): Promise<ActorReport> {
  return await simulateActors(
    {
      actors: { counter: { actor: counter, args: ({ disk }) => ({ disk }) } },
      workload: ({ actors }) => actors.counter.ask.add(1),
      profile: 'crash-storm',
      ...options,
    },
    ({ history }) => checkLinearizable(history, counterModel()),
  );
}

/** Classes of faults that a profile injected. */
async function counts(profile: 'swarm' | 'duplicate-storm' | 'partition-storm'): Promise<readonly string[]> {
  const { faults } = await simulateActors({
    actors: { counter: { actor: careful, args: ({ disk }) => ({ disk }) } },
    workload: ({ actors }) => actors.counter.ask.add(1),
    profile,
    seed: SEED,
    runs: 60,
  });
  return Object.keys(faults).toSorted();
}

function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

async function failure(promise: Promise<unknown>): Promise<SimulationError> {
  const error: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof SimulationError) return error;
  throw new Error(`It did not fail, but gave ${String(error)}`);
}

describe('Simulated actors', () => {
  it('The same seed gives the same hash, twice; another seed another one', async () => {
    const first = await run(careful, { seed: SEED, runs: 20 });
    expect(await run(careful, { seed: SEED, runs: 20 }), REPLAY).toEqual(first);
    expect((await run(careful, { seed: SEED + 20, runs: 20 })).hash, REPLAY).not.toBe(first.hash);
  });

  it('An actor that answers when it has saved keeps its promise under hundreds of crashes', async () => {
    const report = await run(careful, { seed: SEED, runs: 200 });
    expect(report.faults['crash'], REPLAY).toBeGreaterThan(100);
    expect(report.operations, REPLAY).toBe(200 * 30);
    expect(report.sometimes, REPLAY).toEqual({ 'An actor crashed with a message in hand': true });
  });

  it('One that answers before it has saved is caught, and the failure is made small', async () => {
    const errors: SimulationError[] = [];
    for (let seed = SEED; errors.length < 5; seed += 1000) errors.push(await failure(run(hasty, { seed, runs: 300 })));
    const [error] = errors as [SimulationError];
    expect(error.violation.kind, REPLAY).toBe('check');
    // One of a hundred stays larger, because each of its parts is needed once the others are there: the median counts.
    expect(middle(errors.map(({ replay }) => replay.operations.length)), REPLAY).toBeLessThanOrEqual(6);
    expect(middle(errors.map(({ replay }) => replay.faults.length)), REPLAY).toBeLessThanOrEqual(3);
    expect(error.message).toContain(`QUORATE_SIM_SEED=${error.seed}`);
    expect(error.transcript).toMatch(/^x .* counter {3}crashes /m);
    expect(error.diagram).toMatch(/^<svg /);
  });

  it('A replay gives the shrunk failure again, and the careful actor passes it', async () => {
    const { seed, replay, transcript } = await failure(run(hasty, { seed: SEED, runs: 200 }));
    const again = await failure(run(hasty, { seed, replay: structuredClone(replay) }));
    expect(again.transcript, REPLAY).toBe(transcript);
    expect((await run(careful, { seed, replay })).operations, REPLAY).toBe(replay.operations.length);
  });

  it('A verdict that is unknown is no pass', async () => {
    const actors = { counter: { actor: careful, args: ({ disk }: Args) => ({ disk }) } };
    const verdict = { verdict: 'unknown', operations: 0, reason: 'out of steps' } as const;
    const undecided = simulateActors({ actors, workload: () => 0, seed: SEED }, () => verdict);
    await expect(undecided).rejects.toThrow('(check): not decided: out of steps');
  });

  it('Simulations that are asked for at once do not disturb each other', async () => {
    const { random } = Math;
    const apart = [await run(careful, { seed: SEED, runs: 5 }), await run(careful, { seed: SEED + 9, runs: 5 })];
    const together = [run(careful, { seed: SEED, runs: 5 }), run(careful, { seed: SEED + 9, runs: 5 })];
    expect(await Promise.all(together), REPLAY).toEqual(apart);
    expect(Math.random).toBe(random);
  });

  it('QUORATE_SIM_SEED runs its seed alone', async () => {
    process.env['QUORATE_SIM_SEED'] = '77';
    try {
      expect(await run(careful, { seed: 1, runs: 50 })).toMatchObject({ seed: 77, runs: 1 });
    } finally {
      delete process.env['QUORATE_SIM_SEED'];
    }
  });

  it.each([
    ['clients', { clients: 0 }],
    ['operations', { operations: 10_001 }],
    ['runs', { runs: 0 }],
    ['seed', { seed: -1 }],
    ['profile', { profile: 'hurricane' as 'calm' }],
    ['crash', { faults: { crash: 2 } }],
    ['slowness', { faults: { slowness: 0 } }],
  ])('A value of %s that is out of range is refused', async (name, options) => {
    const actors = { counter: { actor: careful } };
    const refused = simulateActors({ actors, workload: () => undefined, ...options });
    await expect(refused).rejects.toThrow(new RegExp(`^Cannot use ${name} `));
  });

  it('Between threads nothing is lost, repeated or cut unless that is asked for', async () => {
    expect(await counts('swarm'), REPLAY).toEqual(['crash', 'delay', 'pause']);
    expect(await counts('duplicate-storm'), REPLAY).toEqual(['crash', 'delay', 'duplicate']);
    expect(await counts('partition-storm'), REPLAY).toEqual(['crash', 'loss', 'partition']);
  });
});
