// A run for reading: one line an event, with its virtual time.
import type { Trace, TraceNode, TraceRecord } from './engine/trace.ts';

/** How many columns the nodes take. */
const NODES_WIDTH = 10;

/**
 * The transcript of a traced run: a line a record, such as `  12.345 ms  C0 -> A1   accept(b7, root 7, v3)`.
 *
 * @example
 * import { simulate, transcriptOf } from 'quorate/sim';
 *
 * const { trace } = simulate({ seed: 1, profile: 'crash-storm', isTraced: true });
 * console.log(transcriptOf(trace).split('\n').length > 300); // true
 */
export function transcriptOf(trace: Trace): string {
  return trace.records.map((record) => line(record, trace.nodes)).join('\n');
}

function line(record: TraceRecord, nodes: readonly TraceNode[]): string {
  const { atUs, kind, from, to, message, text } = record;
  const at = `${(atUs / 1000).toFixed(3).padStart(10)} ms`;
  const name = (node: number): string => nodes[node]?.name ?? '-';
  const number = message === 0 ? '' : `#${message} `;
  switch (kind) {
    case 'send':
      return `${at}  ${`${name(from)} -> ${name(to)}`.padEnd(NODES_WIDTH)}${number}${text}`;
    case 'receive':
      return `${at}  ${`${name(to)} <- ${name(from)}`.padEnd(NODES_WIDTH)}${number}${text}`;
    case 'lost':
      return `${at}  ${`${name(from)} -x ${name(to)}`.padEnd(NODES_WIDTH)}${number}${text}`;
    case 'call':
    case 'return':
    case 'crash':
    case 'start':
    case 'ready':
    case 'pause':
    case 'resume':
    case 'fault':
    case 'heal':
    case 'violation':
    case 'note':
    default:
      return `${at}  ${name(from).padEnd(NODES_WIDTH)}${kind === 'call' || kind === 'return' ? '' : `[${kind}] `}${text}`;
  }
}
