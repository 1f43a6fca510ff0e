// A client in a worker thread, which the nemesis may kill at any instruction. Both sides are here.
import { Worker } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { isQuorateError } from '../base/errors.ts';
import { below, seededRandom } from '../base/random.ts';
import { AT_FAIL_POINT, setTrap, stopHere } from '../cluster/fail-point.ts';
import { connectCluster } from '../cluster/open-cluster.ts';
import type { ClusterHandle } from '../cluster/options.ts';
import { RingProducer } from '../ring/spsc-ring.ts';
import { TortureClient } from './client.ts';
import { SharedLedger } from './ledger.ts';
import type { LedgerShape } from './ledger.ts';
import { programUrl } from './program-url.ts';

/** What the thread is given; plain and cloneable. */
export interface ClientWiring {
  readonly handle: ClusterHandle;
  readonly shape: LedgerShape;
  readonly buffer: SharedArrayBuffer;
  readonly client: number;
  readonly owner: number;
  readonly seed: number;
  readonly lanes: number;
}

/** How a client's thread ended. */
export type ClientEnd =
  | { readonly kind: 'done' }
  | { readonly kind: 'killed' }
  /** No place was free, or the cluster was lost just then: another try may do. */
  | { readonly kind: 'refused' }
  | { readonly kind: 'failed'; readonly error: unknown };

/** A client's thread, as the main thread sees it. */
export class ClientThread {
  readonly owner: number;
  /** Settles when the thread has ended; never rejects. */
  readonly ended: Promise<ClientEnd>;
  readonly #worker: Worker;
  #isKilled = false;

  constructor(wiring: ClientWiring) {
    this.owner = wiring.owner;
    this.#worker = new Worker(programUrl('torture-client'), { workerData: wiring, name: 'torture:client', env: {} });
    this.ended = new Promise((resolve) => {
      let end: ClientEnd | undefined;
      this.#worker.on('message', (said: ClientEnd | typeof AT_FAIL_POINT) => {
        if (said === AT_FAIL_POINT) void this.kill();
        else end = said;
        // Its other lanes would go on, and what went wrong would be known when all else has ended.
        if (end?.kind === 'failed') void this.#worker.terminate();
      });
      this.#worker.on('error', (error) => (end = { kind: 'failed', error }));
      this.#worker.once('exit', () => resolve(this.#endOf(end)));
    });
  }

  /** A defect that a thread has told stays one, also where the thread was killed before it was gone. */
  #endOf(said: ClientEnd | undefined): ClientEnd {
    if (said?.kind === 'failed') return said;
    if (this.#isKilled) return { kind: 'killed' };
    return said ?? { kind: 'failed', error: new Error('The thread ended and did not say why') };
  }

  /** Ends the thread at the instruction where it is. */
  async kill(): Promise<void> {
    this.#isKilled = true;
    await this.#worker.terminate();
  }
}

/** The thread's program: connects, works until the ledger says stop, lets go, and says how it was. */
export async function runClient(wiring: ClientWiring, port: MessagePort): Promise<ClientEnd> {
  const { handle, shape, buffer, client, owner, seed, lanes } = wiring;
  try {
    const store = await connectCluster(handle);
    const ledger = new SharedLedger(shape, buffer);
    const random = seededRandom(seed);
    const replicas = store.inspect().replicas.length;
    const dieHalfway = (): void => trapRings(below(random, replicas), () => port.postMessage(AT_FAIL_POINT));
    await new TortureClient({ store, ledger, client, owner, random, lanes, maySync: true, dieHalfway }).run();
    await store.close();
    return { kind: 'done' };
  } catch (error) {
    const isRefused = isQuorateError(error) && REFUSALS.has(error.code);
    return isRefused ? { kind: 'refused' } : { kind: 'failed', error };
  }
}

/** Stops the thread before it shows requests on a ring, when it has shown some on so many others. */
function trapRings(rings: number, say: () => void): void {
  let left = rings;
  const stop = (): void => stopHere(say);
  setTrap(RingProducer.prototype, 'publish', { when: 'before', isDue: () => left-- === 0, stop });
}

const REFUSALS: ReadonlySet<string> = new Set(['ERR_QUORATE_OVERLOADED', 'ERR_QUORATE_TIMEOUT']);
