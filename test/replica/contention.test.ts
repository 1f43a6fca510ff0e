// Several clients change one key at the same time, on a network that loses and reorders: tags only grow, so that one of
// them always gets through, and whoever did not backs off for a random while, which is capped.
import { describe, expect, it } from 'vitest';
import { below, seededRandom, unitOf } from '../../src/base/random.ts';
import { RULES } from '../../src/protocol/rules.ts';
import type { Rules } from '../../src/protocol/rules.ts';
import { registerQuorums } from '../../src/quorum/index.ts';
import { testSeed } from '../support/seed.ts';
import { judge, reportOf } from './scheduler.ts';
import { World } from './world.ts';

const SEED = testSeed();
const SEEDS = 20;
const CLIENTS = 3;
const CHANGES = 12;
/** Ballots that a change may need; more than twice of the 8 that it took most in 2,000 seeds. */
const TRIES_MAX = 20;
const STEPS_MAX = 50_000;
const LOSS_RATE = 0.1;
/** A millisecond is some messages long. */
const PASS_RATE = 0.1;

/** All clients change the key, one change after the other, until each has made its share. */
function contend(seed: number, rules: Rules = RULES): World {
  const random = seededRandom(seed);
  const world = new World({ quorums: registerQuorums({ replicas: 3 }), clients: CLIENTS, rules });
  const open = (client: number): boolean =>
    world.calls.some((call) => call.client === client && call.end === undefined);
  const begun = Array.from({ length: CLIENTS }, () => 0);
  for (let step = 0; step < STEPS_MAX; step++) {
    for (let client = 0; client < CLIENTS; client++) {
      if (open(client) || begun[client]! >= CHANGES) continue;
      world.start(client, { kind: 'exchange', value: `v${client}.${begun[client]!++}` });
    }
    if (world.calls.length === CLIENTS * CHANGES && world.calls.every(({ end }) => end !== undefined)) return world;
    const ready = world.deliverable();
    if (ready.length === 0 || unitOf(random) < PASS_RATE) {
      world.pass(1);
      continue;
    }
    const message = ready[below(random, ready.length)]!;
    if (unitOf(random) < LOSS_RATE) world.drop(message);
    else world.deliver(message);
  }
  throw new Error(reportOf(world, 'Not all changes have ended'));
}

/** Ballots under which each change was tried. */
function triesOf({ log }: World): number[] {
  const tries: Set<string>[] = [];
  const last = new Map<string, Set<string>>();
  for (const line of log) {
    const [, begins] = /^(C\d+) exchange k =/.exec(line) ?? [];
    if (begins !== undefined) tries.push(last.set(begins, new Set()).get(begins)!);
    const [, client, ballot] = /^(?:lost: )?(C\d+) > A\d+ (?:prepare|accept)\((b\d+)/.exec(line) ?? [];
    if (client !== undefined && ballot !== undefined) last.get(client)?.add(ballot);
  }
  return tries.map(({ size }) => size);
}

describe('Of clients that change one key at the same time', () => {
  it.each(Array.from({ length: SEEDS }, (_, index) => (SEED + index) >>> 0))(
    `nobody starves: each change ends well within ${TRIES_MAX} tries of its own (seed %i)`,
    (seed) => {
      const world = contend(seed);
      expect(world.calls.map(({ outcome }) => outcome)).toEqual(world.calls.map(() => 'ok'));
      expect(Math.max(...triesOf(world))).toBeLessThanOrEqual(TRIES_MAX);
      expect(judge(world)).toBeUndefined();
    },
  );

  it('Negative control: some starve that are never asked again', () => {
    expect(() => contend(1, { ...RULES, asksAgain: false })).toThrow('Not all changes have ended');
  });
});
