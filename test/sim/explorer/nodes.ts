// Production replicas and coordinators as reactors: an input is one message, one tick or one call, with all that the
// node can see of the world at that moment; the answer is what it sends.
import { NO_BALLOT, isNone } from '../../../src/protocol/ballot.ts';
import { seededRandom } from '../../../src/base/random.ts';
import type { Rules } from '../../../src/protocol/rules.ts';
import type { RegisterQuorums } from '../../../src/quorum/index.ts';
import { Coordinator } from '../../../src/replica/coordinator.ts';
import type { Epochs } from '../../../src/replica/environment.ts';
import type { Candidate, Operation, Outcome } from '../../../src/replica/operation.ts';
import { ClientLane, Replica } from '../../../src/replica/replica.ts';
import type { FrameViews } from '../../../src/replica/wire.ts';
import { TALLY } from '../../../src/ring/layout.ts';
import { TallyBoard, createTallyBoard } from '../../../src/ring/tally-board.ts';
import { SimErased } from '../../../src/sim/cluster/sim-erased.ts';
import type { Reactor } from '../../../src/sim/explorer/replayed-machine.ts';
import { exchange, fill, noteFound, valueOf } from '../../replica/call.ts';
import type { Call } from '../../replica/call.ts';
import { CapturingLink, NO_LARGE_LANE, describeFrame, describeVote } from '../../replica/network.ts';
import type { VoteBox } from '../../../src/replica/environment.ts';

type Vote = Parameters<VoteBox['vote']>;

/** What nodes can see of the world. */
export interface Surroundings {
  readonly epochs: readonly number[];
  readonly restarts: number;
  /** Replicas that have their memory, as a mask. */
  readonly operational: number;
  /** The tag that was taken last. */
  readonly lastTag: number;
  readonly nowMs: number;
}

/** A frame, a vote, or a frame with the vote that follows it. Nodes: replicas from 0, then clients. */
export interface Message {
  readonly from: number;
  readonly to: number;
  readonly frame: FrameViews | undefined;
  readonly vote: Vote | undefined;
  /** Kind and ballot, for people. */
  readonly text: string;
}

/** What a cluster consists of. */
export interface ClusterParts {
  readonly quorums: RegisterQuorums;
  readonly rules: Rules;
  /** Clients, and those who only look. */
  readonly clients: number;
}

function epochsIn(look: () => Surroundings): Epochs {
  return {
    epochOf: (replica) => look().epochs[replica]!,
    restarts: () => look().restarts,
    isOperational: (replica) => ((look().operational >>> replica) & 1) === 1,
  };
}

export type ReplicaInput =
  | { readonly kind: 'message'; readonly message: Message; readonly around: Surroundings }
  | { readonly kind: 'tick'; readonly around: Surroundings };

export interface ReplicaOutput {
  readonly sent: readonly Message[];
  readonly isOperational: boolean;
  readonly takesRequests: boolean;
}

/** One incarnation. */
export function replicaReactor(
  { quorums, rules, clients }: ClusterParts,
  incarnation: { readonly index: number; readonly epoch: number },
): Reactor<ReplicaInput, ReplicaOutput> {
  const { index, epoch } = incarnation;
  let around: Surroundings;
  let sent: Message[] = [];
  let frames: FrameViews[] = [];
  let votes: Vote[] = [];
  const lanes = Array.from(
    { length: clients },
    () =>
      new ClientLane({
        link: new CapturingLink((frame) => frames.push(frame)),
        votes: { vote: (...vote) => votes.push(vote) < 0 },
        large: NO_LARGE_LANE,
      }),
  );
  const peers = Array.from({ length: quorums.threads }, (_, peer) => {
    if (peer === index) return undefined;
    const sink = (frame: FrameViews): void => {
      sent.push({ from: index, to: peer, frame, vote: undefined, text: describeFrame(frame).text });
    };
    return { link: new CapturingLink(sink), large: NO_LARGE_LANE };
  });
  const epochs = epochsIn(() => around);
  const recovery = epoch === 1 ? undefined : { epochs };
  const replica = new Replica({ index, epoch, bytesMax: 1 << 24, recovery, peers, rules, quorums });
  return {
    react: (input) => {
      ({ around } = input);
      sent = [];
      if (input.kind === 'tick') replica.tick(around.nowMs);
      else if (input.message.from < quorums.threads)
        replica.receiveFromPeer(input.message.from, input.message.frame!, 0);
      else {
        const lane = lanes[input.message.from - quorums.threads]!;
        [frames, votes] = [[], []];
        replica.receive(lane, input.message.frame!, 0);
        lane.castVotes(index, epoch);
        const [frame] = frames;
        const [vote] = votes;
        if (vote !== undefined) {
          const text = frame === undefined ? describeVote(vote) : describeFrame(frame).text;
          sent.push({ from: index, to: input.message.from, frame, vote, text });
        }
      }
      return { sent, isOperational: replica.isOperational, takesRequests: replica.takesRequests };
    },
    // What a recovering replica has heard it keeps to itself: then its inputs tell.
    identify: () => (replica.isOperational ? registersOf(replica) : undefined),
  };
}

function registersOf({ table }: Replica): string {
  const entries = Array.from(table.entries(), ({ register, valueBytes, value, lineage }) => {
    const { promised, accepted, root, isVoted } = register;
    const words = value.slice(0, (valueBytes + 3) >> 2);
    return [promised.low, accepted.low, root.low, Number(isVoted), valueBytes, words, lineage];
  });
  return entries.join(';');
}

/** What a client begins; `first` is the lower word of the first tag of a put that somebody else has begun, else 0. */
interface Begun extends Pick<Call, 'kind' | 'value'> {
  readonly first: number;
}

export type ClientInput =
  | {
      readonly kind: 'start';
      readonly call: Begun;
      readonly around: Surroundings;
    }
  | { readonly kind: 'frame' | 'vote'; readonly message: Message; readonly around: Surroundings }
  | { readonly kind: 'tick'; readonly around: Surroundings };

export interface ClientOutput {
  readonly sent: readonly Message[];
  readonly lastTag: number;
  /** How the operation ended, in this step. */
  readonly settled: Settled | undefined;
  /** Of the question under way: answers to others are void. 0 when there is none. */
  readonly generation: number;
}

/** How an operation has ended, and what a get has returned or an exchange has found. */
interface Settled {
  readonly outcome: Outcome;
  readonly value: string | undefined;
  readonly before: string | undefined;
}

const TIMEOUT_MS = 1e9;

/** A client with its coordinator and tally board; it has one operation at a time, in slot 0. */
export function clientReactor({ quorums, rules }: ClusterParts, node: number): Reactor<ClientInput, ClientOutput> {
  const shared = createTallyBoard(32, quorums.threads);
  const board = new TallyBoard(shared);
  const source = seededRandom(node);
  let draws = 0;
  let around: Surroundings;
  let lastTag = 0;
  let sent: Message[] = [];
  let settled: ClientOutput['settled'];
  let open: Operation | undefined;
  /** The operation of its last exchange, where that was promised the next ballot. */
  let promised: Operation | undefined;
  let hasTicked = false;
  const links = Array.from({ length: quorums.threads }, (_, replica) => {
    const sink = (frame: FrameViews): void => {
      sent.push({ from: node, to: replica, frame, vote: undefined, text: describeFrame(frame).text });
    };
    return new CapturingLink(sink);
  });
  const coordinator = new Coordinator(
    {
      links,
      large: links.map(() => NO_LARGE_LANE),
      board,
      epochs: epochsIn(() => around),
      tags: {
        take: (count, first) => {
          Object.assign(first, { high: 0, low: lastTag + 1 });
          lastTag += count;
        },
        taken: () => lastTag,
      },
      erased: new SimErased(),
      random: {
        nextUint32: () => {
          draws++;
          return source.nextUint32();
        },
      },
      replyRoomBytes: 1 << 20,
      begin: () => {},
      compute: exchange,
      owner: node,
      isUndecided: () => false,
      settle: (operation) => {
        const { outcome, kind, context, change } = operation;
        if (kind === 'change') noteFound(operation);
        const value = kind === 'get' && outcome === 'ok' ? valueOf(operation) : undefined;
        settled = { outcome, value, before: (context as Call).before };
        open = undefined;
        if (kind !== 'change' || change!.hasLanded || isNone(change!.next)) return coordinator.release(operation);
        operation.renew();
        promised = operation;
      },
    },
    quorums,
    rules,
  );
  const begin = ({ kind, value, first }: Begun): void => {
    const operation = (kind === 'exchange' ? promised : undefined) ?? coordinator.acquire();
    if (kind === 'exchange') promised = undefined;
    const call = { client: node, key: 'k', start: 0, end: undefined, outcome: undefined, finishes: undefined };
    const ofExchange = { before: undefined, expects: undefined, tries: [], floor: NO_BALLOT };
    fill(
      operation,
      { ...call, ...ofExchange, first: { high: 0, low: first }, kind, value, level: 'quorum', isRepair: false },
      quorums,
      coordinator.placement,
    );
    operation.timeoutMs = TIMEOUT_MS;
    open = operation;
    coordinator.submit(operation);
  };
  const handle = (input: ClientInput): void => {
    switch (input.kind) {
      case 'start':
        return begin(input.call);
      case 'tick':
        hasTicked = true;
        return coordinator.tick(around.nowMs);
      case 'frame':
        return coordinator.receive(input.message.from, input.message.frame!, 0);
      case 'vote':
        board.vote(...input.message.vote!);
        coordinator.look();
        return coordinator.collect(around.nowMs);
      default:
    }
  };
  return {
    react: (input) => {
      ({ around } = input);
      ({ lastTag } = around);
      sent = [];
      settled = undefined;
      handle(input);
      coordinator.flush(around.nowMs);
      return { sent, lastTag, settled, generation: open === undefined ? 0 : open.generation };
    },
    // Whom it suspects of being silent it keeps to itself: once time has passed, its inputs tell.
    identify: () => (hasTicked ? undefined : `${clientText(open, shared.words, draws)} ${promiseText(promised)}`),
  };
}

const SLOT_0 = 2 * TALLY.DECIDED;

function clientText(open: Operation | undefined, words: Int32Array, draws: number): string {
  const board = words.slice(TALLY.DECIDED, SLOT_0 + 16).join();
  if (open === undefined) return `${words[SLOT_0]} idle ${draws}`;
  const { kind, phase, ballot, root, first, proposed, wroteBack, newest, second } = open;
  const ballots = [ballot, root, first, proposed, wroteBack].map(({ low }) => low);
  const { answered, answers, asked, adopts, attempts, readNeeded, agreeNeeded, retryAtMs, patienceMs } = open;
  const numbers = [answered, answers, asked, Number(adopts), attempts, readNeeded, agreeNeeded, retryAtMs, patienceMs];
  const epochs = open.epochs.slice(0, 9).join();
  const parts = [kind, phase, ballots, numbers, epochs, textOf(newest), textOf(second), board, draws];
  return `${parts.join(' ')} ${kind === 'change' ? changeText(open) : ''}`;
}

function changeText({ change, context, valueBytes }: Operation): string {
  const { floor, next, applied, lineage, isPromised, hasLanded } = change!;
  const tries = (context as Call).tries.map(({ ballot, before }) => `${ballot.low}:${before}`);
  const words = lineage.words.slice(0, lineage.length);
  return [floor.low, next.low, applied.low, words, Number(isPromised), Number(hasLanded), valueBytes, tries].join();
}

function promiseText(promised: Operation | undefined): string {
  return promised === undefined ? '' : `${promised.ballot.low} ${textOf(promised.newest)}`;
}

function textOf({ ballot, root, valueBytes, value, holders, agreeing, lineage }: Candidate): string {
  const bytes = valueBytes > 0 ? value.bytes.slice(0, valueBytes).join() : '';
  const words = lineage.words.slice(0, lineage.length);
  return [ballot.low, root.low, valueBytes, bytes, holders, agreeing, words].join();
}
