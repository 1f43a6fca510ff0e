// Single-decree Paxos behind the clients of registers.ts, with the choices of Stateright's example `paxos`: a server
// leads for the client that asks it, votes for itself without a message, and answers a get only once it has decided.
// Source: Lamport, "Paxos Made Simple" (2001), section 2.
import type { Envelope, Message, Server } from './registers.ts';

/** A round and the server that leads it. */
type Ballot = readonly [number, number];
/** Request, client, value. */
type Proposal = readonly [number, number, string];
type Accepted = readonly [Ballot, Proposal];

interface Paxos {
  readonly ballot: Ballot;
  readonly proposal: Proposal | undefined;
  /** What each promised, sorted by server; `undefined` when it had accepted nothing. */
  readonly promises: readonly (readonly [number, Accepted | undefined])[];
  readonly accepts: readonly number[];
  readonly accepted: Accepted | undefined;
  readonly isDecided: boolean;
}

/** The server of a cluster of `servers`. */
export function paxosServer(servers: number): Server<Paxos> {
  const majority = Math.floor(servers / 2) + 1;
  const broadcast = (id: number, message: Message): Envelope[] =>
    Array.from({ length: servers }, (_, to) => ({ from: id, to, message })).filter(({ to }) => to !== id);

  const hearPromise = (id: number, state: Paxos, promise: readonly [number, Accepted | undefined]) => {
    const promises = [...state.promises.filter(([from]) => from !== promise[0]), promise].sort((a, b) => a[0] - b[0]);
    if (promises.length !== majority) return { state: { ...state, promises }, sent: [] };
    const newest = promises
      .flatMap(([, accepted]) => (accepted === undefined ? [] : [accepted]))
      .sort(([one], [other]) => compare(other, one))[0];
    const proposal = newest?.[1] ?? state.proposal!;
    const { ballot } = state;
    const accepted = [ballot, proposal] as const;
    return {
      state: { ...state, promises, proposal, accepted, accepts: added(state.accepts, id) },
      sent: broadcast(id, ['accept', ...ballot, ...proposal]),
    };
  };

  const hearAccepted = (id: number, state: Paxos, from: number) => {
    const accepts = added(state.accepts, from);
    if (accepts.length !== majority) return { state: { ...state, accepts }, sent: [] };
    const [request, client] = state.proposal!;
    const done = { from: id, to: client, message: ['put done', request] };
    const sent = [...broadcast(id, ['decided', ...state.ballot, ...state.proposal!]), done];
    return { state: { ...state, accepts, isDecided: true }, sent };
  };

  return {
    initial: () => ({
      ballot: [0, 0],
      proposal: undefined,
      promises: [],
      accepts: [],
      accepted: undefined,
      isDecided: false,
    }),
    receive: (id, state, { from, message }) => {
      const [kind, ...rest] = message;
      if (state.isDecided) {
        if (kind !== 'get') return undefined;
        return { state, sent: [{ from: id, to: from, message: ['got', rest[0]!, state.accepted![1][2]] }] };
      }
      if (kind === 'put') {
        if (state.proposal !== undefined) return undefined;
        const ballot: Ballot = [state.ballot[0] + 1, id];
        const proposal: Proposal = [Number(rest[0]), from, String(rest[1])];
        const leading = { ...state, ballot, proposal, promises: [[id, state.accepted] as const], accepts: [] };
        return { state: leading, sent: broadcast(id, ['prepare', ...ballot]) };
      }
      const ballot: Ballot = [Number(rest[0]), Number(rest[1])];
      const order = compare(ballot, state.ballot);
      switch (kind) {
        case 'prepare': {
          if (order <= 0) return undefined;
          const promise: Message = ['prepared', ...ballot, ...(state.accepted ?? []).flat()];
          return { state: { ...state, ballot }, sent: [{ from: id, to: from, message: promise }] };
        }
        case 'prepared':
          return order === 0 ? hearPromise(id, state, [from, acceptedIn(rest.slice(2))]) : undefined;
        case 'accept': {
          if (order < 0) return undefined;
          const accepted = [ballot, proposalIn(rest.slice(2))] as const;
          const answer = { from: id, to: from, message: ['accepted', ...ballot] };
          return { state: { ...state, ballot, accepted }, sent: [answer] };
        }
        case 'accepted':
          return order === 0 ? hearAccepted(id, state, from) : undefined;
        case 'decided': {
          const accepted = [ballot, proposalIn(rest.slice(2))] as const;
          return { state: { ...state, ballot, accepted, isDecided: true }, sent: [] };
        }
        case undefined:
        default:
          return undefined;
      }
    },
  };
}

function compare(one: Ballot, other: Ballot): number {
  return one[0] - other[0] || one[1] - other[1];
}

function added(servers: readonly number[], server: number): number[] {
  return [...servers.filter((each) => each !== server), server].sort((one, other) => one - other);
}

function proposalIn([request, client, value]: Message): Proposal {
  return [Number(request), Number(client), String(value)];
}

function acceptedIn([round, id, ...proposal]: Message): Accepted | undefined {
  return round === undefined ? undefined : [[Number(round), Number(id)], proposalIn(proposal)];
}
