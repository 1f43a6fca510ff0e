// What is going to happen, in order of virtual time. Events of one moment are ordered by chance, not by insertion: code
// must not rely on an order that threads do not give it.

/** One event. Its owner may cancel it until it has happened. */
export interface ScheduledEvent {
  /** When, in microseconds of virtual time. */
  readonly atUs: number;
  /** Orders events of one moment: an integer drawn from the seed. */
  readonly tiebreak: number;
  /** Orders what is left: events in the order in which they were scheduled. */
  readonly sequence: number;
  /** Whose event it is. */
  readonly node: number;
  /** What happens; `undefined` once it was cancelled. */
  run: (() => void) | undefined;
}

/** A binary heap of events, earliest first. */
export class EventQueue {
  readonly #heap: ScheduledEvent[] = [];

  get length(): number {
    return this.#heap.length;
  }

  push(event: ScheduledEvent): void {
    const heap = this.#heap;
    let index = heap.length;
    heap.push(event);
    while (index > 0) {
      const above = (index - 1) >> 1;
      const other = heap[above]!;
      if (!isBefore(event, other)) break;
      heap[index] = other;
      index = above;
    }
    heap[index] = event;
  }

  /** The earliest event; `undefined` when there is none. */
  peek(): ScheduledEvent | undefined {
    return this.#heap[0];
  }

  /** Takes the earliest event; `undefined` when there is none. */
  pop(): ScheduledEvent | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (last === undefined || last === first) return first;
    const { length } = heap;
    let index = 0;
    for (;;) {
      let below = 2 * index + 1;
      if (below >= length) break;
      if (below + 1 < length && isBefore(heap[below + 1]!, heap[below]!)) below++;
      const other = heap[below]!;
      if (!isBefore(other, last)) break;
      heap[index] = other;
      index = below;
    }
    heap[index] = last;
    return first;
  }
}

function isBefore(a: ScheduledEvent, b: ScheduledEvent): boolean {
  if (a.atUs !== b.atUs) return a.atUs < b.atUs;
  if (a.tiebreak !== b.tiebreak) return a.tiebreak < b.tiebreak;
  return a.sequence < b.sequence;
}
