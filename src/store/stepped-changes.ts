// An engine of reads and changes that awaits nothing: what buckets with siblings or merges are built on, so that a
// simulation, which has no promises, drives the code of production.
import { continueWith } from './continuation.ts';
import type { Continuation } from './continuation.ts';
import type { ChangeOptions, ChangeResult, OperationOptions, ReadResult, Store } from './store.ts';
import type { UpdateFunction, WriteResult } from './store.ts';

/** What such a bucket needs of an engine; reads must be linearizable, and changes happen once. */
export interface SteppedChanges {
  get(key: string, options: OperationOptions | undefined, then: Continuation<ReadResult>): void;
  update(key: string, fn: UpdateFunction, options: ChangeOptions | undefined, then: Continuation<ChangeResult>): void;
  resolve(
    operationId: string,
    options: OperationOptions | undefined,
    then: Continuation<ChangeResult | WriteResult>,
  ): void;
}

/** The same of an engine with promises. */
export function steppedChanges(engine: Pick<Store, 'get' | 'update' | 'resolve'>): SteppedChanges {
  return {
    get: (key, options, then) => continueWith(engine.get(key, options), then),
    update: (key, fn, options, then) => continueWith(engine.update(key, fn, options), then),
    resolve: (operationId, options, then) => continueWith(engine.resolve(operationId, options), then),
  };
}
