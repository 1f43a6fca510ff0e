// What the clients of the demo tell its judge.

/** What a client saw of one operation. Key and client are indices; a client numbers its writes from 0, without gaps. */
export interface Observation {
  kind: ObservationKind;
  key: number;
  /** The client that wrote: of a read, the one whose value it returned. */
  client: number;
  /** Which of that client's writes it is; of a counter, its value. */
  sequence: number;
  start: number;
  end: number;
  /** Of a change, the write whose value it replaced: its client, {@link NOBODY} where there was no value. */
  priorClient: number;
  priorSequence: number;
}

/** The client of a value that nobody wrote: there was none. */
export const NOBODY: number = 2 ** 32 - 1;

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
  /** An update or compare-and-set that was acknowledged: a write, right behind the one that it replaced. */
  CHANGE_OK: 11,
  /** An increment by one that was acknowledged, and what it made of the counter. */
  INCREMENT_OK: 12,
  /** An increment that may or may not have happened, or may happen later. */
  INCREMENT_UNKNOWN: 13,
  /** A read of a counter; one without a value is at 0. */
  READ_COUNT: 14,
} as const;
export type ObservationKind = (typeof OBSERVED)[keyof typeof OBSERVED];

/** An observation with some of its fields. One literal, without spreads: there is one per operation of the demo. */
export function observationOf(kind: ObservationKind, fields: Readonly<Partial<Observation>> = {}): Observation {
  const { key = 0, client = 0, sequence = 0, start = 0, end = 0, priorClient = NOBODY, priorSequence = 0 } = fields;
  return { kind, key, client, sequence, start, end, priorClient, priorSequence };
}

/** The operation of a read, for people. */
export function spanOf(seen: Readonly<Observation>): string {
  const what = READ_NAMES[seen.kind] ?? `${seen.client}:${seen.sequence}`;
  const operation = OPERATION_NAMES[seen.kind] ?? 'read of';
  return `${operation} ${what} [${seen.start}, ${seen.end}]`;
}

const READ_NAMES: Readonly<Partial<Record<ObservationKind, string>>> = {
  [OBSERVED.READ_ABSENT]: 'nothing',
  [OBSERVED.READ_CORRUPT]: 'bytes that nobody wrote',
};
const OPERATION_NAMES: Readonly<Partial<Record<ObservationKind, string>>> = {
  [OBSERVED.CHANGE_OK]: 'change',
};
