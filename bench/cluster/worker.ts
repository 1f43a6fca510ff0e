// A client in a worker thread: batches with promises, and synchronous calls that block it.
//
//     worker (connectCluster) <--rings and tally board--> 5 replicas; main only waits
import { openCluster } from '../../src/cluster/open-cluster.ts';
import { nextMessage, programUrl, startProgram } from '../harness/program.ts';
import { expectAnswer } from '../harness/subject.ts';
import type { Contender, Subject } from '../harness/subject.ts';

export const subjects: readonly Subject[] = [
  subject('put, 16-byte values, batches of 64 from a worker', 'batch'),
  subject('put, 16-byte values, one at a time from a blocking worker', 'putSync'),
  subject('get, 16-byte values, one at a time from a blocking worker', 'getSync'),
];

function subject(question: string, mode: string): Subject {
  return { question, subject: 'quorate, 5 replicas', unit: 'ops/s', open: () => openWorker(mode) };
}

async function openWorker(mode: string): Promise<Contender> {
  const cluster = await openCluster({ replicas: 5 });
  const worker = await startProgram(programUrl('client', import.meta.url), { handle: cluster.handle(), mode });
  const ask = async (ms: number): Promise<number> => {
    const answered = nextMessage(worker);
    worker.postMessage(ms);
    return Number(await answered);
  };
  return {
    // The worker checks each outcome; here we look whether its last write is there.
    check: async () => {
      await ask(1);
      const read = await cluster.get('key-0');
      expectAnswer(read.outcome === 'ok' ? read.value : read.outcome, '0123456789abcdef', 'the value of key-0');
    },
    pass: ask,
    close: async () => {
      await worker.terminate();
      await cluster.close();
    },
  };
}
