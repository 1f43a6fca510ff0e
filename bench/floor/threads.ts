// What five threads cost that do nothing.
//
//     fresh process: main, 5 workers that only answer "ready"
import { freshProcess } from '../harness/fresh-process.ts';
import { programUrl } from '../harness/program.ts';
import { MEMORY_5, OPEN_5 } from '../harness/questions.ts';
import type { Subject } from '../harness/subject.ts';

const program = programUrl('empty-threads', import.meta.url);
const fixed = { passes: 3, ms: 200 };

export const subjects: readonly Subject[] = [
  {
    question: OPEN_5,
    subject: '5 empty threads',
    unit: 'ms',
    fixed,
    open: async () => freshProcess(program, ['open'], ''),
  },
  {
    question: MEMORY_5,
    subject: 'an empty thread',
    unit: 'MiB',
    fixed,
    open: async () => freshProcess(program, ['memory'], ''),
  },
];
