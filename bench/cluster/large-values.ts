// Small operations beside large ones: 1,000 gets and puts of 16 bytes are due each second, whatever happens, while the
// same thread puts 16 MiB once a second. Latency counts from the instant an operation was due.
//
//     main (open loop, 16-byte values; 16 MiB a second) <--rings, shared buffers--> 5 replicas
import { openCluster } from '../../src/cluster/open-cluster.ts';
import type { Cluster } from '../../src/cluster/open-cluster.ts';
import { openLoop, percentile } from '../harness/load.ts';
import { expectAnswer } from '../harness/subject.ts';
import type { Contender, Subject } from '../harness/subject.ts';

const QUESTION = 'p99.9 of small operations, 1,000 a second';
const LARGE_BYTES = 16 * 1024 * 1024;
const LARGE_EVERY_MS = 1000;
const PER_SECOND = 1000;
const VALUE = '0123456789abcdef';
const fixed = { passes: 3, ms: 5000 };

export const subjects: readonly Subject[] = [
  { question: QUESTION, subject: 'beside a 16 MiB put a second', unit: 'ms', fixed, open: () => open(LARGE_BYTES) },
  { question: QUESTION, subject: 'alone', unit: 'ms', fixed, open: () => open(0) },
];

async function open(largeBytes: number): Promise<Contender> {
  const cluster = await openCluster({ replicas: 5 });
  const large = new Uint8Array(largeBytes);
  const small = async (index: number): Promise<void> => {
    const key = `key-${(index >> 1) % 64}`;
    const { outcome } = index % 2 === 0 ? await cluster.put(key, VALUE) : await cluster.get(key);
    expectAnswer(outcome, 'ok', `the outcome of operation ${index}`);
  };
  const pass = async (ms: number): Promise<number> => {
    const largePuts: Promise<void>[] = [];
    const timer = setInterval(() => largePuts.push(putLarge(cluster, large)), LARGE_EVERY_MS);
    if (largeBytes === 0) clearInterval(timer);
    const latenciesMs = await openLoop(small, { perSecond: PER_SECOND, ms });
    clearInterval(timer);
    await Promise.all(largePuts);
    return percentile(latenciesMs, 0.999);
  };
  return {
    check: async () => {
      for (let index = 0; index < 128; index++) await small(index);
      await putLarge(cluster, large);
      await pass(500); // Compiles the path.
    },
    pass,
    close: () => cluster.close(),
  };
}

async function putLarge(cluster: Cluster, large: Uint8Array): Promise<void> {
  large[0] = (large[0] ?? 0) + 1;
  expectAnswer((await cluster.put('large', large)).outcome, 'ok', 'the outcome of the large put');
}
