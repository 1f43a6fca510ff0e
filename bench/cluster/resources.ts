// What a cluster takes before it does anything for you.
//
//     fresh process: main, supervisor, 5 replicas, 1 standby
import { freshProcess } from '../harness/fresh-process.ts';
import { programUrl } from '../harness/program.ts';
import { MEMORY_5, OPEN_5 } from '../harness/questions.ts';
import type { Subject } from '../harness/subject.ts';

const program = programUrl('fresh-cluster', import.meta.url);
/** A thread that starts from TypeScript strips the types of each of its files itself. */
const IS_SOURCE = import.meta.url.endsWith('.ts');
const NOTE = `with a supervisor and a standby${IS_SOURCE ? '; from TypeScript, the built package takes less' : ''}`;
const thrice = { passes: 3, ms: 500 };

export const subjects: readonly Subject[] = [
  resource(OPEN_5, 'ms', 'open', thrice),
  resource('close 5 replicas', 'ms', 'close', thrice),
  resource(MEMORY_5, 'MiB', 'memory', thrice),
  resource('peak of the memory that 100 puts of 16 MiB to one key add', 'MiB', 'large', { passes: 1, ms: 5000 }),
  resource('processor time of an idle cluster in 5 s', 'ms', 'idle', { passes: 1, ms: 6000 }),
];

function resource(question: string, unit: string, mode: string, fixed: NonNullable<Subject['fixed']>): Subject {
  return {
    question,
    subject: 'quorate, 5 replicas',
    unit,
    fixed,
    open: async () => freshProcess(program, [mode], NOTE),
  };
}
