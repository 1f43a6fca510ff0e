// comlink: typed calls over a MessagePort.
//
//     main --comlink.wrap--> worker, comlink.expose
import { wrap } from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import { askSubjects } from '../harness/ask.ts';
import { programUrl, startProgram } from '../harness/program.ts';
import type { Subject } from '../harness/subject.ts';
import { packageNote } from '../harness/version.ts';

interface Calculator {
  add(a: number, b: number): number;
}

export const subjects: readonly Subject[] = askSubjects('comlink', async () => {
  const worker = await startProgram(programUrl('comlink', import.meta.url), undefined);
  const calculator = wrap<Calculator>(nodeEndpoint(worker));
  return {
    ask: (a, b) => calculator.add(a, b),
    close: () => worker.terminate(),
    note: packageNote('comlink', import.meta.url),
  };
});
