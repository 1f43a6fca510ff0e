// The store end to end: every put and get is decided by a quorum of five replicas, each in a thread of its own.
//
//     main (a promise each, 256 pending) <--rings and tally board--> 5 replicas; supervisor beside them
import { openCluster } from '../../src/cluster/open-cluster.ts';
import { keyValueSubjects } from '../harness/key-value.ts';
import type { Subject } from '../harness/subject.ts';

export const subjects: readonly Subject[] = keyValueSubjects('quorate, 5 replicas', async () => {
  const cluster = await openCluster({ replicas: 5 });
  return {
    put: async (key, value) => (await cluster.put(key, value)).outcome === 'ok',
    get: async (key) => {
      const result = await cluster.get(key);
      return result.outcome === 'ok' ? String(result.value) : undefined;
    },
    close: () => cluster.close(),
    note: 'R = W = 3',
  };
});
