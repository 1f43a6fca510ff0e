// The clients of a run: each does its operations one after the other, and what it asks becomes a history that the
// checkers of `quorate/check` read. The last operations come in calm: what fails then fails without an excuse.
import { isQuorateError } from '../../base/errors.ts';
import type { Operation } from '../../check/history.ts';
import { shortText } from './body-copy.ts';
import type { SimActor } from './sim-actor.ts';
import type { Follower } from './refs.ts';
import type { Party, World } from './world.ts';

/** Codes of asks that were never sent, so that they have no effect. */
const UNSENT: ReadonlySet<string> = new Set(['ERR_QUORATE_MAILBOX_FULL', 'ERR_QUORATE_OVERLOADED']);
/** How often it is looked whether all actors are up, in microseconds, and how many times. */
const LOOK_US = 1_000;
const LOOKS_MAX = 60_000;

/** What the clients are made with. */
export interface ClientsOptions {
  readonly world: World;
  readonly clients: number;
  /** Of each client. */
  readonly operations: number;
  /** Mean pause between two of them, in microseconds. */
  readonly thinkUs: number;
  readonly actors: readonly SimActor[];
  /** One operation of one client. */
  readonly run: (client: number, operation: number) => unknown;
}

type Mutable<Value> = { -readonly [Key in keyof Value]: Value[Key] };

/** All clients of a run. */
export class Clients implements Follower {
  readonly history: Operation[] = [];
  readonly #options: ClientsOptions;
  readonly #parties: Party[];
  /** Errors that asks failed with: a client may let them pass. */
  readonly #expected = new WeakSet<object>();
  /** Operations after which a client waits for the calm. */
  readonly #stormy: number;
  readonly #waiting: (() => void)[] = [];
  /** By client, which of its places are taken: asks that are open at once are processes of their own. */
  readonly #open = new Map<Party, Set<number>>();
  #lives = new Map<Party, number>();
  #position = 0;
  #left: number;

  constructor(options: ClientsOptions) {
    const { world, clients, operations } = options;
    this.#options = options;
    this.#left = clients;
    this.#stormy = Math.max(1, Math.floor(operations * 0.8));
    this.#parties = Array.from({ length: clients }, (_, index) => {
      const name = `client ${index}`;
      const node = world.engine.addNode({ name, kind: 'client' });
      return { name, node, isAlive: true, waits: 0, isSuspended: false, cause: name, effects: 0 };
    });
  }

  /** Whether all operations have ended. */
  get isDone(): boolean {
    return this.#left === 0;
  }

  /** Who waits for something, for people. */
  get unfinished(): string {
    const waiting = this.#parties.filter(({ waits }) => waits > 0);
    return waiting.map(({ name }) => name).join(', ') || 'Everybody';
  }

  /** Lets all clients begin. */
  start(): void {
    for (const [index, party] of this.#parties.entries()) this.#next(party, index, 0);
  }

  told(actor: SimActor, name: string, body: unknown, isTaken: boolean): void {
    const { world } = this.#options;
    world.record('note', world.actor.node, `tells ${actor.name}.${name}${bodyText(body)}${isTaken ? '' : ': full'}`);
    // A message that is told takes effect at any later time, or never.
    if (isTaken) this.#begin(`tell ${this.#position}`, actor, name, body);
  }

  asked(actor: SimActor, name: string, body: unknown, ask: () => Promise<unknown>): Promise<unknown> {
    const { world } = this.#options;
    const party = world.actor;
    const place = this.#takePlace(party);
    const life = this.#lives.get(party) ?? 0;
    const process = `${party.name}${life === 0 ? '' : `.${life}`}${place === 0 ? '' : `+${place}`}`;
    const operation = this.#begin(process, actor, name, body);
    const text = `${actor.name}.${name}${bodyText(body)}`;
    world.record('call', party.node, text);
    return this.#follow(ask(), { party, place, operation, text, isCalm: !world.fates.isStorm });
  }

  #takePlace(party: Party): number {
    const taken = this.#open.get(party) ?? new Set<number>();
    this.#open.set(party, taken);
    let place = 0;
    while (taken.has(place)) place++;
    taken.add(place);
    return place;
  }

  #begin(process: string, actor: SimActor, call: string, input: unknown): Mutable<Operation> {
    const start = this.#position++;
    const operation = { process, key: actor.name, call, input, output: undefined, start, end: Infinity };
    this.history.push(operation);
    return operation;
  }

  async #follow(
    answer: Promise<unknown>,
    asked: {
      readonly party: Party;
      readonly place: number;
      readonly operation: Mutable<Operation>;
      readonly text: string;
      readonly isCalm: boolean;
    },
  ): Promise<unknown> {
    const { party, place, operation, text } = asked;
    const { world } = this.#options;
    try {
      const output = await answer;
      operation.output = output;
      operation.end = this.#position++;
      world.record('return', party.node, `${text} -> ${shortText(output)}`);
      return output;
    } catch (error) {
      if (typeof error === 'object' && error !== null) this.#expected.add(error);
      this.#failed(asked, error);
      throw error;
    } finally {
      this.#open.get(party)?.delete(place);
    }
  }

  #failed(
    { party, operation, text, isCalm }: { party: Party; operation: Operation; text: string; isCalm: boolean },
    error: unknown,
  ): void {
    const { world } = this.#options;
    const code = isQuorateError(error) ? error.code : undefined;
    world.record('return', party.node, `${text} failed: ${code ?? String(error)}`);
    if (code !== undefined && UNSENT.has(code)) this.history.splice(this.history.indexOf(operation), 1);
    // Nobody knows whether it took effect: it stays open, and the client goes on under a new name.
    else this.#lives.set(party, (this.#lives.get(party) ?? 0) + 1);
    if (isCalm && code === 'ERR_QUORATE_TIMEOUT') {
      world.violate({ kind: 'liveness', text: `${text} was never answered although nothing went wrong any more` });
    }
  }

  #next(party: Party, client: number, operation: number): void {
    const { world, operations, thinkUs } = this.#options;
    if (operation >= operations) {
      this.#left--;
      this.#meet();
      return;
    }
    if (operation === this.#stormy && world.fates.isStorm) {
      this.#waiting.push(() => this.#after(party, client, operation, thinkUs));
      this.#meet();
      return;
    }
    this.#after(party, client, operation, thinkUs);
  }

  #after(party: Party, client: number, operation: number, thinkUs: number): void {
    const { world } = this.#options;
    const name = `${party.name} ${operation}`;
    const pauseUs = world.spread(party.node, `think ${operation}`, thinkUs);
    world.later(party, pauseUs, () => {
      party.cause = name;
      party.effects = 0;
      if (world.fates.mayCall(name)) void this.#operate(party, client, operation);
      else this.#next(party, client, operation + 1);
    });
  }

  async #operate(party: Party, client: number, operation: number): Promise<void> {
    const { world, run } = this.#options;
    try {
      party.isSuspended = true;
      await run(client, operation);
    } catch (error) {
      const isExpected = typeof error === 'object' && error !== null && this.#expected.has(error);
      if (!isExpected) world.violate({ kind: 'check', text: `${party.name}: ${String(error)}`, cause: error });
    } finally {
      party.isSuspended = false;
    }
    this.#next(party, client, operation + 1);
  }

  /** When all clients wait for the calm, it begins: no more faults, and all actors come up. */
  #meet(): void {
    const { fates } = this.#options.world;
    if (this.#waiting.length < this.#left || !fates.isStorm) return;
    fates.isStorm = false;
    this.#options.world.record('heal', -1, 'nothing goes wrong any more');
    this.#lookForActors(LOOKS_MAX);
  }

  #lookForActors(looks: number): void {
    const { world, actors } = this.#options;
    const down = actors.filter(({ isUp, isExpected }) => isExpected && !isUp);
    if (down.length === 0) {
      for (const go of this.#waiting.splice(0)) go();
      return;
    }
    if (looks === 0) {
      const names = down.map(({ name }) => name).join(', ');
      return world.violate({ kind: 'liveness', text: `${names} did not come up although nothing went wrong any more` });
    }
    world.engine.schedule(LOOK_US, -1, () => this.#lookForActors(looks - 1));
  }
}

function bodyText(body: unknown): string {
  return body === undefined ? '' : ` ${shortText(body)}`;
}
