// A whole cluster as a model: every order in which frames, votes, ticks, crashes and the steps of a recovery may
// happen, through the production code of replicas and coordinators, judged in every state.
//
// Messages between a client and a replica arrive in any order; those between replicas in theirs, as in a ring, and they
// outlive both ends. A frame may arrive before the vote that follows it, never after: production publishes the frames
// of a batch before it casts the batch's votes. What is not delivered for long is as good as lost, and is looked at so:
// in each state two newcomers read one after the other, each from a quorum of the explorer's choice, and whatever
// they return must fit what the clients have been told.
import { assert, unreachable } from '../../../src/base/assert.ts';
import { popcount } from '../../../src/base/bits.ts';
import { ReplayedMachine } from '../../../src/sim/explorer/replayed-machine.ts';
import type { Reactor } from '../../../src/sim/explorer/replayed-machine.ts';
import type { StateModel } from '../../../src/sim/explorer/explore.ts';
import type { Outcome } from '../../../src/replica/operation.ts';
import { ACCEPT, PREPARE, REPLY, REQUEST } from '../../../src/replica/wire.ts';
import { checkRegister, describeOperation } from '../../replica/linearizability.ts';
import type { Operation as HistoryOperation } from '../../replica/linearizability.ts';
import { clientReactor, replicaReactor } from './nodes.ts';
import type {
  ClientInput,
  ClientOutput,
  ClusterParts,
  Message,
  ReplicaInput,
  ReplicaOutput,
  Surroundings,
} from './nodes.ts';

/**
 * What a client does, one after the other: the value of a put, `get`, `change` and the value that it is exchanged for,
 * or `finish` and the number of a call.
 */
export type Script = readonly string[];

export interface ClusterOptions extends Omit<ClusterParts, 'clients'> {
  readonly scripts: readonly Script[];
  /** Most replicas that die, losing their memory, and come back; default 0. */
  readonly crashesMax?: number;
  /** Who may die; default all. */
  readonly mortals?: readonly number[];
  /** Most times that everybody loses patience; default 0. */
  readonly ticksMax?: number;
  /** Whether equal states of a node are merged and void messages left out, default; `false` to check just that. */
  readonly isReduced?: boolean;
  /**
   * What has happened before the search begins: what {@link ClusterModel.describe} says of an action, or a beginning of
   * it; `lose` and such a beginning takes messages away, `once` the copies of messages that were sent again.
   */
  readonly prefix?: readonly string[];
}

interface Seat {
  /** Its reactor's state. */
  readonly state: number;
  readonly epoch: number;
  /** A restart has three steps: the exit was seen, the epoch was bumped, the new incarnation runs. */
  readonly phase: 'running' | 'exited' | 'bumped';
  readonly isOperational: boolean;
  readonly takesRequests: boolean;
}

interface Client {
  readonly state: number;
  readonly begun: number;
  /** Its open call, -1 when none. */
  readonly call: number;
  readonly generation: number;
}

interface Call {
  readonly client: number;
  readonly kind: 'get' | 'put' | 'exchange';
  /** What a put or exchange writes, or a get has returned. */
  readonly value: string | undefined;
  /** What an exchange has found. */
  readonly before: string | undefined;
  readonly outcome: Outcome | undefined;
  /** Lower word of a put's first tag: its identity. */
  readonly first: number;
  /** The put that this one finishes, -1 when none: both are one operation of the history. */
  readonly finishes: number;
}

/** A state of the cluster. */
export interface Cluster {
  readonly seats: readonly Seat[];
  readonly clients: readonly Client[];
  /** Numbers of messages between clients and replicas, sorted. */
  readonly flights: readonly number[];
  /** Numbers of messages between replicas, in order, by sender and receiver. */
  readonly links: readonly (readonly number[])[];
  readonly lastTag: number;
  readonly restarts: number;
  readonly ticks: number;
  readonly crashes: number;
  readonly calls: readonly Call[];
  /** Starts (2 * call) and ends (2 * call + 1); neighbours of one kind are sorted, since their order says nothing. */
  readonly events: readonly number[];
}

export type ClusterAction =
  | { readonly kind: 'deliver'; readonly message: number }
  | { readonly kind: 'forward'; readonly link: number }
  | { readonly kind: 'start'; readonly client: number }
  | { readonly kind: 'tick'; readonly client: number | undefined }
  | { readonly kind: 'crash' | 'bump' | 'spawn'; readonly replica: number };

const TICK_MS = 13;
/** Newcomers lose patience so often before they give up. */
const TRIES = 6;
const NEWCOMERS = 2;

/** The model; messages are numbered as they are first seen. */
export class ClusterModel implements StateModel<Cluster, ClusterAction> {
  readonly initial: readonly Cluster[];
  readonly #options: ClusterOptions;
  readonly #parts: ClusterParts;
  readonly #replicas: number;
  /** Ticks up to the end of the search; those before its beginning have no bound. */
  readonly #ticksMax: number = Infinity;
  readonly #incarnations = new Map<number, ReplayedMachine<ReplicaInput, ReplicaOutput>>();
  readonly #clients: ReplayedMachine<ClientInput, ClientOutput>[];
  readonly #messages: Message[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #sights = new Map<string, readonly (readonly (string | undefined)[])[]>();
  readonly #verdicts = new Map<string, string | undefined>();

  constructor(options: ClusterOptions) {
    this.#options = options;
    const clients = options.scripts.length + NEWCOMERS;
    this.#parts = { quorums: options.quorums, rules: options.rules, clients };
    this.#replicas = options.quorums.threads;
    this.#clients = Array.from(
      { length: clients },
      (_, client) => new ReplayedMachine(() => this.#merging(clientReactor(this.#parts, this.#replicas + client))),
    );
    const seat: Seat = { state: 0, epoch: 1, phase: 'running', isOperational: true, takesRequests: true };
    const cluster: Cluster = {
      seats: Array.from({ length: this.#replicas }, () => seat),
      clients: this.#clients.map(() => ({ state: 0, begun: 0, call: -1, generation: 0 })),
      flights: [],
      links: Array.from({ length: this.#replicas ** 2 }, () => []),
      lastTag: 0,
      restarts: 0,
      ticks: 0,
      crashes: 0,
      calls: [],
      events: [],
    };
    const first = (options.prefix ?? []).reduce((before, line) => this.#play(before, line), cluster);
    this.initial = [first];
    this.#ticksMax = first.ticks + (options.ticksMax ?? 0);
  }

  /** Inputs that production code has handled. */
  get reactions(): number {
    const machines = [...this.#incarnations.values(), ...this.#clients];
    return machines.reduce((sum, { reactions }) => sum + reactions, 0);
  }

  actions(cluster: Cluster): ClusterAction[] {
    const { scripts, crashesMax = 0, mortals } = this.#options;
    const { seats, clients, flights, links, crashes, ticks } = cluster;
    const actions: ClusterAction[] = [];
    scripts.forEach((script, client) => {
      const { begun, call } = clients[client]!;
      if (call < 0 && begun < script.length) actions.push({ kind: 'start', client });
    });
    flights.forEach((message, index) => {
      if (message !== flights[index - 1] && this.#arrives(cluster, message)) actions.push({ kind: 'deliver', message });
    });
    links.forEach((waiting, link) => {
      const isUp = seats[link % this.#replicas]!.phase === 'running';
      if (waiting.length > 0 && isUp) actions.push({ kind: 'forward', link });
    });
    const isAllUp = seats.every(({ phase, isOperational }) => phase === 'running' && isOperational);
    seats.forEach(({ phase, isOperational }, replica) => {
      if (phase === 'exited') actions.push({ kind: 'bump', replica });
      if (phase === 'bumped') actions.push({ kind: 'spawn', replica });
      const mayDie = mortals?.includes(replica) ?? true;
      if (crashes < crashesMax && mayDie && (isAllUp || !isOperational) && phase === 'running')
        actions.push({ kind: 'crash', replica });
    });
    const isWaiting = !isAllUp || clients.some(({ call }) => call >= 0);
    if (ticks < this.#ticksMax && isWaiting) actions.push({ kind: 'tick', client: undefined });
    return actions;
  }

  apply(cluster: Cluster, action: ClusterAction): Cluster {
    switch (action.kind) {
      case 'start':
        return this.#start(
          cluster,
          action.client,
          this.#options.scripts[action.client]![cluster.clients[action.client]!.begun]!,
        );
      case 'deliver':
        return this.#deliver(cluster, action.message);
      case 'forward': {
        const [message, ...rest] = cluster.links[action.link]!;
        return this.#toReplica({ ...cluster, links: cluster.links.with(action.link, rest) }, message!);
      }
      case 'tick':
        return this.#tick(cluster, action.client);
      case 'crash': {
        const seat = { ...cluster.seats[action.replica]!, state: 0, phase: 'exited' as const, isOperational: false };
        return { ...cluster, seats: cluster.seats.with(action.replica, seat), crashes: cluster.crashes + 1 };
      }
      case 'bump': {
        const { epoch } = cluster.seats[action.replica]!;
        const seat = { ...cluster.seats[action.replica]!, epoch: epoch + 1, phase: 'bumped' as const };
        return { ...cluster, seats: cluster.seats.with(action.replica, seat) };
      }
      case 'spawn': {
        const seat = { ...cluster.seats[action.replica]!, phase: 'running' as const };
        const seats = cluster.seats.with(action.replica, seat);
        return this.#tickReplica({ ...cluster, seats, restarts: cluster.restarts + 1 }, action.replica);
      }
      default:
        return unreachable(action);
    }
  }

  identify(cluster: Cluster): string {
    const { seats, clients, flights, links, lastTag, restarts, ticks, crashes, calls, events } = cluster;
    const seatText = seats.map(({ state, epoch, phase }) => `${state},${epoch}${phase[0]}`).join(';');
    const clientText = clients.map(({ state, begun, call }) => `${state},${begun},${call}`).join(';');
    const counts = [lastTag, restarts, ticks, crashes].join();
    const parts = [seatText, clientText, flights.join(), links.join(';'), counts, callsText(calls), events.join()];
    return parts.join('|');
  }

  judge(cluster: Cluster): string | undefined {
    const { calls, events } = cluster;
    const told = `${callsText(calls)}|${events.join()}`;
    let sightsKey = `${cluster.lastTag},${cluster.restarts},${cluster.ticks}`;
    for (const { state, epoch, phase } of cluster.seats) sightsKey += `;${state},${epoch}${phase[0]}`;
    const key = `${told}#${sightsKey}`;
    if (this.#verdicts.has(key)) return this.#verdicts.get(key);
    let sights = this.#sights.get(sightsKey);
    if (sights === undefined) this.#sights.set(sightsKey, (sights = this.#look(cluster)));
    let verdict: string | undefined = undefined;
    for (const sight of sights) verdict ??= judgeSight(cluster, sight);
    this.#verdicts.set(key, verdict);
    return verdict;
  }

  /** An action for people. */
  describe(cluster: Cluster, action: ClusterAction): string {
    switch (action.kind) {
      case 'start': {
        const step = this.#options.scripts[action.client]![cluster.clients[action.client]!.begun];
        const isPut = step !== 'get' && !step!.includes(' ');
        return `C${action.client} ${step === 'get' ? 'gets' : isPut ? `puts ${step}` : step}`;
      }
      case 'deliver':
      case 'forward': {
        const number = action.kind === 'deliver' ? action.message : cluster.links[action.link]![0]!;
        const { from, to, text, frame, vote } = this.#messages[number]!;
        const part = vote !== undefined && frame === undefined ? ' (vote)' : '';
        return `${this.#nameOf(from)} > ${this.#nameOf(to)} ${text}${part}`;
      }
      case 'tick':
        return `${TICK_MS} ms pass`;
      case 'crash':
        return `A${action.replica} dies`;
      case 'bump':
        return `A${action.replica} has epoch ${cluster.seats[action.replica]!.epoch + 1}`;
      case 'spawn':
        return `A${action.replica} recovers`;
      default:
        return unreachable(action);
    }
  }

  #play(cluster: Cluster, line: string): Cluster {
    if (line.startsWith('lose ')) {
      const isLost = (message: number): boolean =>
        this.describe(cluster, { kind: 'deliver', message }).startsWith(line.slice('lose '.length));
      return { ...cluster, flights: cluster.flights.filter((message) => !isLost(message)) };
    }
    if (line === 'once') return { ...cluster, flights: [...new Set(cluster.flights)] };
    const action = this.actions(cluster).find((each) => this.describe(cluster, each).startsWith(line));
    assert(action !== undefined, `"${line}" may happen now`);
    return this.apply(cluster, action);
  }

  #nameOf(node: number): string {
    return node < this.#replicas ? `A${node}` : `C${node - this.#replicas}`;
  }

  #merging<Input, Output>(reactor: Reactor<Input, Output>): Reactor<Input, Output> {
    if (this.#options.isReduced !== false) return reactor;
    return { react: (input) => reactor.react(input) };
  }

  // --- steps

  #around({ seats, restarts, lastTag, ticks }: Cluster, moreMs = 0): Surroundings {
    const operational = seats.reduce(
      (mask, { isOperational }, replica) => mask | (Number(isOperational) << replica),
      0,
    );
    return { epochs: seats.map(({ epoch }) => epoch), restarts, operational, lastTag, nowMs: ticks * TICK_MS + moreMs };
  }

  #arrives({ seats }: Cluster, number: number): boolean {
    const { to } = this.#messages[number]!;
    if (to >= this.#replicas) return true;
    return seats[to]!.phase === 'running' && seats[to]!.takesRequests;
  }

  #start(cluster: Cluster, client: number, step: string): Cluster {
    const number = cluster.calls.length;
    const call = callOf(cluster, client, step);
    const own = { ...cluster.clients[client]!, begun: cluster.clients[client]!.begun + 1, call: number };
    const events = withEvent(cluster.events, 2 * number);
    const clients = cluster.clients.with(client, own);
    const begun = { ...cluster, calls: [...cluster.calls, call], events, clients };
    const key = `${call.kind} ${call.value} ${call.first}`;
    const next = this.#react(begun, client, { kind: 'start', call, around: this.#around(begun) }, key);
    // A put of its own has taken the next tag.
    const first = call.kind === 'put' && call.finishes < 0 ? cluster.lastTag + 1 : call.first;
    return { ...next, calls: next.calls.with(number, { ...next.calls[number]!, first }) };
  }

  #deliver(cluster: Cluster, number: number): Cluster {
    const left = cluster.flights.toSpliced(cluster.flights.indexOf(number), 1);
    const message = this.#messages[number]!;
    if (message.to < this.#replicas) return this.#toReplica({ ...cluster, flights: left }, number);
    const client = message.to - this.#replicas;
    const kind = message.frame === undefined ? 'vote' : 'frame';
    // The vote follows its frame.
    const rest = kind === 'vote' ? undefined : this.#numberOf({ ...message, frame: undefined });
    const flights = rest === undefined ? left : sorted([...left, rest]);
    return this.#react({ ...cluster, flights }, client, { kind, message, around: this.#around(cluster) }, `${number}`);
  }

  #toReplica(cluster: Cluster, number: number): Cluster {
    const message = this.#messages[number]!;
    const around = this.#around(cluster);
    return this.#feed(cluster, message.to, `${number}`, { kind: 'message', message, around });
  }

  #tickReplica(cluster: Cluster, replica: number): Cluster {
    const around = this.#around(cluster);
    return this.#feed(cluster, replica, `tick ${keyOf(around)}`, { kind: 'tick', around });
  }

  #feed(cluster: Cluster, replica: number, key: string, input: ReplicaInput): Cluster {
    const seat = cluster.seats[replica]!;
    const number = seat.epoch * this.#replicas + replica;
    let machine = this.#incarnations.get(number);
    if (machine === undefined) {
      const incarnation = { index: replica, epoch: seat.epoch };
      machine = new ReplayedMachine(() => this.#merging(replicaReactor(this.#parts, incarnation)));
      this.#incarnations.set(number, machine);
    }
    const { state, output } = machine.step(seat.state, key, input);
    const { isOperational, takesRequests } = output;
    const next = { ...seat, state, isOperational, takesRequests };
    return this.#send({ ...cluster, seats: cluster.seats.with(replica, next) }, output.sent);
  }

  #react(cluster: Cluster, client: number, input: ClientInput, key: string): Cluster {
    const own = cluster.clients[client]!;
    const { state, output } = this.#clients[client]!.step(
      own.state,
      `${input.kind} ${key} ${keyOf(input.around)}`,
      input,
    );
    const { generation, lastTag, settled, sent } = output;
    let { calls, events } = cluster;
    if (settled !== undefined) {
      const call = calls[own.call]!;
      const { outcome, before, value = call.value } = settled;
      calls = calls.with(own.call, { ...call, outcome, before, value });
      events = withEvent(events, 2 * own.call + 1);
    }
    const next = { ...own, state, generation, call: settled === undefined ? own.call : -1 };
    const clients = cluster.clients.with(client, next);
    // Answers to a question that is over change nothing.
    const isOver = own.generation !== generation;
    const flights = isOver
      ? cluster.flights.filter((number) => !this.#isVoid(number, client, generation))
      : cluster.flights;
    return this.#send({ ...cluster, clients, flights, calls, events, lastTag }, sent);
  }

  #tick(cluster: Cluster, only: number | undefined): Cluster {
    let next = { ...cluster, ticks: cluster.ticks + 1 };
    if (only === undefined)
      for (const [replica, { phase }] of next.seats.entries())
        if (phase === 'running' && !next.seats[replica]!.isOperational) next = this.#tickReplica(next, replica);
    for (const [client, { call }] of next.clients.entries()) {
      if (call < 0 || (only !== undefined && only !== client)) continue;
      next = this.#react(next, client, { kind: 'tick', around: this.#around(next) }, '');
    }
    return next;
  }

  #send(cluster: Cluster, sent: readonly Message[]): Cluster {
    if (sent.length === 0) return cluster;
    const flights = [...cluster.flights];
    let { links } = cluster;
    for (const message of sent) {
      const number = this.#numberOf(message);
      const { from, to } = message;
      if (from < this.#replicas && to < this.#replicas) {
        const link = from * this.#replicas + to;
        links = links.with(link, [...links[link]!, number]);
      } else if (
        to < this.#replicas ||
        !this.#isVoid(number, to - this.#replicas, cluster.clients[to - this.#replicas]!.generation)
      ) {
        flights.push(number);
      }
    }
    return { ...cluster, flights: sorted(flights), links };
  }

  /** Whether a message concerns only a question of the client that is over: an answer to it, or the reading for it. */
  #isVoid(number: number, client: number, generation: number): boolean {
    if (this.#options.isReduced === false) return false;
    const { from, to, frame, vote } = this.#messages[number]!;
    const node = this.#replicas + client;
    if (to === node) return (vote?.[1] ?? frame!.words[REPLY.GENERATION]) !== generation;
    if (from !== node) return false;
    const kind = frame!.words[REQUEST.KIND];
    return kind !== ACCEPT && kind !== PREPARE && frame!.words[REQUEST.GENERATION] !== generation;
  }

  #numberOf(message: Message): number {
    const { from, to, frame, vote } = message;
    const key = `${from},${to},${frame?.words.join() ?? ''},${vote?.join() ?? ''}`;
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    this.#numbers.set(key, this.#messages.length);
    return this.#messages.push(message) - 1;
  }

  // --- newcomers

  /** What two newcomers may return who read one after the other, each from a quorum of replicas. */
  #look(cluster: Cluster): (readonly (string | undefined)[])[] {
    const first = this.#options.scripts.length;
    const empty = { ...cluster, flights: [], links: cluster.links.map(() => []) };
    const quiet = {
      ...empty,
      clients: cluster.clients.map((client) => ({ ...client, call: -1 })),
      calls: [],
      events: [],
    };
    const masks = Array.from({ length: 2 ** this.#replicas }, (_, mask) => mask);
    const { read, write, prepare, agreeing } = this.#options.quorums;
    const reach = masks.filter((mask) => popcount(mask) === Math.max(read, write, prepare, agreeing));
    const sights = new Map<string, readonly (string | undefined)[]>();
    for (const one of reach) {
      const once = this.#readAt(quiet, first, one);
      for (const other of reach) {
        const twice = this.#readAt(once, first + 1, other);
        const sight = twice.calls.map(({ outcome, value }) => (outcome === 'absent' ? 'absent' : value));
        if (sight.some((value) => value !== undefined)) sights.set(sight.join(), sight);
      }
    }
    return [...sights.values()];
  }

  #readAt(cluster: Cluster, client: number, replicas: number): Cluster {
    const call = cluster.calls.length;
    let next = this.#start(cluster, client, 'get');
    for (let tries = 0; next.calls[call]!.outcome === undefined && tries < TRIES;) {
      const message = next.flights.find((number) => {
        const { from, to } = this.#messages[number]!;
        const replica = Math.min(from, to);
        const isMine = Math.max(from, to) === this.#replicas + client;
        return isMine && ((replicas >>> replica) & 1) === 1 && this.#arrives(next, number);
      });
      if (message === undefined) tries++;
      next = message === undefined ? this.#tick(next, client) : this.#deliver(next, message);
    }
    return next;
  }
}

function callOf({ calls }: Cluster, client: number, step: string): Call {
  const [kind, finishes] = step.split(' ');
  const call = { client, outcome: undefined, before: undefined, first: 0, finishes: -1 };
  if (kind === 'get') return { ...call, kind, value: undefined };
  if (kind === 'change') return { ...call, kind: 'exchange', value: finishes };
  if (kind !== 'finish') return { ...call, kind: 'put', value: step };
  const { value, first } = calls[Number(finishes)]!;
  return { ...call, kind: 'put', value, first, finishes: Number(finishes) };
}

function judgeSight({ calls, events }: Cluster, sight: readonly (string | undefined)[]): string | undefined {
  const history: HistoryOperation[] = [];
  calls.forEach(({ kind, value, before, outcome, finishes }, call) => {
    if (finishes >= 0 || (kind === 'get' && !isDone(outcome))) return;
    const ends = calls.flatMap((each, other) =>
      isDone(each.outcome) && (other === call || each.finishes === call) ? [events.indexOf(2 * other + 1)] : [],
    );
    const end = ends.length === 0 ? undefined : Math.min(...ends);
    const type = { get: 'read', put: 'write', exchange: 'exchange' } as const;
    history.push({ kind: type[kind], value, before, start: events.indexOf(2 * call), end });
  });
  sight.forEach((seen, index) => {
    if (seen === undefined) return;
    const start = events.length + 2 * index;
    history.push({ kind: 'read', value: seen === 'absent' ? undefined : seen, start, end: start + 1 });
  });
  if (checkRegister(history).kind === 'linearizable') return undefined;
  return `No order explains ${history.map(describeOperation).join(', ')}`;
}

function isDone(outcome: Outcome | undefined): boolean {
  return outcome === 'ok' || outcome === 'absent';
}

function callsText(calls: readonly Call[]): string {
  return calls
    .map(({ client, kind, value, before, outcome }) => `${client}${kind}${value}${outcome}${before}`)
    .join(';');
}

function keyOf({ epochs, restarts, operational, lastTag, nowMs }: Surroundings): string {
  return `${epochs.join()} ${restarts} ${operational} ${lastTag} ${nowMs}`;
}

function sorted(numbers: readonly number[]): number[] {
  return [...numbers].sort((one, other) => one - other);
}

/** Appends an event; it moves before its neighbours of the same kind that are greater. */
function withEvent(events: readonly number[], event: number): number[] {
  let at = events.length;
  while (at > 0 && events[at - 1]! % 2 === event % 2 && events[at - 1]! > event) at--;
  return events.toSpliced(at, 0, event);
}
