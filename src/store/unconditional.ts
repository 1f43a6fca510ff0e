// Buckets whose every write is a change of what is stored: no such change has a condition that may not hold.
import { assert } from '../base/assert.ts';
import type { ChangeResult, WriteResult } from './store.ts';

/** What a change without a condition has come to. */
export function unconditional<Result extends ChangeResult | WriteResult>(
  result: Result,
): Exclude<Result, { outcome: 'conflict' }> {
  assert(result.outcome !== 'conflict', 'No change of a bucket that keeps what others wrote has a condition');
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as just asserted
  return result as Exclude<Result, { outcome: 'conflict' }>;
}
