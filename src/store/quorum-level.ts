// Of values that remember who changed them, a read below the quorum could show a change that never comes to be, whose
// name another change has later: such reads are refused.
import { rangeError } from '../base/errors.ts';

/** @throws {RangeError} `ERR_QUORATE_INVALID_ARGUMENT` where the level is neither `quorum` nor `all`. */
export function requireQuorumLevel(options: { readonly level?: unknown } | undefined): void {
  const level = options?.level;
  if (level === undefined || level === 'quorum' || level === 'all') return;
  const message = `Cannot use level ${JSON.stringify(level)} in this bucket: it must be quorum or all`;
  throw rangeError('ERR_QUORATE_INVALID_ARGUMENT', message);
}
