// What a watch is asked with, and what it yields, whatever engine is behind the store.
import type { Value, Version } from './store.ts';

/** Options of a watch. */
export interface WatchOptions {
  /** Where another watch of the same prefix has got to: its `position`. */
  readonly from?: string;
  /** The bucket whose keys are watched; default those of no bucket. */
  readonly bucket?: string;
  /** Events that are held for a slow reader, an integer from 1 to 65,536; default 1024. */
  readonly bufferMax?: number;
  /**
   * When the reader is slower than the changes: `latest` (default) leaves out states that were overwritten meanwhile;
   * `error` ends the watch with `ERR_QUORATE_WATCH_OVERFLOW`.
   */
  readonly overflow?: 'latest' | 'error';
  /** Ends the watch, with its reason. */
  readonly signal?: AbortSignal;
}

/** A state of a key that was decided; `value` is `undefined` where the key was deleted. */
export interface WatchEvent {
  readonly key: string;
  readonly kind: 'put' | 'delete';
  readonly value: Value;
  readonly version: Version;
}

/** First the newest state of every key, then whatever changes. Leave the loop, or call `return()`, to end it. */
export interface Watch extends AsyncIterableIterator<WatchEvent, undefined, undefined> {
  /**
   * Where another watch can go on from, as text: everything before was yielded, and asked for the next. `undefined`
   * until every key was yielded once.
   */
  readonly position: string | undefined;
}
