// How messages travel between the parties of a run: each pair keeps its order, as a ring does; chance decides how long
// they take, and faults hold, lose or repeat them where the user allows it.
import { unitOf } from '../../base/random.ts';
import type { World } from './world.ts';

/** Mean time under way, in microseconds: about what a parked thread takes to wake. */
const DELAY_US = 60;

/** An end of a way. */
export interface End {
  readonly name: string;
  readonly node: number;
}

/** What happens to one message: how long each copy of it is under way, in microseconds; none when it is lost. */
export type Fate = readonly number[];

interface Way {
  /** When the last message arrives: those behind it do not overtake. */
  lastUs: number;
  cutUntilUs: number;
}

/** All ways between parties. */
export class ActorNetwork {
  readonly #world: World;
  readonly #ways = new Map<string, Way>();

  constructor(world: World) {
    this.#world = world;
  }

  /** What happens to the next message of a way, by the name of the message. */
  fate(from: End, to: End, label: string): Fate {
    const { engine, faults, fates } = this.#world;
    const link = `${from.name}>${to.name}`;
    const way = this.#wayOf(link);
    const name = `${link} ${label}`;
    const random = fates.random(from.node, name);
    if (fates.strikes(`cut ${name}`, random, faults.partition)) {
      way.cutUntilUs = engine.nowUs + Math.floor(unitOf(random) * faults.partitionMs * 1000);
      this.#world.fault('partition', from.node, `is cut off from ${to.name}`);
    }
    if ((fates.isStorm && engine.nowUs < way.cutUntilUs) || fates.strikes(`lose ${name}`, random, faults.loss)) {
      engine.countFault('loss');
      return [];
    }
    const first = this.#delayUs(name, from, way);
    if (!fates.strikes(`repeat ${name}`, random, faults.duplicate)) return [first];
    engine.countFault('duplicate');
    return [first, this.#delayUs(`${name} again`, from, way)];
  }

  /** When news of a death is there: it is never lost, and comes after what was sent before. */
  noticeUs(from: End, to: End): number {
    const way = this.#wayOf(`${from.name}>${to.name}`);
    way.lastUs = Math.max(way.lastUs + 1, this.#world.engine.nowUs + DELAY_US);
    return way.lastUs - this.#world.engine.nowUs;
  }

  #delayUs(name: string, from: End, way: Way): number {
    const { engine, faults, fates } = this.#world;
    let delayUs = this.#world.spread(from.node, `delay ${name}`, DELAY_US);
    const random = fates.random(from.node, `late ${name}`);
    if (fates.strikes(`delay ${name}`, random, faults.delay)) {
      engine.countFault('delay');
      delayUs += unitOf(random) * faults.delayMs * 1000;
    }
    // Later than the one before, because events of one moment happen in any order.
    way.lastUs = Math.max(way.lastUs + 1, Math.floor(engine.nowUs + delayUs));
    return way.lastUs - engine.nowUs;
  }

  #wayOf(link: string): Way {
    let way = this.#ways.get(link);
    if (way === undefined) {
      way = { lastUs: 0, cutUntilUs: 0 };
      this.#ways.set(link, way);
    }
    return way;
  }
}
