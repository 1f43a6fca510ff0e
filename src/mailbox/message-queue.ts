// A bounded first-in first-out queue of references in one thread.
import { assert } from '../base/assert.ts';

/** A ring of at most `capacity` items; adding and taking cost the same however many wait. */
export class MessageQueue<Item extends object> {
  readonly capacity: number;
  /** Grows by doubling up to the capacity, so that an idle mailbox is small. */
  #items: (Item | undefined)[] = Array.from({ length: 16 });
  #head = 0;
  #size = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  get size(): number {
    return this.#size;
  }

  get isFull(): boolean {
    return this.#size >= this.capacity;
  }

  /** Adds an item; `false` when the queue is full. */
  push(item: Item): boolean {
    if (this.isFull) return false;
    if (this.#size === this.#items.length) this.#grow();
    this.#items[(this.#head + this.#size) & (this.#items.length - 1)] = item;
    this.#size++;
    return true;
  }

  /** Takes the oldest item. */
  shift(): Item | undefined {
    if (this.#size === 0) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head] = undefined; // The queue must not keep alive what was handled.
    this.#head = (this.#head + 1) & (this.#items.length - 1);
    this.#size--;
    return item;
  }

  /** The oldest item, left in the queue. */
  peek(): Item | undefined {
    return this.#size === 0 ? undefined : this.#items[this.#head];
  }

  #grow(): void {
    assert((this.#items.length & (this.#items.length - 1)) === 0, 'The ring wraps by masking');
    const grown: (Item | undefined)[] = Array.from({ length: 2 * this.#items.length });
    for (let index = 0; index < this.#size; index++) {
      grown[index] = this.#items[(this.#head + index) & (this.#items.length - 1)];
    }
    this.#items = grown;
    this.#head = 0;
  }
}
