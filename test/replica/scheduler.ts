// Random schedules of a whole cluster from a seed: what arrives when, twice or never, who dies and when it comes back.
// After the storm everything heals, every client reads every key, and the history of each key must be linearizable.
//
// Each seed has a temper of its own (how often messages are lost, how long links stall, how often replicas die),
// because one mixture of faults hides what another shows. Source: Groce et al., "Swarm Testing" (ISSTA 2012).
import { popcount } from '../../src/base/bits.ts';
import { below, seededRandom, unitOf } from '../../src/base/random.ts';
import type { Random } from '../../src/base/random.ts';
import type { Rules } from '../../src/protocol/rules.ts';
import type { RegisterQuorums } from '../../src/quorum/index.ts';
import { checkRegister, describeOperation } from './linearizability.ts';
import type { Message } from './network.ts';
import { World } from './world.ts';

/** What is explored. */
export interface Exploration {
  readonly quorums: RegisterQuorums;
  readonly rules?: Rules;
  /** Clients at first; default 3. */
  readonly clients?: number;
  /** Operations in all, without the final reads; default 8. */
  readonly operations?: number;
  /** Whether replicas die; default true. */
  readonly hasCrashes?: boolean;
  /** Whether a client may stop for ever in the midst of an operation; default true. */
  readonly hasClientCrashes?: boolean;
}

/** A schedule that ended wrong. */
export interface Violation {
  readonly seed: number;
  /** What is wrong, the history and the schedule, for people. */
  readonly report: string;
}

interface Temper {
  readonly random: Random;
  readonly lossRate: number;
  readonly repeatRate: number;
  readonly crashRate: number;
  readonly returnRate: number;
  readonly passRate: number;
  readonly startRate: number;
  readonly putRate: number;
  readonly stallRate: number;
  readonly keys: readonly string[];
}

const STEPS_MAX = 220;
const HEALING_STEPS_MAX = 6000;

/** Runs the schedule of one seed; `undefined` when nothing was wrong. */
export function runSchedule(seed: number, exploration: Exploration): Violation | undefined {
  const { quorums, rules, clients = 3 } = exploration;
  const world = new World({ quorums, clients, ...(rules && { rules }) });
  try {
    storm(world, temperOf(seed, exploration), exploration.operations ?? 8);
    heal(world, seededRandom(seed + 1));
  } catch (error) {
    return { seed, report: reportOf(world, String(error instanceof Error ? error.stack : error)) };
  }
  const wrong = judge(world);
  return wrong === undefined ? undefined : { seed, report: reportOf(world, wrong) };
}

/** What is wrong with the histories of a world; `undefined` when each is linearizable. */
export function judge(world: World): string | undefined {
  for (const key of world.keys()) {
    const verdict = checkRegister(world.historyOf(key));
    if (verdict.kind === 'linearizable') continue;
    return `No order of ${key} explains ${verdict.stuck.map(describeOperation).join(', ')}`;
  }
  return undefined;
}

/** Runs the seeds from `seed` on; the first violation, or `undefined`. */
export function explore(seed: number, schedules: number, exploration: Exploration): Violation | undefined {
  for (let index = 0; index < schedules; index++) {
    const violation = runSchedule((seed + index) >>> 0, exploration);
    if (violation !== undefined) return violation;
  }
  return undefined;
}

function temperOf(
  seed: number,
  { hasCrashes = true, hasClientCrashes = true }: Exploration,
): Temper & { leaveRate: number } {
  const random = seededRandom(seed);
  const oneOf = (...rates: readonly number[]): number => rates[below(random, rates.length)]!;
  return {
    random,
    lossRate: oneOf(0, 0, 0.1, 0.3),
    repeatRate: oneOf(0, 0, 0.1, 0.2),
    crashRate: hasCrashes ? oneOf(0, 0.02, 0.05, 0.1) : 0,
    returnRate: oneOf(0.05, 0.1, 0.3),
    passRate: oneOf(0.01, 0.03, 0.08),
    startRate: oneOf(0.05, 0.1, 0.3),
    putRate: oneOf(0.3, 0.5, 0.7),
    stallRate: oneOf(0, 0.3, 0.5, 0.7),
    leaveRate: hasClientCrashes ? oneOf(0, 0, 0.01, 0.03) : 0,
    keys: oneOf(0, 0, 0, 1) === 0 ? ['k'] : ['k', 'l'],
  };
}

function storm(world: World, temper: Temper & { leaveRate: number }, operations: number): void {
  const { random } = temper;
  const happens = (rate: number): boolean => unitOf(random) < rate;
  const stalled = new Set<string>();
  let started = 0;
  for (let step = 0; step < STEPS_MAX; step++) {
    if (step % 16 === 0) stall(world, stalled, temper);
    if (started < operations && happens(temper.startRate)) started += startOperation(world, temper, started);
    if (happens(temper.crashRate)) crash(world, random);
    if (happens(temper.returnRate)) bringBack(world, random);
    if (happens(temper.passRate)) world.pass([3, 13, 26, 90][below(random, 4)]!);
    if (happens(temper.leaveRate)) replaceClient(world, random);
    const ready = world.deliverable().filter(({ link }) => !stalled.has(link));
    if (ready.length === 0) continue;
    const message = ready[below(random, ready.length)]!;
    if (isBetweenReplicas(message)) world.deliver(message);
    else if (happens(temper.lossRate)) world.drop(message);
    else if (happens(temper.repeatRate)) world.duplicate(message);
    else world.deliver(message);
  }
}

/** No more faults: all come back, all messages arrive, and each client reads each key once it is done. */
export function heal(world: World, random: Random): void {
  world.log.push('The storm is over');
  settle(world, random);
  for (const key of ['k', 'l'].filter((each) => world.keys().includes(each))) {
    for (let client = 0; client < world.clients; client++) {
      if (world.isGone(client)) continue;
      world.start(client, { kind: 'get', key });
      settle(world, random);
    }
  }
}

function settle(world: World, random: Random): void {
  const isDone = (): boolean =>
    popcount(world.operational) === world.quorums.replicas &&
    world.calls.every((call) => call.end !== undefined || world.isGone(call.client));
  for (let step = 0; step < HEALING_STEPS_MAX; step++) {
    if (isDone()) return;
    bringBack(world, random);
    const ready = world.deliverable();
    if (ready.length === 0) world.pass(13);
    else world.deliver(ready[below(random, ready.length)]!);
  }
  throw new Error('Every operation ends once all replicas are back and all messages arrive');
}

function stall(world: World, stalled: Set<string>, { random, stallRate }: Temper): void {
  stalled.clear();
  for (let replica = 0; replica < world.quorums.replicas; replica++) {
    for (let client = 0; client < world.clients; client++) {
      if (unitOf(random) < stallRate) stalled.add(`C${client}A${replica}`);
      if (unitOf(random) < stallRate) stalled.add(`A${replica}C${client}`);
    }
    for (let peer = 0; peer < world.quorums.replicas; peer++) {
      if (unitOf(random) < stallRate / 2) stalled.add(`A${replica}A${peer}`);
    }
  }
}

function startOperation(world: World, { random, putRate, keys }: Temper, started: number): number {
  const client = below(random, world.clients);
  if (world.isGone(client)) return 0;
  // Half of the clients wait for their own answer first, so that histories have an order to get wrong.
  const isBusy = world.calls.some((call) => call.client === client && call.end === undefined);
  if (isBusy && client % 2 === 0) return 0;
  const key = keys[below(random, keys.length)]!;
  const timeoutMs = [20, 60, 1000][below(random, 3)]!;
  if (unitOf(random) >= putRate) world.start(client, { kind: 'get', key, timeoutMs });
  else world.start(client, { kind: 'put', key, timeoutMs, value: `v${started}` });
  return 1;
}

/** Kills a replica, as long as the quorums survive it; one that recovers holds nothing, so it may die at any time. */
function crash(world: World, random: Random): void {
  const replica = below(random, world.quorums.replicas);
  if (world.stateOf(replica) !== 'running') return;
  const down = world.quorums.replicas - popcount(world.operational);
  const isOperational = ((world.operational >>> replica) & 1) === 1;
  if (!isOperational || down < world.quorums.downMax) world.crash(replica);
}

function bringBack(world: World, random: Random): void {
  const replica = below(random, world.quorums.replicas);
  const state = world.stateOf(replica);
  if (state === 'exited') world.bump(replica);
  else if (state === 'bumped') world.spawn(replica);
}

function replaceClient(world: World, random: Random): void {
  const client = below(random, world.clients);
  if (world.isGone(client) || world.clients > 6) return;
  world.endClient(client);
  world.addClient();
}

function isBetweenReplicas({ from, to }: Message): boolean {
  return from.startsWith('A') && to.startsWith('A');
}

/** What is wrong, the histories and the schedule, for people. */
export function reportOf(world: World, what: string): string {
  const histories = world.keys().map((key) => `${key}: ${world.historyOf(key).map(describeOperation).join(', ')}`);
  return [what, 'History:', ...histories, 'Schedule:', ...world.log].join('\n');
}
