// Where everything of a timeline stands: pure geometry in pixels, no text of the picture.
import type { Operation } from './history.ts';

/** One operation of the picture. */
export interface Bar {
  readonly operation: Operation;
  readonly lane: string;
  readonly label: string;
  readonly left: number;
  readonly right: number;
  /** Row of its lane, from 0 on top. */
  readonly row: number;
  readonly isImpossible: boolean;
  /** Whether it takes part in what is wrong, and does not only stand beside. */
  readonly isInvolved: boolean;
  /** Its place in the order, from 1; undefined when the order leaves it out. */
  readonly place: number | undefined;
  /** Where it takes effect in that order: between `left` and `right`. */
  readonly pointX: number | undefined;
}

/** A lane, most often of one process; where its operations overlap, it has more than one row. */
export interface Lane {
  readonly name: string;
  readonly row: number;
}

/** A laid-out timeline. */
export interface Layout {
  readonly bars: readonly Bar[];
  readonly lanes: readonly Lane[];
  /** Right end of time: bars that reach it never returned. */
  readonly right: number;
  readonly rows: number;
}

/** What is laid out. */
export interface LayoutInput {
  readonly operations: readonly Operation[];
  /** Those of the operations that take part in what is wrong. */
  readonly involved: ReadonlySet<Operation>;
  readonly order: readonly Operation[];
  /** Undefined where no one of them is to blame. */
  readonly impossible: Operation | undefined;
  /** The name of its lane. */
  readonly lane: (operation: Operation) => string;
  readonly label: (operation: Operation) => string;
}

/** Pixels of one character of a label, and of the room around it. */
export const CHARACTER_WIDTH = 7.3;
const LABEL_PADDING = 20;
const GAP_MIN = 14;
const POINT_GAP = 24;

/**
 * Lays out operations by real time: only the order of calls and returns counts, so that time is stretched where labels
 * need room. Points of the order stand from left to right, each within its bar.
 */
export function layOut({ operations, involved, order, impossible, lane, label }: LayoutInput): Layout {
  const sorted = operations.toSorted((a, b) => a.start - b.start);
  const ranks = new Ranks(sorted);
  const places = new Map(order.filter((operation) => ranks.has(operation)).map((operation, at) => [operation, at + 1]));
  const points = pointsOf([...places.keys()], ranks);
  const xs = columnsOf(sorted, { ranks, points, label });
  const { rowOf, lanes, rows } = rowsOf(sorted, ranks, lane);
  const bars = sorted.map((operation): Bar => {
    const point = points.get(operation);
    return {
      operation,
      lane: lane(operation),
      label: label(operation),
      left: xs[ranks.startOf(operation)]!,
      right: xs[ranks.endOf(operation)]!,
      row: rowOf.get(operation)!,
      isImpossible: operation === impossible,
      isInvolved: involved.has(operation),
      place: places.get(operation),
      pointX: point === undefined ? undefined : pointX(point, xs),
    };
  });
  return { bars, lanes, right: xs.at(-1) ?? 0, rows };
}

/** Instants of the history, numbered; a call comes before a return of the same position: the two overlap. */
class Ranks {
  readonly last: number;
  readonly #starts = new Map<Operation, number>();
  readonly #ends = new Map<Operation, number>();

  constructor(operations: readonly Operation[]) {
    const instants = operations.flatMap((operation) => [
      { at: operation.start, isEnd: false, operation },
      ...(operation.end === Infinity ? [] : [{ at: operation.end, isEnd: true, operation }]),
    ]);
    instants.sort((a, b) => a.at - b.at || Number(a.isEnd) - Number(b.isEnd));
    instants.forEach(({ isEnd, operation }, rank) => (isEnd ? this.#ends : this.#starts).set(operation, rank));
    this.last = instants.length;
  }

  has(operation: Operation): boolean {
    return this.#starts.has(operation);
  }

  startOf(operation: Operation): number {
    return this.#starts.get(operation)!;
  }

  endOf(operation: Operation): number {
    return this.#ends.get(operation) ?? this.last;
  }
}

/** A point stands in the gap behind an instant, as number `at` of `of` there. */
interface Point {
  readonly rank: number;
  readonly at: number;
  of: number;
}

/** Each operation takes effect as early as its call and those before it in the order allow. */
function pointsOf(order: readonly Operation[], ranks: Ranks): ReadonlyMap<Operation, Point> {
  const points = new Map<Operation, Point>();
  let gap: Point[] = [];
  for (const operation of order) {
    const rank = Math.max(gap[0]?.rank ?? 0, ranks.startOf(operation));
    if (rank !== gap[0]?.rank) gap = [];
    const point: Point = { rank, at: gap.length + 1, of: 0 };
    gap.push(point);
    for (const shared of gap) shared.of = gap.length;
    points.set(operation, point);
  }
  return points;
}

function pointX({ rank, at, of }: Point, xs: readonly number[]): number {
  const left = xs[rank]!;
  return left + ((xs[rank + 1]! - left) * at) / (of + 1);
}

interface Columns {
  readonly ranks: Ranks;
  readonly points: ReadonlyMap<Operation, Point>;
  readonly label: (operation: Operation) => string;
}

/** The x of each instant: far enough apart for the points between, and for the labels that end there. */
function columnsOf(operations: readonly Operation[], { ranks, points, label }: Columns): readonly number[] {
  const gaps = Array.from({ length: ranks.last + 1 }, () => GAP_MIN);
  for (const { rank, of } of points.values()) gaps[rank + 1] = (of + 1) * POINT_GAP;
  const endingAt = new Map<number, Operation[]>();
  for (const operation of operations) {
    const rank = ranks.endOf(operation);
    endingAt.set(rank, [...(endingAt.get(rank) ?? []), operation]);
  }
  const xs = [0];
  for (let rank = 1; rank <= ranks.last; rank++) {
    const needed = (endingAt.get(rank) ?? []).map((operation) => {
      return xs[ranks.startOf(operation)]! + label(operation).length * CHARACTER_WIDTH + LABEL_PADDING;
    });
    xs.push(Math.max(xs[rank - 1]! + gaps[rank]!, ...needed));
  }
  return xs;
}

interface Rows {
  readonly rowOf: ReadonlyMap<Operation, number>;
  readonly lanes: readonly Lane[];
  readonly rows: number;
}

/** A row for each lane, by its first call, and one more wherever two of its operations overlap. */
function rowsOf(operations: readonly Operation[], ranks: Ranks, lane: LayoutInput['lane']): Rows {
  const rowsOfLane = new Map<string, Operation[][]>();
  for (const operation of operations) {
    const rows = rowsOfLane.get(lane(operation)) ?? [];
    rowsOfLane.set(lane(operation), rows);
    const free = rows.find((row) => ranks.endOf(row.at(-1)!) < ranks.startOf(operation));
    if (free === undefined) rows.push([operation]);
    else free.push(operation);
  }
  const rowOf = new Map<Operation, number>();
  const lanes: Lane[] = [];
  let row = 0;
  for (const [name, rows] of rowsOfLane) {
    lanes.push({ name, row });
    for (const shared of rows) {
      for (const operation of shared) rowOf.set(operation, row);
      row += 1;
    }
  }
  return { rowOf, lanes, rows: row };
}
