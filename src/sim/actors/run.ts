// One run of actors: a seed and what may happen in it give a history, a hash and perhaps a violation.
import type { ActorRef, AnyActorDefinition } from '../../actor/definition.ts';
import type { ExitReason } from '../../base/exit-reason.ts';
import { rangeError } from '../../base/errors.ts';
import type { Operation, Verdict } from '../../check/history.ts';
import { mixWords, wordOf } from '../engine/chance.ts';
import { Engine } from '../engine/engine.ts';
import type { RunEnd } from '../engine/engine.ts';
import type { Trace } from '../engine/trace.ts';
import { Clients } from './clients.ts';
import { SimDesk } from './desk.ts';
import { simDoors } from './doors.ts';
import type { ActorDoors, OnOf, SimDoors } from './doors.ts';
import { Fates } from './fates.ts';
import type { Allowed } from './fates.ts';
import { ActorNetwork } from './network.ts';
import { faultsOf } from './profile.ts';
import type { ActorFaults, ActorProfile } from './profile.ts';
import { simRef } from './refs.ts';
import { SimActor } from './sim-actor.ts';
import type { SimActorOptions } from './sim-actor.ts';
import { setTraps } from './traps.ts';
import { World, alone, settled } from './world.ts';
import type { ActorViolation } from './world.ts';

/** Events after which a run is given up: more with many operations, of which none takes a thousand. */
const EVENTS_MAX = 200_000;
const EVENTS_OF_OPERATION_MAX = 1_000;
/** How long what goes on after the last operation is followed. */
const AFTERWARDS_US = 30_000_000;

/** An actor's specification, whose types were checked where it was written. */
export interface AnyActorSpec extends SimActorOptions {
  readonly actor: AnyActorDefinition;
  readonly args?: unknown;
}

/** What one operation of a client is given. */
export interface AnyTurn extends SimDoors {
  readonly actors: Readonly<Record<string, object>>;
  readonly client: number;
  readonly operation: number;
}

/** What a check sees of one actor. */
export interface ActorProbe {
  /** The state of its living incarnation, not a copy; `undefined` where none lives or it has not started. */
  readonly state: unknown;
  /** Which incarnation it is, from 1. */
  readonly incarnation: number;
  /** How its incarnations crashed, oldest first. */
  readonly crashes: readonly ExitReason[];
  /** Messages that wait. */
  readonly waiting: number;
  /** What is durable under a key of its disk. */
  disk(key: string): unknown;
}

/** What a check sees of a run. */
export interface AnyOutcome {
  readonly seed: number;
  readonly history: readonly Operation[];
  readonly actors: Readonly<Record<string, ActorProbe>>;
}

/** What a check may answer. */
export type CheckAnswer = Verdict | string | void | Promise<Verdict | string | void>;

/** What is run. */
export interface RunOptions {
  readonly profile: ActorProfile;
  readonly faults: Partial<ActorFaults>;
  readonly actors: Readonly<Record<string, AnyActorSpec>>;
  readonly clients: number;
  readonly operations: number;
  readonly thinkMs: number;
  readonly workload: (turn: AnyTurn) => unknown;
  readonly invariant: ((outcome: AnyOutcome) => void) | undefined;
  readonly check: ((outcome: AnyOutcome) => CheckAnswer) | undefined;
}

/** What a run was. */
export interface RunRecord {
  readonly seed: number;
  readonly hash: string;
  readonly events: number;
  readonly virtualMs: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly sometimes: Readonly<Record<string, boolean>>;
  readonly history: readonly Operation[];
  readonly violation: ActorViolation | undefined;
  /** Names of the faults and operations that happened. */
  readonly injected: readonly string[];
  readonly called: readonly string[];
  readonly trace: Trace;
}

/** Runs once. */
export async function runOnce(
  options: RunOptions,
  seed: number,
  allowed: Allowed,
  isTraced: boolean,
): Promise<RunRecord> {
  const engine = new Engine({ seed, isTraced });
  const fates = new Fates(seed, allowed);
  const world = new World(engine, fates, faultsOf(options.profile, options.faults, mixWords(seed, wordOf('swarm'))));
  const stage = stageOf(options, world);
  await alone(async () => {
    const removeTraps = setTraps(world);
    try {
      for (const actor of stage.actors.values()) actor.start();
      stage.clients.start();
      const eventsMax = Math.max(EVENTS_MAX, EVENTS_OF_OPERATION_MAX * options.clients * options.operations);
      await play(world, stage.clients, { eventsMax, look: () => options.invariant?.(stage.outcome) });
    } finally {
      removeTraps();
    }
  });
  world.active = undefined;
  if (world.violation === undefined) await judge(world, options, stage.outcome);
  const { hash, events, nowMs, faults, reached, trace } = engine;
  const { injected, called } = fates;
  const { violation } = world;
  const { history } = stage.clients;
  return {
    seed,
    hash,
    events,
    virtualMs: nowMs,
    faults,
    sometimes: reached,
    history,
    violation,
    injected,
    called,
    trace,
  };
}

interface Stage {
  readonly actors: ReadonlyMap<string, SimActor>;
  readonly clients: Clients;
  readonly outcome: AnyOutcome;
}

function stageOf(options: RunOptions, world: World): Stage {
  const network = new ActorNetwork(world);
  const desk = new SimDesk(world);
  const parts = { world, network, desk };
  const actors = new Map<string, SimActor>();
  const refs: Record<string, object> = {};
  const { engine, fates } = world;
  const clients = new Clients({
    world,
    clients: options.clients,
    operations: options.operations,
    thinkUs: options.thinkMs * 1000,
    get actors() {
      return [...actors.values()];
    },
    run: (client, operation) => {
      const doors = simDoors(world, fates.random(world.actor.node, `workload ${operation}`));
      return options.workload({ ...doors, actors: refs, client, operation });
    },
  });
  const refOf = <Definition extends AnyActorDefinition>(
    definition: Definition,
    name: string,
  ): ActorRef<OnOf<Definition>> => {
    const actor = actors.get(name);
    if (actor !== undefined) return simRef(definition, actor, parts);
    const allowed = [...actors.keys()].join(', ');
    throw rangeError('ERR_QUORATE_INVALID_ARGUMENT', `Cannot find actor ${name}: there are ${allowed}`);
  };
  for (const [name, spec] of Object.entries(options.actors)) {
    const argsOf = ({ disk, node, incarnations }: SimActor): unknown => {
      if (typeof spec.args !== 'function') return spec.args;
      const chance = fates.random(node, `chance ${incarnations}`);
      const doors: ActorDoors = { ...simDoors(world, chance), disk, incarnation: incarnations, ref: refOf };
      return spec.args(doors);
    };
    const actor = new SimActor(parts, { name, definition: spec.actor, argsOf, options: spec });
    actors.set(name, actor);
    refs[name] = simRef(spec.actor, actor, { ...parts, follower: clients });
  }
  const probes = Object.fromEntries([...actors].map(([name, actor]) => [name, probeOf(actor)]));
  return { actors, clients, outcome: { seed: engine.seed, history: clients.history, actors: probes } };
}

function probeOf(actor: SimActor): ActorProbe {
  return {
    get state() {
      return actor.state;
    },
    get incarnation() {
      return actor.incarnations;
    },
    get crashes() {
      return actor.crashes;
    },
    get waiting() {
      return actor.mailbox.waiting;
    },
    disk: (key) => actor.disk.peek(key),
  };
}

/** Lets events happen, each with everything that it lets go on, until the run is over. */
async function play(
  world: World,
  clients: Clients,
  { eventsMax, look }: { readonly eventsMax: number; readonly look: () => void },
): Promise<void> {
  const { engine } = world;
  await settled();
  let untilUs = Infinity;
  let end: RunEnd = 'events';
  for (let left = eventsMax; left > 0; left--) {
    world.active = undefined;
    end = engine.run({ eventsMax: 1, untilUs });
    await settled();
    world.blame(world.active);
    if (world.violation !== undefined) return;
    try {
      look();
    } catch (error) {
      return world.violate({ kind: 'invariant', text: String(error), cause: error });
    }
    if (clients.isDone && untilUs === Infinity) untilUs = engine.nowUs + AFTERWARDS_US;
    if (end === 'idle' || end === 'time') break;
  }
  if (clients.isDone) return;
  const waits = `${clients.unfinished} waits for what nobody will do: nothing is left to happen`;
  const text = end === 'idle' ? waits : `The operations did not end within ${eventsMax} events`;
  world.violate({ kind: 'liveness', text });
}

async function judge(world: World, options: RunOptions, outcome: AnyOutcome): Promise<void> {
  try {
    const verdict: unknown = await options.check?.(outcome);
    if (typeof verdict === 'string') return world.violate({ kind: 'check', text: verdict });
    // What an assertion library returns, for one, is no verdict.
    if (!isVerdict(verdict) || verdict.verdict === 'ok') return;
    const text = verdict.verdict === 'illegal' ? verdict.explanation.text : `not decided: ${verdict.reason}`;
    world.violate({ kind: 'check', text, cause: verdict });
  } catch (error) {
    world.violate({ kind: 'check', text: String(error), cause: error });
  }
}

function isVerdict(value: unknown): value is Verdict {
  if (typeof value !== 'object' || value === null || !('verdict' in value)) return false;
  return value.verdict === 'ok' || value.verdict === 'illegal' || value.verdict === 'unknown';
}
