// Queues whose items all differ: each dequeue names its enqueue, so no search is needed. Such a history is legal unless
// a few of its operations are illegal by themselves. Source: Henzinger, Sezgin and Vafeiadis, "Aspect-oriented
// linearizability proofs" (2013), theorem 1 (values fresh, repeated, out of order; wrongly empty); how calls that never
// returned are matched with items is ours.
import type { Operation } from './history.ts';
import type { Model } from './model.ts';
import { identityOf } from './models/value.ts';
import type { Identity } from './models/value.ts';
import { VALUES_MAX } from './zones.ts';
import type { DirectOutcome } from './zones.ts';

/** An item, and who put it in and took it out. */
interface Item {
  enqueue: Operation | undefined;
  dequeue: Operation | undefined;
}

/** An item that was certainly put in. */
interface Present extends Item {
  readonly enqueue: Operation;
}

/** What the operations of a queue are about. */
interface Contents {
  readonly items: Iterable<Item>;
  /** Dequeues that never returned, each of which may have taken any item. */
  readonly takers: readonly Operation[];
  /** Those that found the queue empty. */
  readonly empties: readonly Operation[];
  /** An item that was dequeued twice. */
  readonly repeated: DirectOutcome | undefined;
}

/** What cannot have happened while an earlier item was in the queue: a later one was dequeued, or none was found. */
interface Mark {
  readonly start: number;
  readonly end: number;
  readonly proof: readonly (Operation | undefined)[];
}

/** An item that must have been taken before a mark was over. */
interface Due {
  readonly item: Present;
  readonly by: Mark;
}

/** From when to when an item was certainly in the queue, the ends excluded. */
interface Stay {
  readonly item: Present;
  readonly from: number;
  readonly to: number;
}

/**
 * Checks the operations of one queue in n log n steps.
 *
 * @returns `undefined` when it does not apply: the model is no queue that is empty at first, some item is enqueued
 *   twice, or nobody noted what was returned; or when it hangs on which item a call took that never returned.
 */
export function checkQueueOrder(operations: readonly Operation[], model: Model): DirectOutcome | undefined {
  const contents = contentsOf(operations, model);
  if (contents === undefined) return undefined;
  const outcome = judge(contents);
  if (outcome?.kind !== 'illegal') return outcome;
  // A dequeue that never returned may have taken what a part of these says was never taken.
  const until = outcome.among.reduce((last, { end }) => (end === Infinity ? last : Math.max(last, end)), 0);
  const takers = contents.takers.filter(({ start }) => start < until);
  return { kind: 'illegal', among: [...new Set([...outcome.among, ...takers])] };
}

function judge(contents: Contents): DirectOutcome | undefined {
  const { takers, empties, repeated } = contents;
  if (repeated !== undefined) return repeated;
  const present: Present[] = [];
  for (const { enqueue, dequeue } of contents.items) {
    if (enqueue === undefined || (dequeue !== undefined && dequeue.end < enqueue.start)) {
      return illegal([enqueue, dequeue]);
    }
    present.push({ enqueue, dequeue });
  }
  const due = dueOf(present, empties);
  const late = due.find(({ item, by }) => item.dequeue !== undefined && by.end < item.dequeue.start);
  if (late !== undefined) return illegal([...operationsOf(late.item), ...late.by.proof]);
  // Those called first take what must be gone first.
  const lost = due.filter(({ item }) => item.dequeue === undefined).toSorted((x, y) => x.by.end - y.by.end);
  const ready = takers.toSorted((x, y) => x.start - y.start);
  const short = lost.findIndex(({ by }, at) => (ready[at]?.start ?? Infinity) > by.end);
  if (short >= 0) {
    const among = lost.slice(0, short + 1).flatMap(({ item, by }) => operationsOf(item).concat(by.proof));
    return illegal(among.concat(ready.slice(0, short)));
  }
  return checkEmpties(present, contents, new Map(lost.map(({ item }, at) => [item, ready[at]!])));
}

/** The items and who touched them; `undefined` where they do not tell. */
function contentsOf(operations: readonly Operation[], model: Model): Contents | undefined {
  if (model.asQueue === undefined) return undefined;
  const items = new Map<Identity, Item>();
  const takers: Operation[] = [];
  const empties: Operation[] = [];
  let repeated: { readonly item: Item; readonly again: Operation } | undefined;
  for (const operation of operations) {
    const view = model.asQueue(operation);
    if (view === undefined) return undefined;
    if (view.kind === 'empty') empties.push(operation);
    else if (view.kind === 'take') takers.push(operation);
    if (view.kind !== 'enqueue' && view.kind !== 'dequeue') continue;
    const identity = identityOf(view.item);
    let item = items.get(identity);
    if (item === undefined) {
      if (items.size >= VALUES_MAX) return undefined;
      items.set(identity, (item = { enqueue: undefined, dequeue: undefined }));
    }
    if (item[view.kind] === undefined) item[view.kind] = operation;
    else if (view.kind === 'enqueue') return undefined;
    else repeated ??= { item, again: operation };
  }
  const twice = repeated === undefined ? undefined : illegal([...operationsOf(repeated.item), repeated.again]);
  return { items: items.values(), takers, empties, repeated: twice };
}

/** The items that are due, each with the mark after its enqueue that is over first. */
function dueOf(present: readonly Present[], empties: readonly Operation[]): readonly Due[] {
  const marks: Mark[] = empties.map((empty) => ({ start: empty.start, end: empty.end, proof: [empty] }));
  for (const item of present) {
    const { enqueue, dequeue } = item;
    if (dequeue !== undefined) marks.push({ start: enqueue.start, end: dequeue.end, proof: operationsOf(item) });
  }
  marks.sort((a, b) => b.start - a.start);
  const due: Due[] = [];
  let next = 0;
  let by: Mark | undefined;
  for (const item of present.toSorted((a, b) => b.enqueue.end - a.enqueue.end)) {
    for (; next < marks.length && marks[next]!.start > item.enqueue.end; next++) {
      if (by === undefined || marks[next]!.end < by.end) by = marks[next]!;
    }
    if (by !== undefined) due.push({ item, by });
  }
  return due;
}

/** Whether each call that found the queue empty did so at a moment of its time when no item was certainly in it. */
function checkEmpties(
  present: readonly Present[],
  { empties, takers }: Contents,
  takerOf: ReadonlyMap<Present, Operation>,
): DirectOutcome | undefined {
  const stays = present
    .map((item): Stay => {
      return { item, from: item.enqueue.end, to: (item.dequeue ?? takerOf.get(item))?.start ?? Infinity };
    })
    .filter(({ from, to }) => from < to)
    .toSorted((a, b) => a.from - b.from);
  let next = 0;
  let longest: Stay | undefined;
  for (const empty of empties.toSorted((a, b) => a.start - b.start)) {
    for (; next < stays.length && stays[next]!.from < empty.start; next++) longest = longer(longest, stays[next]!);
    const cover = coverOf(empty, stays, { next, longest });
    if (cover === undefined) continue;
    // Where a call that never returned took another item, there might be a gap.
    if (takers.length > 0 && cover.some(({ dequeue }) => dequeue === undefined)) return undefined;
    return illegal([...cover.flatMap(operationsOf), empty]);
  }
  return { kind: 'ok' };
}

/** Items of which one or another was in the queue at each moment of a call; `undefined` where there is a gap. */
function coverOf(
  empty: Operation,
  stays: readonly Stay[],
  { next, longest }: { readonly next: number; readonly longest: Stay | undefined },
): readonly Present[] | undefined {
  const cover: Present[] = [];
  let ahead = next;
  let stay = longest;
  // Of the items that came before a moment, the one that stays longest covers it, or none does.
  for (let until = empty.start; stay !== undefined && stay.to > until;) {
    until = stay.to;
    cover.push(stay.item);
    if (until > empty.end) return cover;
    for (; ahead < stays.length && stays[ahead]!.from < until; ahead++) stay = longer(stay, stays[ahead]!);
  }
  return undefined;
}

function longer(a: Stay | undefined, b: Stay): Stay {
  return a === undefined || b.to > a.to ? b : a;
}

function operationsOf({ enqueue, dequeue }: Item): readonly (Operation | undefined)[] {
  return [enqueue, dequeue];
}

function illegal(operations: readonly (Operation | undefined)[]): DirectOutcome {
  return { kind: 'illegal', among: [...new Set(operations.filter((operation) => operation !== undefined))] };
}
