// A durable store of one actor: it survives what its memory does not. Reads and writes take virtual time and happen in
// order; a crash loses the writes that were under way, or not, as chance has it.
import { decodePlain, encodePlain } from '../../base/plain-codec.ts';
import { unitOf } from '../../base/random.ts';
import type { Party, World } from './world.ts';

const WRITE_US = 400;
const READ_US = 80;

/** What survives the crashes of an actor: values by key. */
export interface SimDisk {
  /** What was written last under the key; `undefined` when nothing was. Takes virtual time. */
  read(key: string): Promise<unknown>;
  /** Writes a value, whole or not at all; it is durable when the promise is fulfilled. Takes virtual time. */
  write(key: string, value: unknown): Promise<void>;
}

interface Write {
  readonly key: string;
  readonly bytes: Uint8Array;
}

/** The disk of one actor. */
export class ActorDisk implements SimDisk {
  readonly #world: World;
  readonly #values = new Map<string, Uint8Array>();
  #underWay: Write[] = [];
  #lastUs = 0;
  #crashes = 0;

  constructor(world: World) {
    this.#world = world;
  }

  async read(key: string): Promise<unknown> {
    const party = this.#world.actor;
    const waiting = this.#world.wait<unknown>(party);
    this.#inTurn(party, READ_US, () => waiting.resolve(this.peek(key)));
    return await waiting.promise;
  }

  async write(key: string, value: unknown): Promise<void> {
    const party = this.#world.actor;
    const write: Write = { key, bytes: encodePlain(value) };
    const waiting = this.#world.wait<undefined>(party);
    if (party.isAlive) this.#underWay.push(write);
    this.#inTurn(party, WRITE_US, () => {
      this.#values.set(key, write.bytes);
      this.#underWay = this.#underWay.filter((other) => other !== write);
      this.#world.record('note', party.node, `has saved ${key}`);
      waiting.resolve(undefined);
    });
    await waiting.promise;
  }

  /** What is durable under the key now. */
  peek(key: string): unknown {
    const bytes = this.#values.get(key);
    return bytes === undefined ? undefined : decodePlain(bytes);
  }

  /** Its actor has crashed: the writes under way happened up to one of them. */
  crash(node: number): void {
    const underWay = this.#underWay;
    this.#underWay = [];
    this.#lastUs = 0;
    if (underWay.length === 0) return;
    const random = this.#world.fates.random(node, `torn ${++this.#crashes}`);
    const landed = Math.floor(unitOf(random) * (underWay.length + 1));
    for (const { key, bytes } of underWay.slice(0, landed)) this.#values.set(key, bytes);
    const lost = underWay.length - landed;
    if (lost > 0) this.#world.record('note', node, `has lost ${lost} unfinished write${lost === 1 ? '' : 's'}`);
  }

  #inTurn(party: Party, meanUs: number, run: () => void): void {
    const { engine } = this.#world;
    const delayUs = this.#world.spread(party.node, `disk ${this.#world.label(party)}`, meanUs);
    // Later than the one before, because events of one moment happen in any order.
    this.#lastUs = Math.max(this.#lastUs + 1, Math.floor(engine.nowUs + delayUs));
    this.#world.later(party, this.#lastUs - engine.nowUs, run);
  }
}
