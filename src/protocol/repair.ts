// When a repair of one key has ended: once every replica that it is for holds what it found to be the newest, or
// something newer. It is a read that waits for more: what it writes back, it writes back as any read does, so nothing
// of the protocol's safety rests on it.

/** Masks of replicas, with a bit each. */
export interface RepairAnswers {
  /** Those that it is for and that are up now. */
  readonly up: number;
  /** Those that have answered, whatever they said. */
  readonly heard: number;
  /** Those that are known to hold the entry, or a newer one. */
  readonly holding: number;
}

/** It has ended; somebody's answer is missing; somebody has said that it does not hold the entry. */
export type RepairVerdict = 'done' | 'wait' | 'behind';

/** Judges a repair. */
export function judgeRepair({ up, heard, holding }: RepairAnswers): RepairVerdict {
  if ((holding & up) === up) return 'done';
  return (heard & up) === up ? 'behind' : 'wait';
}
