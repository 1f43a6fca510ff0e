// A run for reading, one line per record: when, who, what. Lines that explain a failure begin with a mark.
import type { Trace, TraceKind, TraceNode, TraceRecord } from './engine/trace.ts';

/** The records of a run; a kept {@link Trace} is one. */
export type RunRecords = Pick<Trace, 'nodes' | 'records'>;

/** What begins a line: what goes wrong, what heals, and where a promise is broken. */
const MARKS: Readonly<Partial<Record<TraceKind, string>>> = {
  crash: 'x',
  lost: 'x',
  fault: 'x',
  pause: 'x',
  start: '+',
  ready: '+',
  resume: '+',
  heal: '+',
  violation: '!',
};

/** How wide the numbers of messages are written. */
const NUMBER_WIDTH = 4;

/**
 * The transcript of a traced run: virtual time in milliseconds, who acted, what happened. `x` marks what goes wrong,
 * `+` what heals, `!` a broken promise; `->` is a message that leaves, `<-` one that arrives, `-x` one that is lost; a
 * call stands between `[` and `]`.
 *
 * @example
 * import { transcriptOf } from 'quorate/sim';
 *
 * const nodes = [{ name: 'ann', kind: 'client' } as const, { name: 'counter', kind: 'actor' } as const];
 * const sent = { atUs: 1500, kind: 'send', from: 0, to: 1, message: 1, text: 'add 1' } as const;
 * const lost = { ...sent, atUs: 1700, kind: 'lost' } as const;
 * for (const line of transcriptOf({ nodes, records: [sent, lost] }).split('\n')) console.log(`|${line}`);
 * // |   1.500 ms  ann      ->  counter  #1   add 1
 * // |x  1.700 ms  ann      -x  counter  #1   add 1
 */
export function transcriptOf({ nodes, records }: RunRecords): string {
  const nameWidth = Math.max(1, ...nodes.map(({ name }) => name.length));
  // A loop, because a long run has more records than a call takes arguments.
  let timeWidth = 5;
  for (const { atUs } of records) timeWidth = Math.max(timeWidth, timeText(atUs).length);
  const lines = records.map((record) => {
    const mark = MARKS[record.kind] ?? ' ';
    const who = nameOf(nodes, record.kind === 'receive' ? record.to : record.from).padEnd(nameWidth);
    const begin = `${mark}  ${timeText(record.atUs).padStart(timeWidth)} ms  ${who}  `;
    const what = whatOf(record, nodes, nameWidth).replaceAll('\n', `\n${' '.repeat(begin.length)}`);
    return (begin + what).trimEnd();
  });
  return lines.join('\n');
}

function timeText(atUs: number): string {
  return (atUs / 1000).toFixed(3);
}

function nameOf(nodes: readonly TraceNode[], node: number): string {
  return nodes[node]?.name ?? '-';
}

function whatOf(record: TraceRecord, nodes: readonly TraceNode[], nameWidth: number): string {
  const { kind, from, to, message, text } = record;
  const about = (arrow: string, other: number): string => {
    const number = message === 0 ? '' : `#${message}`;
    return `${arrow}  ${nameOf(nodes, other).padEnd(nameWidth)}  ${number.padEnd(NUMBER_WIDTH)} ${text}`;
  };
  switch (kind) {
    case 'send':
      return about('->', to);
    case 'receive':
      return about('<-', from);
    case 'lost':
      return about('-x', to);
    case 'call':
      return `[   ${text}`;
    case 'return':
      return `  ] ${text}`;
    case 'violation':
      return `VIOLATION: ${text}`;
    case 'crash':
    case 'start':
    case 'ready':
    case 'pause':
    case 'resume':
    case 'fault':
    case 'heal':
    case 'note':
    default:
      return to === from || to < 0 ? text : `${text} (${nameOf(nodes, to)})`;
  }
}
