// Operations that wait to be issued, first in, first out.
import type { Operation } from './operation.ts';

/** Taken places that are kept before the list is cut: cutting it costs as many moves as are left. */
const TAKEN_MAX = 4096;

/** A queue whose taking moves nothing. */
export class OperationQueue {
  #operations: (Operation | undefined)[] = [];
  /** Place of the first operation; all before it were taken. */
  #head = 0;

  get length(): number {
    return this.#operations.length - this.#head;
  }

  push(operation: Operation): void {
    this.#operations.push(operation);
  }

  /** The operation `index` places behind the first; `index` is below `length`. */
  at(index: number): Operation {
    return this.#operations[this.#head + index]!;
  }

  /** Takes the first operation; there is one. */
  shift(): Operation {
    const operation = this.#operations[this.#head]!;
    this.#operations[this.#head++] = undefined;
    if (this.#head === this.#operations.length || this.#head > TAKEN_MAX)
      this.#replace(this.#operations.slice(this.#head));
    return operation;
  }

  /** Takes all operations of which `isTaken` holds. */
  take(isTaken: (operation: Operation) => boolean): Operation[] {
    const taken: Operation[] = [];
    const kept: Operation[] = [];
    for (let index = 0; index < this.length; index++) (isTaken(this.at(index)) ? taken : kept).push(this.at(index));
    this.#replace(kept);
    return taken;
  }

  #replace(operations: (Operation | undefined)[]): void {
    this.#operations = operations;
    this.#head = 0;
  }
}
