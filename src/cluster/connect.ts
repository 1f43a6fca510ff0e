// How a thread becomes a client: it takes a place in the client table, asks the supervisor for rings over the door
// channel, and gets them posted. The same way serves the main thread and any worker.
import { QuorateError, typeError } from '../base/errors.ts';
import { CLIENTS_MAX } from '../base/limits.ts';
import { systemSeed } from '../base/random.ts';
import { sharedMemory } from '../ring/memory.ts';
import { CLUSTER_CLOSED } from '../replica/environment.ts';
import { ClusterBoard, isBoard } from './board.ts';
import { Channel } from './channel.ts';
import type { Claim } from './client-life.ts';
import { Client } from './client.ts';
import { doorChannel } from './connection.ts';
import type { Connection, DoorMessage } from './connection.ts';
import type { ClusterHandle } from './options.ts';

/** How long a connection may take: the supervisor answers within a turn of its event loop. */
const CONNECT_MS_MAX = 10_000;

/**
 * Opens a client of a running cluster on the calling thread, from the handle that `cluster.handle()` gave: post the
 * handle to a worker as it is, or as `workerData`. Each call opens a client of its own; close it when done.
 *
 * @throws {TypeError} `ERR_QUORATE_INVALID_ARGUMENT` when `handle` is none.
 * @throws {QuorateError} `ERR_QUORATE_CLOSED` when the cluster is closed, `ERR_QUORATE_OVERLOADED` when 15 clients are
 *   connected, `ERR_QUORATE_TIMEOUT` when its supervisor does not answer.
 */
export async function connectClient(handle: ClusterHandle): Promise<Client> {
  if (!isHandle(handle)) {
    throw typeError('ERR_QUORATE_INVALID_ARGUMENT', 'Cannot connect: the argument must be what cluster.handle() gave');
  }
  const board = new ClusterBoard(sharedMemory(handle.board));
  if (board.state === CLUSTER_CLOSED)
    throw new QuorateError('ERR_QUORATE_CLOSED', 'Cannot connect: the cluster is closed');
  const held = board.clients.claim();
  if (held === undefined) {
    throw new QuorateError('ERR_QUORATE_OVERLOADED', `Cannot connect: ${CLIENTS_MAX} clients are connected already`);
  }
  const door = new Channel<DoorMessage>(doorChannel(handle.name));
  let connection: Connection;
  try {
    connection = await askForConnection(door, held);
  } catch (error) {
    door.close();
    board.clients.release(held);
    throw error;
  }
  return new Client(connection, {
    showLife: () => board.clients.showLife(held),
    onClose: () => {
      door.post({ kind: 'disconnect', client: held.place, serial: connection.serial });
      door.close();
    },
  });
}

/** What came through a message may be anything. */
function isHandle(handle: ClusterHandle | null | undefined): handle is ClusterHandle {
  if (typeof handle !== 'object' || handle === null || handle.kind !== 'quorate:cluster-handle') return false;
  return typeof handle.name === 'string' && handle.board instanceof SharedArrayBuffer && isBoard(handle.board);
}

function askForConnection(door: Channel<DoorMessage>, { place, claim }: Claim): Promise<Connection> {
  const ticket = `${systemSeed()}:${systemSeed()}`;
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      const message = `Cannot connect: the supervisor did not answer within ${CONNECT_MS_MAX} ms`;
      reject(new QuorateError('ERR_QUORATE_TIMEOUT', message));
    }, CONNECT_MS_MAX);
    door.listen((message) => {
      if (message.kind !== 'connected' || message.ticket !== ticket) return; // What others say at the door.
      clearTimeout(timer);
      resolve(message.connection);
    });
    door.post({ kind: 'connect', ticket, client: place, claim });
  });
}
