// A world that notes whatever was decided in it, so that a schedule can be played again with parts left out.
import { unreachable } from '../../src/base/assert.ts';
import { popcount } from '../../src/base/bits.ts';
import { World } from '../replica/world.ts';
import type { WorldOptions } from '../replica/world.ts';
import type { Call, Request } from '../replica/call.ts';
import type { Message } from '../replica/network.ts';

/** One decision: an event of a trace. */
export type Action =
  | { readonly kind: 'start'; readonly client: number; readonly requests: readonly Recorded[] }
  | MessageAction
  | { readonly kind: 'crash' | 'bump' | 'spawn'; readonly replica: number }
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'join' }
  | { readonly kind: 'leave'; readonly client: number };

interface MessageAction {
  readonly kind: 'deliver' | 'duplicate' | 'drop';
  readonly link: string;
  readonly message: string;
  readonly text: string;
  /** Its place among the messages that read the same. */
  readonly nth: number;
}

/** A request; the write that it finishes is named by its value. */
interface Recorded {
  readonly request: Omit<Request, 'finishes'>;
  readonly finishes: string | undefined;
}

/** A world with a record of its schedule. */
export class RecordedWorld extends World {
  readonly options: WorldOptions;
  readonly actions: Action[] = [];
  /** Lines of the log before each action. */
  readonly #lines: number[] = [];

  constructor(options: WorldOptions) {
    super(options);
    this.options = options;
  }

  override addClient(): number {
    // The first ones come while the world is made, before there is a record.
    if (#lines in this) this.#note({ kind: 'join' });
    return super.addClient();
  }

  override endClient(client: number): void {
    this.#note({ kind: 'leave', client });
    super.endClient(client);
  }

  override startBatch(client: number, requests: readonly Request[]): Call[] {
    const recorded = requests.map(({ finishes, ...request }) => ({ request, finishes: finishes?.value }));
    this.#note({ kind: 'start', client, requests: recorded });
    return super.startBatch(client, requests);
  }

  override deliver(message: Message): void {
    this.#noteMessage('deliver', message);
    super.deliver(message);
  }

  override duplicate(message: Message): void {
    this.#noteMessage('duplicate', message);
    super.duplicate(message);
  }

  override drop(message: Message): void {
    this.#noteMessage('drop', message);
    super.drop(message);
  }

  override crash(replica: number): void {
    this.#note({ kind: 'crash', replica });
    super.crash(replica);
  }

  override bump(replica: number): void {
    this.#note({ kind: 'bump', replica });
    super.bump(replica);
  }

  override spawn(replica: number): void {
    this.#note({ kind: 'spawn', replica });
    super.spawn(replica);
  }

  override pass(ms: number): void {
    this.#note({ kind: 'pass', ms });
    super.pass(ms);
  }

  /** The actions until a line was logged; all when it was not. */
  actionsBefore(line: string): readonly Action[] {
    const at = this.log.indexOf(line);
    return at < 0 ? this.actions : this.actions.filter((_, index) => this.#lines[index]! <= at);
  }

  #note(action: Action): void {
    this.actions.push(action);
    this.#lines.push(this.log.length);
  }

  #noteMessage(kind: 'deliver' | 'duplicate' | 'drop', message: Message): void {
    const alike = this.inFlight.filter(({ link, text }) => link === message.link && text === message.text);
    const nth = alike.indexOf(message);
    this.#note({ kind, link: message.link, message: message.kind, text: message.text, nth });
  }
}

/** Names of what an action is part of, so that all of it can be left out at once. */
export function partsOf(action: Action): readonly string[] {
  switch (action.kind) {
    case 'start':
    case 'leave':
      return [action.kind, `C${action.client}`];
    case 'deliver':
    case 'duplicate':
    case 'drop':
      return [action.kind, action.link, `${action.link} ${action.message}`, ...(action.link.match(/C\d+/) ?? [])];
    case 'crash':
    case 'bump':
    case 'spawn':
      return [`restart ${action.replica}`];
    case 'pass':
    case 'join':
      return [action.kind];
    default:
      return unreachable(action);
  }
}

/** Plays what of the actions is possible in a fresh world: the rest concerned what was left out. */
export function replay(options: WorldOptions, actions: readonly Action[]): World {
  const world = new World(options);
  for (const action of actions) play(world, action);
  return world;
}

function play(world: World, action: Action): void {
  switch (action.kind) {
    case 'start':
      return startIn(world, action);
    case 'deliver':
    case 'duplicate':
    case 'drop': {
      const message = find(world, action);
      if (message !== undefined) world[action.kind](message);
      return;
    }
    case 'crash':
      if (mayDie(world, action.replica)) world.crash(action.replica);
      return;
    case 'bump':
      if (world.stateOf(action.replica) !== 'bumped' && world.epochOf(action.replica) < 9) world.bump(action.replica);
      return;
    case 'spawn':
      if (world.stateOf(action.replica) !== 'running') world.spawn(action.replica);
      return;
    case 'pass':
      return world.pass(action.ms);
    case 'join':
      world.addClient();
      return;
    case 'leave':
      if (action.client < world.clients) world.endClient(action.client);
      return;
    default:
      return unreachable(action);
  }
}

function startIn(world: World, { client, requests }: Action & { readonly kind: 'start' }): void {
  if (client >= world.clients || world.isGone(client)) return;
  const begun = requests.flatMap(({ request, finishes }): Request[] => {
    if (finishes === undefined) return [request];
    const call = world.calls.find((each) => each.kind !== 'get' && each.value === finishes);
    return call === undefined ? [] : [{ ...request, finishes: call }];
  });
  if (begun.length > 0) world.startBatch(client, begun);
}

/** The same message, or else one of its kind on its link: ballots differ where an operation was left out. */
function find(world: World, action: MessageAction): Message | undefined {
  const under = action.kind === 'drop' ? world.inFlight : world.deliverable();
  const alike = under.filter(({ link, kind }) => link === action.link && kind === action.message);
  const same = alike.filter(({ text }) => text === action.text);
  return same[action.nth] ?? same[0] ?? alike[0];
}

/** No more replicas die than the quorums survive, whatever else was left out. */
function mayDie(world: World, replica: number): boolean {
  if (world.stateOf(replica) !== 'running') return false;
  const isOperational = ((world.operational >>> replica) & 1) === 1;
  return !isOperational || world.quorums.threads - popcount(world.operational) < world.quorums.downMax;
}
