// Pictures of illegal histories: who called what when, and which operation no order explains.
import type { Explanation, Operation } from './history.ts';
import { layOut } from './timeline-layout.ts';
import type { Bar, Layout } from './timeline-layout.ts';
import { drawSvg, escapeXml } from './timeline-svg.ts';
import type { Arrow } from './timeline-svg.ts';
import type { Dependency } from './transactions/anomaly.ts';

/** Most operations that explain, and most that only stood beside them: those closest to the impossible one. */
const OPERATIONS_MAX = 300;
const CONTEXT_MAX = 12;
const LABEL_CHARACTERS_MAX = 60;

/** What a picture needs besides the explanation. */
export interface TimelineOptions {
  /** An operation for people: `describe` of the model. */
  readonly describe: (operation: Operation) => string;
  /** Of transactions: the steps of a cycle, drawn as arrows instead of an order. */
  readonly cycle?: readonly Dependency[];
  /** The history that was checked: what was called on the same object shortly before is drawn too, in grey. */
  readonly history?: readonly Operation[];
}

/**
 * A picture of an illegal history, as an SVG document of its own: a row for each process, a bar from each call to its
 * return, the impossible operation in red, and numbered points for the longest order that is allowed.
 *
 * @example
 * import { checkLinearizable, registerModel, timelineSvg } from 'quorate/check';
 *
 * const model = registerModel(0);
 * const found = checkLinearizable(
 *   [
 *     { process: 1, call: 'write', input: 1, output: undefined, start: 0, end: 1 },
 *     { process: 2, call: 'read', input: undefined, output: 0, start: 2, end: 3 },
 *   ],
 *   model,
 * );
 * if (found.verdict === 'illegal') {
 *   const svg = timelineSvg(found.explanation, { describe: (operation) => model.describe(operation) });
 *   console.log(svg.startsWith('<svg '), svg.includes('read -&#62; 0')); // true true
 * }
 */
export function timelineSvg(explanation: Explanation, options: TimelineOptions): string {
  return draw(explanation, options, true).svg;
}

/**
 * The same as a page of HTML that needs nothing else: the picture, the explanation in words, and a table of the
 * operations. A bar that is pointed at shows which operations overlap it.
 *
 * @example
 * import { checkLinearizable, counterModel, timelineHtml } from 'quorate/check';
 *
 * const model = counterModel();
 * const read = { process: 1, call: 'read', input: undefined, output: 7, start: 0, end: 1 };
 * const found = checkLinearizable([read], model);
 * if (found.verdict === 'illegal') {
 *   const html = timelineHtml(found.explanation, { describe: (operation) => model.describe(operation) });
 *   console.log(html.startsWith('<!doctype html>')); // true
 * }
 */
export function timelineHtml(explanation: Explanation, options: TimelineOptions): string {
  const { layout, svg } = draw(explanation, options, false);
  const rows = layout.bars.map(({ operation, lane, place, isImpossible }) => {
    const cells = [
      lane,
      options.describe(operation),
      String(operation.start),
      operation.end === Infinity ? 'never' : String(operation.end),
      isImpossible ? 'impossible' : place === undefined ? '' : String(place),
    ];
    const row = cells.map((cell) => `<td>${escapeXml(cell)}</td>`).join('');
    return `<tr${isImpossible ? ' class="wrong"' : ''}>${row}</tr>`;
  });
  const place = options.cycle === undefined ? 'Place in the order' : '';
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeXml(headingOf(explanation))}</title>
<style>${PAGE_STYLE}</style>
<main>
<h1>${escapeXml(headingOf(explanation))}</h1>
<div class="picture" tabindex="0">
${svg}</div>
<h2>In words</h2>
<pre>${escapeXml(explanation.text)}</pre>
<h2>Operations</h2>
<table>
<tr><th>Process</th><th>Operation</th><th>Called at</th><th>Returned at</th><th>${place}</th></tr>
${rows.join('\n')}
</table>
</main>
<script>${PAGE_SCRIPT}</script>
</html>
`;
}

interface Drawn {
  readonly layout: Layout;
  readonly svg: string;
}

function draw(explanation: Explanation, options: TimelineOptions, isHeaded: boolean): Drawn {
  const { describe, cycle, history = [] } = options;
  const { impossible, order } = explanation;
  const involved = new Set([...explanation.operations, impossible]);
  const beside = cycle === undefined ? history.filter((other) => isBeside(other, impossible, involved)) : [];
  const layout = layOut({
    operations: [...closest([...involved], impossible, OPERATIONS_MAX), ...closest(beside, impossible, CONTEXT_MAX)],
    involved,
    order: cycle === undefined ? order : [],
    impossible: cycle === undefined || cycle.length === 0 ? impossible : undefined,
    lane: cycle === undefined ? processName : transactionName([...order, impossible]),
    label: (operation) => cut(describe(operation)),
  });
  const left = Math.max(0, involved.size - OPERATIONS_MAX);
  const notes = notesOf({ cycle, left, hasOrder: order.length > 0, hasContext: beside.length > 0 });
  const arrows = arrowsOf(layout.bars, cycle ?? []);
  const hint = ({ operation }: Bar): string => `${describe(operation)}\n${processName(operation)}, ${times(operation)}`;
  return { layout, svg: drawSvg({ layout, heading: headingOf(explanation), isHeaded, notes, arrows, hint }) };
}

function processName(operation: Operation): string {
  return typeof operation.process === 'number' ? `process ${operation.process}` : operation.process;
}

/** As the explanation calls them: T1, T2 and so on. */
function transactionName(transactions: readonly Operation[]): (operation: Operation) => string {
  const names = new Map(transactions.map((transaction, at) => [transaction, `T${at + 1}`]));
  return (operation) => `${names.get(operation) ?? ''} · ${processName(operation)}`;
}

function times({ start, end }: Operation): string {
  return `called at ${start}, ${end === Infinity ? 'never returned' : `returned at ${end}`}`;
}

function headingOf({ text }: Explanation): string {
  return cut(text.split('\n', 1)[0] ?? '', 2 * LABEL_CHARACTERS_MAX);
}

function cut(text: string, charactersMax: number = LABEL_CHARACTERS_MAX): string {
  return text.length <= charactersMax ? text : `${text.slice(0, charactersMax - 1)}…`;
}

/** Whether it was called on the same object in time: what was called later cannot explain anything. */
function isBeside(other: Operation, impossible: Operation, involved: ReadonlySet<Operation>): boolean {
  return other.key === impossible.key && other.start < impossible.end && !involved.has(other);
}

/** The `count` operations that are closest in time to one: those that overlap it first, of these the latest. */
function closest(operations: readonly Operation[], to: Operation, count: number): readonly Operation[] {
  if (operations.length <= count) return operations;
  const gap = ({ start, end }: Operation): number => Math.max(0, start - to.end, to.start - end);
  return operations.toSorted((a, b) => gap(a) - gap(b) || b.start - a.start).slice(0, count);
}

function arrowsOf(bars: readonly Bar[], cycle: readonly Dependency[]): readonly Arrow[] {
  const barOf = new Map(bars.map((bar) => [bar.operation, bar]));
  return cycle.flatMap(({ from, to, kind, key }) => {
    const [start, end] = [barOf.get(from), barOf.get(to)];
    if (start === undefined || end === undefined) return [];
    return [{ from: start, to: end, label: key === undefined ? kind : `${kind} ${key}` }];
  });
}

interface NotesInput {
  readonly cycle: readonly Dependency[] | undefined;
  /** Operations that are not shown. */
  readonly left: number;
  readonly hasOrder: boolean;
  readonly hasContext: boolean;
}

function notesOf({ cycle, left, hasOrder, hasContext }: NotesInput): readonly string[] {
  const notes = ['A bar lasts from a call to its return; one with an open end never returned.'];
  if (cycle === undefined) {
    notes.push(
      'Red: no order explains what it returned, beside the blue ones. What could was called left of the red line.',
    );
    if (hasOrder) notes.push('Points: a longest order that is allowed, each operation within its bar.');
  } else if (cycle.length > 0) {
    notes.push('An arrow leads to what came later: it overwrote (ww), read (wr) or replaced what was read (rw).');
    notes.push('They lead round in a circle, so no order of these transactions explains all that they read.');
  } else {
    notes.push('Red: the transaction that cannot be explained.');
  }
  if (hasContext) notes.push('Grey: what else was called by then; with or without it, no order explains the red one.');
  if (left > 0) notes.push(`${left} operations further away are not shown.`);
  return notes;
}

const PAGE_STYLE = `
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { margin: 0 } main { max-width: 1200px; margin: 0 auto; padding: 24px }
h1 { font-size: 20px; overflow-wrap: anywhere } h2 { font-size: 16px; margin-top: 28px }
.picture { overflow-x: auto; border: 1px solid #8a94a355; border-radius: 6px }
.picture svg { display: block }
pre, td { font: 13px/1.5 ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace }
pre { overflow-x: auto } table { border-collapse: collapse } th { text-align: left; font-size: 13px }
th, td { padding: 3px 18px 3px 0; border-bottom: 1px solid #8a94a355; vertical-align: top }
.wrong td { color: #c4262e; font-weight: 700 } .dim { opacity: 0.25 }
@media (prefers-color-scheme: dark) { .wrong td { color: #ff7a80 } }
`;

/** Dims what does not overlap the bar under the pointer: what came wholly before or after it. */
const PAGE_SCRIPT = `
const bars = [...document.querySelectorAll('.bar')];
const time = (bar, name) => Number(bar.dataset[name]);
document.querySelector('.impossible')?.scrollIntoView({ block: 'nearest', inline: 'center' });
for (const bar of bars) {
  bar.addEventListener('pointerenter', () => {
    for (const other of bars) {
      const apart = time(other, 'end') < time(bar, 'start') || time(bar, 'end') < time(other, 'start');
      other.classList.toggle('dim', apart);
    }
  });
  bar.addEventListener('pointerleave', () => bars.forEach((other) => other.classList.remove('dim')));
}
`;
