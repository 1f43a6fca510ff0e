// The cluster as its shared words show it: no thread is asked, so a blocked one does not matter.
import { sharedMemory } from '../ring/memory.ts';
import { DOWN, OPERATIONAL, RECOVERING } from '../ring/epoch-table.ts';
import type { EpochTable } from '../ring/epoch-table.ts';
import { unreadBytes } from '../ring/spsc-ring.ts';
import { votersIn } from '../quorum/quorum-system.ts';
import { CLUSTER_STATE_LOST } from '../replica/environment.ts';
import type { LiveQuorums } from '../replica/live-quorums.ts';
import { COUNTER } from './board.ts';
import type { ClusterBoard } from './board.ts';
import type { ClusterStatus, ReplicaStatus } from './options.ts';

/** What an inspection looks at, beside the board. */
export interface InspectedParts {
  readonly epochs: EpochTable;
  /** The quorums in force: looked at anew. */
  readonly quorums: LiveQuorums;
  /** The client's rings, by replica. */
  readonly requests: readonly SharedArrayBuffer[];
}

/** What can be seen of a cluster; `pending` is the client's to add. */
export function inspectCluster(
  board: ClusterBoard,
  { epochs, quorums, requests }: InspectedParts,
): Omit<ClusterStatus, 'pending'> {
  const { number, phase, current, next } = board.configurations.read();
  const { replicas: replicationFactor, read, write, prepare, recoverFrom } = current.quorums;
  const members = votersIn(current.members | (next?.members ?? 0));
  const replicas = members.map((replica) => inspectReplica(board, epochs, replica, requests[replica]!));
  const stateLost = board.state === CLUSTER_STATE_LOST;
  let collected = 0;
  for (let replica = 0; replica < board.places; replica++) collected += board.counter(replica, COUNTER.COLLECTED);
  const { chair } = board.chair;
  const { systems } = current.quorums;
  const sizes = { replicationFactor, read, write, prepare, ...(systems && { quorum: systems }), recoverFrom };
  const configuration = { number, isChanging: phase !== 'stable', members: votersIn(current.members) };
  return {
    replicas,
    ...sizes,
    hasQuorums: haveQuorums(replicas, quorums),
    configuration,
    places: board.places,
    stateLost,
    chair,
    collected,
    clients: board.clients.size,
  };
}

function haveQuorums(replicas: readonly ReplicaStatus[], quorums: LiveQuorums): boolean {
  quorums.refresh();
  const { electorate } = quorums;
  let up = 0;
  for (const { replica, state } of replicas) if (state === 'operational') up |= 1 << replica;
  return KINDS.every((kind) => electorate.isMetOnAll(kind, up, electorate.sizes[kind]));
}

const KINDS = ['read', 'write', 'prepare'] as const;

function inspectReplica(
  board: ClusterBoard,
  epochs: EpochTable,
  replica: number,
  requests: SharedArrayBuffer,
): ReplicaStatus {
  const epoch = epochs.epochOf(replica);
  return {
    replica,
    state: stateName(epochs.stateOf(replica)),
    epoch,
    restarts: Math.max(0, epoch - 1),
    lastExit: undefined,
    threadId: undefined,
    unreadBytes: unreadBytes(sharedMemory(requests)),
    handled: board.replicaBell(replica).handled,
    keys: board.counter(replica, COUNTER.KEYS),
    bytes: board.counter(replica, COUNTER.KIBIBYTES) * 1024,
  };
}

function stateName(state: number): ReplicaStatus['state'] {
  if (state === OPERATIONAL) return 'operational';
  if (state === RECOVERING) return 'recovering';
  return state === DOWN ? 'down' : 'starting';
}
