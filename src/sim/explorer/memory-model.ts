// What an exploration of shared memory is given, and what it answers.
import { integerOption, rangeError } from '../../base/errors.ts';
import type { MemoryProgram } from './recorded-thread.ts';

/** Sets of threads are masks of 31 bits. */
const THREADS_MAX = 31;
/** States are told apart by texts in which an index is one unit. */
const WORDS_MAX = 16_384;

/** One thread. */
export interface MemoryThread {
  readonly program: MemoryProgram;
  /** Whether it may be killed, before any of its accesses. */
  readonly mayDie?: boolean;
  /** It begins when this thread (by index) has ended or was killed. */
  readonly after?: number;
}

/** What is explored. */
export interface MemoryModel {
  /** What the memory holds at first, 1 to 16,384 words. */
  readonly words: Int32Array;
  /** From 1 to 31. */
  readonly threads: readonly MemoryThread[];
  /** Default `in-order`. */
  readonly stores?: 'in-order' | 'buffered';
  /** Most threads that are killed, from 0 (default) to 31. */
  readonly killsMax?: number;
  /** A successor begins although stores of the dead are not visible yet: no exit of a real thread is seen so early. */
  readonly seesExitsEarly?: boolean;
  /** Accesses to words that are one thread's own are not interleaved with others, default; `false` takes all apart. */
  readonly isReduced?: boolean;
  /** What is wrong with an end: nobody can go on. */
  readonly judgeEnd: (end: MemoryEnd) => string | undefined;
}

/** An end. Lists are by thread. */
export interface MemoryEnd {
  readonly words: Int32Array;
  readonly said: readonly (readonly unknown[])[];
  /** The word that it sleeps at for ever, -1 when it does not. */
  readonly sleepsAt: readonly number[];
  readonly wasKilled: readonly boolean[];
}

/** What was found. */
export interface MemoryExploration {
  readonly verdict: 'ok' | 'wrong' | 'unknown';
  readonly states: number;
  readonly transitions: number;
  readonly ends: number;
  readonly reason: string;
  /** The accesses that led to the wrong state, a line each. */
  readonly path: readonly string[];
}

/** The model, once all of it is allowed. @throws {RangeError} `ERR_QUORATE_INVALID_ARGUMENT` when something is not. */
export function checkedModel(model: MemoryModel): MemoryModel {
  const { words, threads, stores = 'in-order', killsMax = 0 } = model;
  integerOption('words.length', words.length, { min: 1, max: WORDS_MAX });
  integerOption('threads.length', threads.length, { min: 1, max: THREADS_MAX });
  integerOption('killsMax', killsMax, { min: 0, max: THREADS_MAX });
  for (const { after = 0 } of threads) integerOption('after', after, { min: 0, max: threads.length - 1 });
  if (stores === 'in-order' || stores === 'buffered') return model;
  const allowed = 'it must be in-order or buffered';
  throw rangeError('ERR_QUORATE_INVALID_ARGUMENT', `Cannot use stores ${String(stores)}: ${allowed}`);
}
