// Registers behind an unordered network, each client putting once and then getting once, as Stateright checks them: its
// examples `single-copy-register` and `linearizable-register`. A state includes the history that its linearizability
// tester keeps: each operation, and which of the others' operations had ended when it began.
import type { StateModel } from '../../../../src/sim/explorer/explore.ts';

/** A message is data: arrays of numbers and texts. */
export type Message = readonly (string | number)[];

/** A message on its way. */
export interface Envelope {
  readonly from: number;
  readonly to: number;
  readonly message: Message;
}

/** What a server does with a message; `undefined` when it ignores it: then the message stays in the network. */
export interface Server<State> {
  initial(id: number): State;
  receive(id: number, state: State, envelope: Envelope): { state: State; sent: readonly Envelope[] } | undefined;
}

/** How many operations a client has begun, and whether it waits for an answer. */
interface Client {
  readonly begun: number;
  readonly isWaiting: boolean;
}

interface World<State> {
  readonly servers: readonly State[];
  readonly clients: readonly Client[];
  /** Envelopes as texts, sorted: equal ones may be there more than once. */
  readonly network: readonly string[];
  /** For each client its operations: how many operations of each client had ended, and what was returned. */
  readonly history: readonly (readonly { readonly after: readonly number[]; readonly answer: string | undefined }[])[];
}

/** `clients` clients of `servers` servers; actors are numbered servers first. */
export function registerModel<State>(
  server: Server<State>,
  servers: number,
  clients: number,
): StateModel<World<State>, string> {
  const ids = Array.from({ length: clients }, (_, index) => servers + index);
  const begin = (world: World<State>, index: number): World<State> => {
    const id = servers + index;
    const begun = world.clients[index]!.begun;
    const request = (begun + 1) * id;
    const message: Message = begun === 0 ? ['put', request, String.fromCodePoint(65 + index)] : ['get', request];
    const after = world.history.map((operations) => operations.filter(({ answer }) => answer !== undefined).length);
    return {
      ...world,
      clients: world.clients.with(index, { begun: begun + 1, isWaiting: true }),
      network: added(world.network, [{ from: id, to: (id + begun) % servers, message }]),
      history: world.history.with(index, [...world.history[index]!, { after, answer: undefined }]),
    };
  };
  const deliver = (world: World<State>, text: string): World<State> | undefined => {
    const envelope = JSON.parse(text) as Envelope;
    const network = world.network.toSpliced(world.network.indexOf(text), 1);
    const { to, message } = envelope;
    if (to < servers) {
      const reaction = server.receive(to, world.servers[to]!, envelope);
      if (reaction === undefined) return undefined;
      return { ...world, servers: world.servers.with(to, reaction.state), network: added(network, reaction.sent) };
    }
    const index = to - servers;
    const { begun, isWaiting } = world.clients[index]!;
    if (!isWaiting || message[1] !== begun * to) return undefined;
    const operations = world.history[index]!;
    const ended = { ...operations.at(-1)!, answer: message[0] === 'got' ? `got ${message[2]}` : 'done' };
    const next = {
      ...world,
      network,
      clients: world.clients.with(index, { begun, isWaiting: false }),
      history: world.history.with(index, [...operations.slice(0, -1), ended]),
    };
    return begun === 1 ? begin(next, index) : next;
  };
  const empty: World<State> = {
    servers: Array.from({ length: servers }, (_, id) => server.initial(id)),
    clients: ids.map(() => ({ begun: 0, isWaiting: false })),
    network: [],
    history: ids.map(() => []),
  };
  return {
    initial: [ids.reduce((world, _, index) => begin(world, index), empty)],
    actions: (world) => [...new Set(world.network)].filter((text) => deliver(world, text) !== undefined),
    apply: (world, text) => deliver(world, text)!,
    identify: (world) => JSON.stringify(world),
  };
}

function added(network: readonly string[], sent: readonly Envelope[]): string[] {
  return [...network, ...sent.map(({ from, to, message }) => JSON.stringify({ from, to, message }))].sort();
}

/** One copy per server, and nothing keeps them alike. */
export const SINGLE_COPY: Server<string> = {
  initial: () => '',
  receive: (id, state, { from, message }) => {
    const [kind, request, value] = message;
    if (kind === 'put')
      return { state: String(value), sent: [{ from: id, to: from, message: ['put done', request!] }] };
    return { state, sent: [{ from: id, to: from, message: ['got', request!, state] }] };
  },
};

/** A sequencer: a clock and the id of the server that took it. */
type Sequencer = readonly [number, number];

interface Abd {
  readonly sequencer: Sequencer;
  readonly value: string;
  readonly phase:
    | undefined
    | {
        readonly kind: 'query';
        readonly request: number;
        readonly client: number;
        readonly write: string | undefined;
        readonly answers: readonly (readonly [number, Sequencer, string])[];
      }
    | {
        readonly kind: 'record';
        readonly request: number;
        readonly client: number;
        readonly read: string | undefined;
        readonly acks: readonly number[];
      };
}

/** Source: Attiya, Bar-Noy and Dolev, "Sharing Memory Robustly in Message-Passing Systems" (1995). */
export function abdServer(servers: number): Server<Abd> {
  const majority = Math.floor(servers / 2) + 1;
  const others = (id: number): number[] => Array.from({ length: servers }, (_, index) => index).filter((n) => n !== id);
  const broadcast = (id: number, message: Message): Envelope[] => others(id).map((to) => ({ from: id, to, message }));
  const later = (state: Abd, sequencer: Sequencer, value: string): Abd =>
    compare(sequencer, state.sequencer) > 0 ? { ...state, sequencer, value } : state;
  return {
    initial: (id) => ({ sequencer: [0, id], value: '', phase: undefined }),
    receive: (id, state, { from, message }) => {
      const [kind, number, one, two, three] = message;
      const request = Number(number);
      const { phase } = state;
      switch (kind) {
        case 'put':
        case 'get': {
          if (phase !== undefined) return undefined;
          const write = kind === 'put' ? String(one) : undefined;
          const answers = [[id, state.sequencer, state.value] as const];
          return {
            state: { ...state, phase: { kind: 'query', request, client: from, write, answers } },
            sent: broadcast(id, ['query', request]),
          };
        }
        case 'query': {
          const answer: Message = ['answer', request, ...state.sequencer, state.value];
          return { state, sent: [{ from: id, to: from, message: answer }] };
        }
        case 'answer': {
          if (phase?.kind !== 'query' || phase.request !== request) return undefined;
          const theirs: Sequencer = [Number(one), Number(two)];
          const answers = [...phase.answers, [from, theirs, String(three)] as const];
          answers.sort((a, b) => a[0] - b[0]);
          if (answers.length !== majority) return { state: { ...state, phase: { ...phase, answers } }, sent: [] };
          const newest = answers.reduce((best, each) => (compare(each[1], best[1]) > 0 ? each : best));
          const sequencer: Sequencer = phase.write === undefined ? newest[1] : [newest[1][0] + 1, id];
          const value = phase.write ?? newest[2];
          const read = phase.write === undefined ? value : undefined;
          const { client } = phase;
          return {
            state: { ...later(state, sequencer, value), phase: { kind: 'record', request, client, read, acks: [id] } },
            sent: broadcast(id, ['record', request, ...sequencer, value]),
          };
        }
        case 'record': {
          const sent = [{ from: id, to: from, message: ['ack', request] }];
          return { state: later(state, [Number(one), Number(two)], String(three)), sent };
        }
        case 'ack': {
          if (phase?.kind !== 'record' || phase.request !== request || phase.acks.includes(from)) return undefined;
          const acks = [...phase.acks, from].sort((a, b) => a - b);
          if (acks.length !== majority) return { state: { ...state, phase: { ...phase, acks } }, sent: [] };
          const answer: Message = phase.read === undefined ? ['put done', request] : ['got', request, phase.read];
          return { state: { ...state, phase: undefined }, sent: [{ from: id, to: phase.client, message: answer }] };
        }
        case undefined:
        default:
          return undefined;
      }
    },
  };
}

function compare(one: Sequencer, other: Sequencer): number {
  return one[0] - other[0] || one[1] - other[1];
}
