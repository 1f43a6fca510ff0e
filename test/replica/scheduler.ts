// Random schedules of a whole cluster from a seed: what arrives when, twice or never, who dies and when it comes back.
// After the storm everything heals, every client reads every key, and the history of each key must be linearizable.
//
// Each seed has a temper of its own (how often messages are lost, how long links stall, how often replicas die),
// because one mixture of faults hides what another shows. Source: Groce et al., "Swarm Testing" (ISSTA 2012).
import { lowestBitIndex, lowestBits } from '../../src/base/bits.ts';
import { below, seededRandom, unitOf } from '../../src/base/random.ts';
import type { Random } from '../../src/base/random.ts';
import { votersIn } from '../../src/quorum/quorum-system.ts';
import type { RegisterQuorums } from '../../src/quorum/register-quorums.ts';
import { Electorate } from '../../src/replica/electorate.ts';
import { hashOf } from '../../src/replica/key-bytes.ts';
import { fixedConfiguration } from '../../src/replica/live-quorums.ts';
import type { Request } from './call.ts';
import { checkRegister, describeOperation } from './linearizability.ts';
import type { Message, MessageKind } from './network.ts';
import { World } from './world.ts';
import type { WorldOptions } from './world.ts';

/** What is explored. */
export interface Exploration extends Omit<WorldOptions, 'clients'> {
  /** Clients at first; default 3. */
  readonly clients?: number;
  /** Operations in all, without the final reads; default 8. */
  readonly operations?: number;
  /** Share of exchanges among them; default 0. */
  readonly exchanges?: number;
  /** Share of gets that repair their key instead; default 0. Each key is repaired at the end then. */
  readonly repairs?: number;
}

/** A schedule that ended wrong. */
export interface Violation {
  readonly seed: number;
  /** What is wrong, the history and the schedule, for people. */
  readonly report: string;
}

interface Temper {
  readonly exchangeRate: number;
  readonly repairRate: number;
  readonly random: Random;
  readonly lossRate: number;
  /** One kind of message is lost more often than the others. */
  readonly lossyKind: MessageKind;
  readonly lossyRate: number;
  readonly repeatRate: number;
  readonly crashRate: number;
  readonly returnRate: number;
  readonly passRate: number;
  readonly startRate: number;
  readonly putRate: number;
  readonly deleteRate: number;
  readonly batchRate: number;
  /** Operations at level `one`, and as many at level `all`. */
  readonly otherLevelRate: number;
  readonly stallRate: number;
  readonly leaveRate: number;
  readonly stallSteps: number;
  readonly keys: readonly string[];
}

/** Accepts most often: a value that is at few replicas is where the rules matter. */
const LOSSY_KINDS: readonly MessageKind[] = ['accept', 'accept', 'accept', 'ack', 'prepare', 'promise', 'reply'];
const STEPS_MAX = 300;
const HEALING_STEPS_MAX = 6000;

/** Runs the schedule of one seed, in the world that `make` makes; `undefined` when nothing was wrong. */
export function runSchedule(
  seed: number,
  exploration: Exploration,
  make: (options: WorldOptions) => World = (options) => new World(options),
): Violation | undefined {
  const { clients = 3, operations = 8, exchanges = 0, repairs = 0, ...options } = exploration;
  const world = make({ clients, ...options });
  try {
    storm(world, { ...temperOf(seed), exchangeRate: exchanges, repairRate: repairs }, operations);
    heal(world, seededRandom(seed + 1));
    if (repairs > 0) repairAll(world, seededRandom(seed + 2));
  } catch (error) {
    return { seed, report: reportOf(world, String(error instanceof Error ? error.stack : error)) };
  }
  const wrong = judge(world) ?? judgeHomes(world) ?? (repairs > 0 ? judgeEntries(world) : undefined);
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

/** What is held by a replica that is no home of it; `undefined` when nothing is. */
function judgeHomes(world: World): string | undefined {
  for (let replica = 0; replica < world.quorums.threads; replica++) {
    const stray = [...(world.replicaAt(replica)?.table.entries() ?? [])].find(
      ({ hash }) => ((world.placement.homesOf(hash) >>> replica) & 1) === 0,
    );
    if (stray !== undefined) return `A${replica} holds a key that it is no home of`;
  }
  return undefined;
}

/** Somebody repairs every key, and everything arrives. */
function repairAll(world: World, random: Random): void {
  const client = world.addClient();
  for (const key of world.keys()) world.start(client, { kind: 'get', key, isRepair: true });
  settle(world, random, -1);
}

/** What is wrong where all replicas should hold the same; `undefined` when they do. */
export function judgeEntries(world: World): string | undefined {
  for (const key of world.keys()) {
    const homes = world.placement.homesOf(hashOf(key));
    const held = votersIn(homes).map((replica) => world.entryAt(replica, key));
    if (new Set(held).size > 1) return `After a repair of ${key} the replicas hold ${held.join(', ')}`;
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

function temperOf(seed: number): Omit<Temper, 'exchangeRate' | 'repairRate'> {
  const random = seededRandom(seed);
  const oneOf = (...rates: readonly number[]): number => rates[below(random, rates.length)]!;
  return {
    random,
    lossRate: oneOf(0, 0, 0.1, 0.3),
    lossyKind: LOSSY_KINDS[below(random, LOSSY_KINDS.length)]!,
    lossyRate: oneOf(0, 0.3, 0.6),
    repeatRate: oneOf(0, 0, 0.1, 0.3),
    crashRate: oneOf(0, 0.02, 0.05, 0.1),
    returnRate: oneOf(0.05, 0.1, 0.3),
    passRate: oneOf(0.03, 0.08, 0.2),
    startRate: oneOf(0.03, 0.06, 0.15),
    putRate: oneOf(0.2, 0.4, 0.6),
    deleteRate: oneOf(0, 0, 0.3),
    batchRate: oneOf(0, 0, 0.3),
    otherLevelRate: oneOf(0, 0, 0, 0.15),
    stallRate: oneOf(0, 0.3, 0.5, 0.7),
    stallSteps: oneOf(8, 24, 60),
    leaveRate: oneOf(0, 0, 0.01, 0.03),
    keys: oneOf(0, 0, 0, 1) === 0 ? ['k'] : ['k', 'l'],
  };
}

function storm(world: World, temper: Temper, operations: number): void {
  const { random } = temper;
  const happens = (rate: number): boolean => unitOf(random) < rate;
  const stalled = new Set<string>();
  let started = 0;
  for (let step = 0; step < STEPS_MAX; step++) {
    if (step % temper.stallSteps === 0) stall(world, stalled, temper);
    if (started < operations && happens(temper.startRate)) started += startOperations(world, temper, started);
    if (happens(temper.crashRate)) crash(world, random);
    if (happens(temper.returnRate)) bringBack(world, below(random, world.quorums.threads));
    if (happens(temper.passRate)) world.pass([3, 13, 13, 26][below(random, 4)]!);
    if (happens(temper.leaveRate)) replaceClient(world, random);
    const ready = world.deliverable().filter(({ link }) => !stalled.has(link));
    if (ready.length === 0) continue;
    const message = ready[below(random, ready.length)]!;
    if (isBetweenReplicas(message)) world.deliver(message);
    else if (happens(message.kind === temper.lossyKind ? temper.lossyRate : temper.lossRate)) world.drop(message);
    else if (happens(temper.repeatRate)) world.duplicate(message);
    else world.deliver(message);
  }
}

/** No more faults: all come back, all messages arrive, and each client reads each key once it is done. */
export function heal(world: World, random: Random): void {
  world.log.push('The storm is over');
  // Not always: new puts hide what the storm has lost.
  if (below(random, 4) === 0) workWithOneDown(world, random);
  settle(world, random, -1);
  for (const key of ['k', 'l'].filter((each) => world.keys().includes(each))) {
    for (let client = 0; client < world.clients; client++) {
      if (world.isGone(client)) continue;
      world.start(client, { kind: 'get', key });
      settle(world, random, -1);
    }
  }
}

/** One replica stays down, where the quorums survive it: whatever clients do at once ends all the same. */
function workWithOneDown(world: World, random: Random): void {
  const { threads, replicas, read, write, prepare, agreeing, downMax } = world.quorums;
  if (downMax < 1 || Math.max(read, write, prepare, agreeing) >= replicas) return;
  const down = lowestBits(threads) & ~world.operational;
  const absent = down === 0 ? below(random, threads) : lowestBitIndex(down);
  const electorate = electorateOf(world);
  const rest = lowestBits(threads) & ~(1 << absent);
  const sizes = { read, write, prepare };
  const hasQuorum = (purpose: keyof typeof sizes): boolean => electorate.isMetOnAll(purpose, rest, sizes[purpose]);
  if (world.quorums.systems !== undefined && !PURPOSES.every(hasQuorum)) return;
  if (world.stateOf(absent) === 'running') world.crash(absent);
  for (let client = 0; client < world.clients; client++) {
    if (world.isGone(client)) continue;
    world.start(client, { kind: 'put', value: `w${client}` });
    world.start(client, { kind: 'get' });
  }
  settle(world, random, absent);
}

/** All come back but `absent` (-1: nobody), and all messages arrive, until every operation has ended. */
export function settle(world: World, random: Random, absent: number): void {
  const expected = lowestBits(world.quorums.threads) & (absent < 0 ? -1 : ~(1 << absent));
  for (let step = 0; step < HEALING_STEPS_MAX; step++) {
    const isOver = world.calls.every((call) => call.end !== undefined || world.isGone(call.client));
    if (isOver && world.operational === expected) return;
    const replica = below(random, world.quorums.threads);
    if (replica !== absent) bringBack(world, replica);
    const ready = world.deliverable();
    if (ready.length === 0) world.pass(13);
    else world.deliver(ready[below(random, ready.length)]!);
  }
  throw new Error('Every operation ends once the messages arrive and no more than one replica is down');
}

function stall(world: World, stalled: Set<string>, { random, stallRate }: Temper): void {
  stalled.clear();
  for (let replica = 0; replica < world.quorums.threads; replica++) {
    for (let client = 0; client < world.clients; client++) {
      if (unitOf(random) < stallRate) stalled.add(`C${client}A${replica}`);
      if (unitOf(random) < stallRate) stalled.add(`A${replica}C${client}`);
    }
    for (let peer = 0; peer < world.quorums.threads; peer++) {
      if (unitOf(random) < stallRate / 2) stalled.add(`A${replica}A${peer}`);
    }
  }
}

/** A client begins one to three operations at once. @returns how many. */
function startOperations(world: World, temper: Temper, started: number): number {
  const { random } = temper;
  const client = below(random, world.clients);
  if (world.isGone(client)) return 0;
  // Half of the clients wait for their own answers first, so that histories have an order to get wrong.
  const isBusy = world.calls.some((call) => call.client === client && call.end === undefined);
  if (isBusy && client % 2 === 0) return 0;
  const count = unitOf(random) < temper.batchRate ? 2 + below(random, 2) : 1;
  const retry = retryOf(world, client, temper);
  const requests = Array.from({ length: count }, (_, index) => requestOf(temper, `v${started + index}`));
  if (retry !== undefined) requests[0] = retry;
  world.startBatch(client, requests);
  return count;
}

/** Now and then a client tries its last exchange again that ended as unknown. */
function retryOf(world: World, client: number, { random, exchangeRate }: Temper): Request | undefined {
  if (exchangeRate === 0 || unitOf(random) < 0.5) return undefined;
  const mine = world.calls.filter((call) => call.client === client && call.kind === 'exchange');
  const finishes = mine.findLast(({ finishes: of, outcome }) => of === undefined && outcome === 'unknown');
  if (finishes === undefined || mine.some((call) => call.finishes === finishes && call.outcome !== 'unknown'))
    return undefined;
  return { kind: 'exchange', finishes, timeoutMs: 1000 };
}

function requestOf(temper: Temper, value: string): Request {
  const { random, putRate, deleteRate, otherLevelRate, exchangeRate, repairRate, keys } = temper;
  const key = keys[below(random, keys.length)]!;
  const timeoutMs = [20, 60, 1000][below(random, 3)]!;
  const chance = unitOf(random);
  const level = chance < otherLevelRate ? 'one' : chance < 2 * otherLevelRate ? 'all' : 'quorum';
  if (exchangeRate > 0 && unitOf(random) < exchangeRate) return { kind: 'exchange', key, timeoutMs, value };
  if (repairRate > 0 && unitOf(random) < repairRate) return { kind: 'get', key, timeoutMs, isRepair: true };
  if (unitOf(random) >= putRate) return { kind: 'get', key, timeoutMs, level };
  return { kind: 'put', key, timeoutMs, level, value: unitOf(random) < deleteRate ? undefined : value };
}

/** Kills a replica, as long as the quorums survive it; one that recovers holds nothing, so it may die at any time. */
function crash(world: World, random: Random): void {
  const replica = below(random, world.quorums.threads);
  if (world.stateOf(replica) !== 'running') return;
  const down = lowestBits(world.quorums.threads) & ~world.operational;
  const isOperational = ((world.operational >>> replica) & 1) === 1;
  if (!isOperational || !electorateOf(world).isLost(down | (1 << replica))) world.crash(replica);
}

/** The quorums of a world, to be asked; made once, since those of systems take a while. */
function electorateOf({ quorums }: World): Electorate {
  const known = electorates.get(quorums) ?? new Electorate(fixedConfiguration(quorums).read());
  electorates.set(quorums, known);
  return known;
}

const electorates = new WeakMap<RegisterQuorums, Electorate>();
const PURPOSES = ['read', 'write', 'prepare'] as const;

function bringBack(world: World, replica: number): void {
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
