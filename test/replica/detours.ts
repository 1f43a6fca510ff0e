// Schedules that leave the known ones: each begins like one of the book, is cut at a random step, and goes on at
// random. The rules are needed in corners that random search from an empty cluster hardly reaches; from here it does.
import { popcount } from '../../src/base/bits.ts';
import { below, seededRandom, unitOf } from '../../src/base/random.ts';
import type { Random } from '../../src/base/random.ts';
import { Director } from './director.ts';
import type { Request } from './call.ts';
import { SCHEDULES } from './schedule-book.ts';
import { heal, judge, reportOf } from './scheduler.ts';
import { World } from './world.ts';
import type { WorldOptions } from './world.ts';

const CLIENTS = 5;
const STEPS_MAX = 150;
const CUT = new Error('The schedule is cut');
/** What a director does to a world that counts as a step. */
const STEPS: ReadonlySet<string | symbol> = new Set(['deliver', 'crash', 'pass']);

/** A director who stops after some steps. */
class CutDirector extends Director {
  constructor(world: World, steps: number) {
    let left = steps;
    const cut: ProxyHandler<World> = {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        if (STEPS.has(name) && left-- <= 0) throw CUT;
        return member.bind(target);
      },
    };
    super(new Proxy(world, cut));
  }
}

/** Plays the schedule of a seed in the world that `make` makes; what is wrong with it, for people, or `undefined`. */
export function takeDetour(
  seed: number,
  options: Omit<WorldOptions, 'clients'>,
  make: (options: WorldOptions) => World = (made) => new World(made),
): string | undefined {
  const random = seededRandom(seed);
  const world = make({ clients: CLIENTS, ...options });
  const director = new CutDirector(world, below(random, 40));
  const known = SCHEDULES.filter(({ kept }) => kept.quorums.replicas <= options.quorums.replicas);
  try {
    known[below(random, known.length)]!.play(director);
  } catch {
    // It was cut, or does not fit: these quorums or rules are not its own.
  }
  world.log.push('From here on at random');
  try {
    wander(world, random);
    heal(world, seededRandom(seed + 1));
  } catch (error) {
    return reportOf(world, String(error));
  }
  const wrong = judge(world);
  return wrong === undefined ? undefined : reportOf(world, wrong);
}

/** One thing that may happen next, and where it comes from. */
interface Step {
  readonly source: string;
  readonly take: () => void;
}

/**
 * Sources have priorities, and the highest goes first until it loses its place: so some links stay behind for long.
 * Source: Burckhardt et al., "A Randomized Scheduler with Probabilistic Guarantees of Finding Bugs" (ASPLOS 2010).
 */
function wander(world: World, random: Random): void {
  const priorities = new Map<string, number>();
  const changeRate = [0.03, 0.1, 0.3][below(random, 3)]!;
  const events = [
    ...Array.from({ length: below(random, 4) }, () => () => startOne(world, random)),
    ...Array.from({ length: below(random, 5) }, () => () => world.pass([13, 26, 110][below(random, 3)]!)),
    ...Array.from({ length: below(random, 3) }, () => () => crashOne(world, random)),
  ].map((take, index) => ({ source: `event ${index}`, take }));
  for (let count = 0; count < STEPS_MAX; count++) {
    const steps = [...stepsOf(world), ...events];
    if (steps.length === 0) return;
    for (const { source } of steps) if (!priorities.has(source)) priorities.set(source, unitOf(random));
    const first = steps.reduce((one, other) =>
      priorities.get(other.source)! > priorities.get(one.source)! ? other : one,
    );
    if (unitOf(random) < changeRate) priorities.set(first.source, unitOf(random) * priorities.get(first.source)!);
    const event = events.findIndex((each) => each === first);
    if (event >= 0) events.splice(event, 1);
    first.take();
  }
}

function stepsOf(world: World): Step[] {
  const steps: Step[] = world
    .deliverable()
    .map((message) => ({ source: `${message.link} ${message.kind}`, take: (): void => world.deliver(message) }));
  for (let replica = 0; replica < world.quorums.replicas; replica++) {
    const state = world.stateOf(replica);
    if (state === 'exited') steps.push({ source: `bump ${replica}`, take: () => world.bump(replica) });
    if (state === 'bumped') steps.push({ source: `spawn ${replica}`, take: () => world.spawn(replica) });
  }
  return steps;
}

/** A put, a get, or somebody who finishes a put that has begun. */
function startOne(world: World, random: Random): void {
  const client = below(random, CLIENTS);
  const puts = world.calls.filter(({ kind, finishes }) => kind === 'put' && finishes === undefined);
  const requests: Request[] = [{ kind: 'put', value: `w${world.calls.length}` }, { kind: 'get' }];
  const finishes = puts[below(random, Math.max(1, puts.length))];
  if (finishes !== undefined && finishes.first.low !== 0) requests.push({ kind: 'put', finishes });
  world.start(client, requests[below(random, requests.length)]!);
}

function crashOne(world: World, random: Random): void {
  const replica = below(random, world.quorums.replicas);
  const down = world.quorums.replicas - popcount(world.operational);
  const mayDie = ((world.operational >>> replica) & 1) === 0 || down < world.quorums.downMax;
  if (world.stateOf(replica) === 'running' && mayDie) world.crash(replica);
}
