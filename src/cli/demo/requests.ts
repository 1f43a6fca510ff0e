// Where the demo's requests come from: YCSB workloads made up as they are needed, or a file that was recorded.
import { unitOf, type Random } from '../../base/random.ts';
import { PHASES, type Phase } from './record.ts';
import type { TraceRequest } from './trace.ts';
import { scrambledZipfian } from './zipfian.ts';

const KINDS = ['get', 'put', 'delete', 'update', 'compare', 'increment', 'count'] as const;
/** What is asked. `compare` is a get, then a compare-and-set of what it returned; `count` reads a counter. */
export type RequestKind = (typeof KINDS)[number];

/** One request of a workload. */
export interface Request {
  readonly kind: RequestKind;
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

/** Counters beside the keys of the YCSB workloads: few, so that increments meet. */
export const COUNTERS = 64;

/** Name of a key of the made-up workloads: registers, and behind them the counters. */
export function keyName(key: number, keys: number): string {
  return key < keys ? `user${key}` : `count${key - keys}`;
}

type Mix = Readonly<Partial<Record<RequestKind, number>>>;
/** How often what is asked in a phase, in percent. */
const MIXES: Readonly<Partial<Record<Phase, Mix>>> = {
  [PHASES.YCSB_A]: { get: 50, put: 50 },
  [PHASES.YCSB_B]: { get: 95, put: 5 },
  [PHASES.YCSB_F]: { get: 50, update: 50 },
  [PHASES.MIX]: { get: 40, put: 10, delete: 5, update: 15, compare: 10, increment: 15, count: 5 },
};

/**
 * The YCSB core workloads A (half reads, half blind writes), B (95 % reads) and F (half reads, half
 * read-modify-writes), and a mix of everything, as the phase says, on zipfian keys, without end.
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
      const kind = chosen(mix, 100 * unitOf(random));
      const isCounter = kind === 'increment' || kind === 'count';
      const key = isCounter ? keys + scrambledZipfian(random, COUNTERS) : scrambledZipfian(random, keys);
      return { kind, key, name: keyName(key, keys), bytes: valueBytes };
    },
  };
}

function chosen(mix: Mix, percent: number): RequestKind {
  let left = percent;
  return KINDS.find((kind) => (left -= mix[kind] ?? 0) < 0) ?? 'get';
}

/** One put of every key, in order: what YCSB loads before it runs. */
export function loadRequests(keys: number, valueBytes: number): RequestSource {
  let next = 0;
  return {
    take() {
      if (next === keys) return undefined;
      const key = next++;
      return { kind: 'put', key, name: keyName(key, keys), bytes: valueBytes };
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
