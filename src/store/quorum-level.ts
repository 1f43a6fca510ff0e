// Of values that remember who changed them, a read below the quorum could show a change that never comes to be, whose
// name another change has later: such reads are refused.
import { givenText } from '../base/error-text.ts';
import { rangeError } from '../base/errors.ts';

/** The part of a caller's options that matters. */
interface Asked {
  readonly level?: unknown;
  readonly maxStaleMs?: unknown;
  readonly maxStaleVersions?: unknown;
}

/**
 * @throws {RangeError} `ERR_QUORATE_INVALID_ARGUMENT` where the level is neither `quorum` nor `all`, or where
 * the read may be stale.
 */
export function requireQuorumLevel(options: Asked | undefined): void {
  for (const name of ['maxStaleMs', 'maxStaleVersions'] as const) {
    if (options?.[name] === undefined) continue;
    throw rangeError('ERR_QUORATE_INVALID_ARGUMENT', `Cannot use ${name} in this bucket: its reads ask a quorum`);
  }
  const level = options?.level;
  if (level === undefined || level === 'quorum' || level === 'all') return;
  const message = `Cannot use level ${givenText(level)} in this bucket: it must be quorum or all`;
  throw rangeError('ERR_QUORATE_INVALID_ARGUMENT', message);
}
