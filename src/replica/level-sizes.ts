// How many replicas a level asks, and how many have to acknowledge.
import { integerOption, rangeError } from '../base/errors.ts';
import type { RegisterQuorums } from '../quorum/register-quorums.ts';
import type { Level } from '../store/store.ts';

/** Answers of a read, and acknowledgements of a write. */
export interface LevelSizes {
  readonly read: number;
  readonly write: number;
}

/** @throws {RangeError} `ERR_QUORATE_INVALID_ARGUMENT` where there is no such level. */
export function levelSizes(level: Level | 'available', quorums: RegisterQuorums): LevelSizes {
  const { replicas, read, write } = quorums;
  if (level === 'quorum') return quorums;
  if (level === 'one') return { read: 1, write: 1 };
  if (level === 'two') return { read: Math.min(2, replicas), write: Math.min(2, replicas) };
  if (level === 'all') return { read: replicas, write: replicas };
  if (level === 'available') {
    const allowed = 'it is for get, and put and delete without a condition, of a client or plain bucket, by promise';
    throw rangeError('ERR_QUORATE_INVALID_ARGUMENT', `Cannot use level available here: ${allowed}`);
  }
  if (typeof level !== 'object' || level === null) {
    const allowed = 'it must be one, two, quorum, all or { r, w }';
    throw rangeError('ERR_QUORATE_INVALID_ARGUMENT', `Cannot use level ${String(level)}: ${allowed}`);
  }
  const range = { min: 1, max: replicas };
  return {
    read: integerOption('level r', level.r ?? read, range),
    write: integerOption('level w', level.w ?? write, range),
  };
}

/** The same of a level that was checked before, under other sizes: where it names a number, as many as there are. */
export function levelUnder(level: Level | 'available' | undefined, quorums: RegisterQuorums): LevelSizes {
  const { replicas, read, write } = quorums;
  if (level === undefined) return quorums;
  if (typeof level !== 'object') return levelSizes(level, quorums);
  return { read: Math.min(level.r ?? read, replicas), write: Math.min(level.w ?? write, replicas) };
}
