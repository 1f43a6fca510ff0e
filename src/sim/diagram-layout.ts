// Where everything of a space-time diagram lies: a column for each node, a row for each moment. Rows are in the order
// of time, but not to its scale: what happens close together must stay readable, so that a gap only grows with the
// logarithm of the time that it stands for.
import type { TraceNode, TraceRecord } from './engine/trace.ts';
import type { RunRecords } from './transcript.ts';

/** Records that one diagram shows at most: the latest. */
const RECORDS_MAX = 400;

const ROW_MIN = 26;
const ROW_GAP_MAX = 30;
const TOP = 96;
const LEFT = 96;
const COLUMN_MIN = 170;
const COLUMN_MAX = 330;
/** Width of a character of what is said beside a lane: the widest ones, bold. */
const CHARACTER = 7.3;

/** Columns from left to right. */
const ORDER: Readonly<Record<TraceNode['kind'], number>> = {
  client: 0,
  coordinator: 1,
  actor: 2,
  replica: 2,
  supervisor: 3,
};

/** A column. */
export interface Lane {
  readonly node: number;
  readonly name: string;
  readonly kind: TraceNode['kind'];
  readonly x: number;
  /** From where to where the node was down. */
  readonly gaps: readonly (readonly [fromY: number, toY: number])[];
}

/** A message, from its sender to where it arrives or is lost. */
export interface Arrow {
  readonly fromX: number;
  readonly fromY: number;
  readonly toX: number;
  readonly toY: number;
  readonly text: string;
  /** `open`: under way when the records end. */
  readonly end: 'arrived' | 'lost' | 'open';
}

/** An operation. */
export interface Bar {
  readonly x: number;
  readonly fromY: number;
  readonly toY: number;
  readonly call: string;
  /** `undefined` while it is open. */
  readonly result: string | undefined;
  readonly end: 'returned' | 'failed' | 'open';
}

/** Something that happened to one node, or to all (`x` is `undefined`). */
export interface Mark {
  readonly x: number | undefined;
  readonly y: number;
  readonly kind: TraceRecord['kind'];
  readonly text: string;
}

/** A diagram before it is drawn. Lengths are in pixels. */
export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly top: number;
  readonly lanes: readonly Lane[];
  readonly arrows: readonly Arrow[];
  readonly bars: readonly Bar[];
  readonly marks: readonly Mark[];
  readonly times: readonly { readonly y: number; readonly atUs: number }[];
  /** Records that are left out at the beginning. */
  readonly omitted: number;
}

/** Lays out the records of a run. */
export function layoutOf({ nodes, records: all }: RunRecords): Layout {
  const records = all.slice(-RECORDS_MAX);
  const ys = rowsOf(records);
  const height = (ys.at(-1) ?? TOP) + 56;
  const xs = columnsOf(nodes, records);
  const lanes = [...xs].map(([node, x]) => {
    const { name, kind } = nodes[node]!;
    return { node, name, kind, x, gaps: gapsOf(node, { records, ys, height }) };
  });
  const lastX = Math.max(LEFT, ...xs.values());
  const isNewMoment = (index: number): boolean => records[index]!.atUs !== records[index - 1]?.atUs;
  const times = ys.flatMap((y, index) => (isNewMoment(index) ? [{ y, atUs: records[index]!.atUs }] : []));
  return {
    width: Math.ceil(lastX + Math.max(150, notesWidth(records, nodes, [...xs.keys()].at(-1)))),
    height,
    top: TOP,
    lanes,
    arrows: arrowsOf(records, ys, xs),
    bars: barsOf(records, { ys, xs, height }),
    marks: marksOf(records, ys, xs),
    times,
    omitted: all.length - records.length,
  };
}

/** The node that a record happens at. */
function placeOf({ kind, from, to }: TraceRecord): number {
  return kind === 'receive' ? to : from;
}

function rowsOf(records: readonly TraceRecord[]): number[] {
  const ys: number[] = [];
  let y = TOP + ROW_MIN;
  for (const [index, record] of records.entries()) {
    const before = records[index - 1];
    if (before !== undefined && !isJoined(before, record)) {
      const gapUs = record.atUs - before.atUs;
      y += ROW_MIN + Math.min(ROW_GAP_MAX, 9 * Math.log10(1 + gapUs / 150));
    }
    ys.push(Math.round(y));
  }
  return ys;
}

/** Whether a record is drawn on the row before: what a node does at once, such as an answer to what it received. */
function isJoined(before: TraceRecord, { atUs, kind, from }: TraceRecord): boolean {
  if (atUs !== before.atUs || placeOf(before) !== from) return false;
  if (kind === 'lost') return true;
  if (kind === 'return') return before.kind === 'receive';
  return kind === 'send' && before.kind !== 'return';
}

function columnsOf(nodes: readonly TraceNode[], records: readonly TraceRecord[]): ReadonlyMap<number, number> {
  const seen = new Set(records.flatMap(({ from, to }) => [from, to]));
  const shown = [...nodes.keys()].filter((node) => seen.has(node));
  const ordered = shown.toSorted((a, b) => ORDER[nodes[a]!.kind] - ORDER[nodes[b]!.kind] || a - b);
  const columns = new Map<number, number>();
  // Clients have room on their left for what they call, all others only for the labels of messages.
  let x = LEFT;
  for (const node of ordered) {
    const ofNode = records.filter((record) => placeOf(record) === node);
    const calls = ofNode.filter(({ kind }) => kind === 'call' || kind === 'return');
    const labels = ofNode.filter(({ kind }) => kind === 'send');
    const room = Math.max(widest(calls), columns.size === 0 ? 0 : Math.min(COLUMN_MIN, widest(labels) + 40));
    x += Math.min(COLUMN_MAX, Math.max(columns.size === 0 ? 60 : COLUMN_MIN, room + 36));
    columns.set(node, Math.round(x));
  }
  return columns;
}

function widest(records: readonly TraceRecord[]): number {
  let length = 0;
  for (const { text } of records) length = Math.max(length, Math.min(text.length, 44));
  return length * CHARACTER;
}

/** Room at the right for what is said of the last lane. */
function notesWidth(records: readonly TraceRecord[], nodes: readonly TraceNode[], last: number | undefined): number {
  const said = records.filter((record) => placeOf(record) === last && !isDrawnElsewhere(record));
  return nodes.length === 0 ? 0 : widest(said) + 40;
}

function gapsOf(
  node: number,
  run: { readonly records: readonly TraceRecord[]; readonly ys: readonly number[]; readonly height: number },
): readonly (readonly [number, number])[] {
  const gaps: [number, number][] = [];
  let downY: number | undefined;
  for (const [index, { kind, from }] of run.records.entries()) {
    if (from !== node) continue;
    if (kind === 'crash') downY ??= run.ys[index]!;
    else if (downY !== undefined && kind === 'ready') {
      gaps.push([downY, run.ys[index]!]);
      downY = undefined;
    }
  }
  if (downY !== undefined) gaps.push([downY, run.height - 40]);
  return gaps;
}

function arrowsOf(
  records: readonly TraceRecord[],
  ys: readonly number[],
  xs: ReadonlyMap<number, number>,
): readonly Arrow[] {
  const sends = new Map<number, number>();
  const arrows: Arrow[] = [];
  const arrived = new Set<number>();
  const add = (record: TraceRecord, fromY: number, toY: number, end: Arrow['end']): void => {
    const fromX = xs.get(record.from);
    const toX = xs.get(record.to);
    if (fromX !== undefined && toX !== undefined) arrows.push({ fromX, fromY, toX, toY, text: record.text, end });
  };
  for (const [index, record] of records.entries()) {
    const { kind, message } = record;
    if (message === 0) continue;
    if (kind === 'send') sends.set(message, index);
    if (kind !== 'receive' && kind !== 'lost') continue;
    const sent = sends.get(message);
    if (sent === undefined) continue;
    arrived.add(message);
    add({ ...record, text: records[sent]!.text }, ys[sent]!, ys[index]!, kind === 'lost' ? 'lost' : 'arrived');
  }
  for (const [message, sent] of sends) {
    if (!arrived.has(message)) add(records[sent]!, ys[sent]!, ys[sent]! + ROW_MIN, 'open');
  }
  return arrows;
}

function barsOf(
  records: readonly TraceRecord[],
  run: { readonly ys: readonly number[]; readonly xs: ReadonlyMap<number, number>; readonly height: number },
): readonly Bar[] {
  const bars: Bar[] = [];
  const open = new Map<number, { readonly index: number; readonly track: number }[]>();
  const end = (call: { index: number; track: number }, toY: number, result: string | undefined): void => {
    const { from, text } = records[call.index]!;
    const x = run.xs.get(from);
    if (x === undefined) return;
    const how = result === undefined ? 'open' : isFailure(result) ? 'failed' : 'returned';
    bars.push({ x: x - call.track * 9, fromY: run.ys[call.index]!, toY, call: text, result, end: how });
  };
  for (const [index, { kind, from, text }] of records.entries()) {
    const calls = open.get(from) ?? [];
    if (kind === 'call') {
      const used = new Set(calls.map(({ track }) => track));
      let track = 0;
      while (used.has(track)) track++;
      open.set(from, [...calls, { index, track }]);
    } else if (kind === 'return') {
      // A return repeats the text of its call; where it does not, it is that of the oldest.
      const call = calls.find((each) => text.startsWith(records[each.index]!.text)) ?? calls[0];
      if (call === undefined) continue;
      open.set(
        from,
        calls.filter((each) => each !== call),
      );
      const { text: called } = records[call.index]!;
      end(call, run.ys[index]!, text.startsWith(called) ? text.slice(called.length).trim() : text);
    }
  }
  for (const calls of open.values()) for (const call of calls) end(call, run.height - 44, undefined);
  return bars;
}

function isFailure(result: string): boolean {
  return /fail|unknown|ERR_|timeout|no-quorum|refused/.test(result);
}

function marksOf(
  records: readonly TraceRecord[],
  ys: readonly number[],
  xs: ReadonlyMap<number, number>,
): readonly Mark[] {
  return records.flatMap((record, index) => {
    if (isDrawnElsewhere(record)) return [];
    return [{ x: xs.get(record.from), y: ys[index]!, kind: record.kind, text: record.text }];
  });
}

function isDrawnElsewhere({ kind, message }: TraceRecord): boolean {
  if (kind === 'send' || kind === 'receive' || kind === 'lost') return message !== 0;
  return kind === 'call' || kind === 'return';
}
