// What the clients of the demo tell its judge.

/** What a client saw of one operation. Key and client are indices; a client numbers its writes from 0, without gaps. */
export interface Observation {
  kind: ObservationKind;
  key: number;
  /** The client that wrote: of a read, the one whose value it returned. */
  client: number;
  /** Which of that client's writes it is. */
  sequence: number;
  start: number;
  end: number;
}

/** Kinds of observations: numbers instead of names, because they cross threads as words. */
export const OBSERVED = {
  /** A write that was acknowledged. */
  WRITE_OK: 1,
  /** A write that may or may not have happened, or may happen later; its `end` says nothing. */
  WRITE_UNKNOWN: 2,
  /** A write of which we were told that it never happens. */
  WRITE_REFUSED: 3,
  /** The same for deletes, which are writes of "absent". */
  DELETE_OK: 4,
  DELETE_UNKNOWN: 5,
  DELETE_REFUSED: 6,
  /** A read that returned the value of the write (`client`, `sequence`). */
  READ: 7,
  /** A read that found nothing. */
  READ_ABSENT: 8,
  /** A read whose bytes nobody wrote to that key. */
  READ_CORRUPT: 9,
  /** All later observations of `client` have a `start` of at least this one's. */
  ADVANCE: 10,
} as const;
export type ObservationKind = (typeof OBSERVED)[keyof typeof OBSERVED];

/** The operation of a read, for people. */
export function spanOf(seen: Readonly<Observation>): string {
  const what = seen.kind === OBSERVED.READ ? `${seen.client}:${seen.sequence}` : READ_NAMES[seen.kind];
  return `read of ${what} [${seen.start}, ${seen.end}]`;
}

const READ_NAMES: Readonly<Partial<Record<ObservationKind, string>>> = {
  [OBSERVED.READ_ABSENT]: 'nothing',
  [OBSERVED.READ_CORRUPT]: 'bytes that nobody wrote',
};
