// Where the demo's requests come from: YCSB workloads made up as they are needed, or a file that was recorded.
import { unitOf, type Random } from '../../base/random.ts';
import { PHASES, type Phase } from './record.ts';
import type { TraceRequest } from './trace.ts';
import { scrambledZipfian } from './zipfian.ts';

/** One request of a workload. `update` is a read-modify-write: a get, then a put of a fresh value. */
export interface Request {
  readonly kind: 'get' | 'put' | 'delete' | 'update';
  /** Index of the key, for the judge. */
  readonly key: number;
  readonly name: string;
  /** Length of the value that is put. */
  readonly bytes: number;
}

/** Hands out requests to one thread; `undefined` when there are no more. */
export interface RequestSource {
  take(): Request | undefined | Promise<Request | undefined>;
}

/** Name of a key of the YCSB workloads. */
export function keyName(key: number): string {
  return `user${key}`;
}

/** Share of reads in a phase, from 0 to 1, and what the others are. */
const MIXES: Readonly<Partial<Record<Phase, { readonly reads: number; readonly others: 'put' | 'update' }>>> = {
  [PHASES.YCSB_A]: { reads: 0.5, others: 'put' },
  [PHASES.YCSB_B]: { reads: 0.95, others: 'put' },
  [PHASES.YCSB_F]: { reads: 0.5, others: 'update' },
};

/**
 * The YCSB core workloads A (half reads, half updates), B (95 % reads) and F (half reads, half read-modify-writes), as
 * the phase says, on zipfian keys, without end.
 *
 * Source: Cooper et al., "Benchmarking Cloud Serving Systems with YCSB" (2010), table 2; YCSB workloads/workload[abf].
 */
export function ycsbRequests(options: {
  readonly random: Random;
  readonly keys: number;
  readonly valueBytes: number;
  readonly phase: () => Phase;
}): RequestSource {
  const { random, keys, valueBytes } = options;
  return {
    take() {
      const mix = MIXES[options.phase()];
      if (mix === undefined) return undefined;
      const key = scrambledZipfian(random, keys);
      return { kind: unitOf(random) < mix.reads ? 'get' : mix.others, key, name: keyName(key), bytes: valueBytes };
    },
  };
}

/** One put of every key, in order: what YCSB loads before it runs. */
export function loadRequests(keys: number, valueBytes: number): RequestSource {
  let next = 0;
  return {
    take() {
      if (next === keys) return undefined;
      const key = next++;
      return { kind: 'put', key, name: keyName(key), bytes: valueBytes };
    },
  };
}

/** Options of {@link TraceRequests}. */
export interface TraceRequestsOptions {
  readonly batches: AsyncIterator<readonly TraceRequest[]>;
  readonly client: number;
  readonly clients: number;
  /** Called with how many more of the file's requests have been read. */
  readonly onRead: (requests: number) => void;
}

/**
 * Every `clients`-th request of a trace. All clients read the whole file, so they number its keys alike: in the order
 * in which they appear.
 */
export class TraceRequests implements RequestSource {
  readonly #options: TraceRequestsOptions;
  readonly #keys = new Map<string, number>();
  #waiting: Request[] = [];
  #at = 0;
  #line = 0;
  #filling: Promise<boolean> | undefined;

  constructor(options: TraceRequestsOptions) {
    this.#options = options;
  }

  take(): Request | undefined | Promise<Request | undefined> {
    return this.#at < this.#waiting.length ? this.#waiting[this.#at++] : this.#takeLater();
  }

  /** The names of the first `count` keys, reading on where this client has not got so far. */
  async names(count: number): Promise<readonly string[]> {
    while (this.#keys.size < count && (await this.#fill()));
    return [...this.#keys.keys()].slice(0, count);
  }

  async #takeLater(): Promise<Request | undefined> {
    while (this.#at === this.#waiting.length) {
      this.#filling ??= this.#fill(); // Many slots wait, one of them reads on.
      if (!(await this.#filling)) return undefined;
    }
    return this.#waiting[this.#at++];
  }

  async #fill(): Promise<boolean> {
    const { batches, client, clients, onRead } = this.#options;
    const { done, value } = await batches.next();
    this.#filling = undefined;
    if (done === true) return false;
    this.#waiting = [];
    this.#at = 0;
    for (const { kind, key: name, bytes } of value) {
      let key = this.#keys.get(name);
      if (key === undefined) this.#keys.set(name, (key = this.#keys.size));
      if (this.#line++ % clients === client) this.#waiting.push({ kind, key, name, bytes });
    }
    onRead(value.length);
    return true;
  }
}
