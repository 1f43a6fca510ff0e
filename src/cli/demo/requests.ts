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

/**
 * Every `clients`-th request of a trace. All clients read the whole file, so they number its keys alike: in the order
 * in which they appear.
 */
export function traceRequests(options: {
  readonly batches: AsyncIterator<readonly TraceRequest[]>;
  readonly client: number;
  readonly clients: number;
  /** Called with how many of the file's requests have been handed out or passed over since the last call. */
  readonly onRead: (requests: number) => void;
}): RequestSource {
  const names = new Map<string, number>();
  let waiting: Request[] = [];
  let at = 0;
  let line = 0;
  let filling: Promise<boolean> | undefined;

  const fill = async (): Promise<boolean> => {
    const { done, value } = await options.batches.next();
    filling = undefined;
    if (done === true) return false;
    waiting = [];
    at = 0;
    for (const { kind, key: name, bytes } of value) {
      let key = names.get(name);
      if (key === undefined) names.set(name, (key = names.size));
      if (line++ % options.clients === options.client) waiting.push({ kind, key, name, bytes });
    }
    options.onRead(value.length);
    return true;
  };
  const takeLater = async (): Promise<Request | undefined> => {
    while (at === waiting.length) {
      filling ??= fill(); // Many slots wait, one of them reads on.
      if (!(await filling)) return undefined;
    }
    return waiting[at++];
  };
  return { take: () => (at < waiting.length ? waiting[at++] : takeLater()) };
}
