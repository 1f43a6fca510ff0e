// Instants at which a replica can be made to die, by name. A thread that is terminated at a random moment is nearly
// always asleep or between two batches; what can go wrong lies in the few instructions in between.
//
// A point is a method of one object, which gets a trap in front of it or behind it once a fault asks for that: an own
// property that shadows the class's method. A replica that nobody asked has none, so the path of a frame is what it
// would be without this file.

/**
 * Where the replica stops and is terminated: `claimed`, a reply's bytes are written, not committed; `unpublished`,
 * replies are committed, nobody sees them; `unvoted`, replies can be seen, no vote was cast; `voted`, votes are cast,
 * their client is not woken; `large`, it took a large value and has not stored it; `helping`, it answers a replica that
 * recovers. The next two are reached by the incarnation that follows: `spawned`, before it did anything; `recovering`,
 * in the middle of its recovery.
 */
export type FailPoint = (typeof FAIL_POINTS)[number];

/** All of them; the order gives their codes. */
export const FAIL_POINTS = [
  'claimed',
  'unpublished',
  'unvoted',
  'voted',
  'large',
  'helping',
  'spawned',
  'recovering',
] as const;

/** Points that the next incarnation reaches. */
export const NEXT_LIFE: ReadonlySet<FailPoint> = new Set(['spawned', 'recovering']);

/** What a replica posts to its supervisor when it stands at its point, waiting for its end. */
export const AT_FAIL_POINT = 'at-fail-point';
/** The exit code of a replica that was terminated there. */
export const FAIL_POINT_EXIT = 86;

/** First code of a point in the fault word: below are the faults of fault.ts. */
const FIRST_CODE = 16;

/** The code of a point in the fault word. */
export function codeOf(point: FailPoint): number {
  return FIRST_CODE + FAIL_POINTS.indexOf(point);
}

/** The point of a code; `undefined` when it is none. */
export function failPointOf(code: number): FailPoint | undefined {
  return FAIL_POINTS[code - FIRST_CODE];
}

/** What {@link FailPoint}s are made of. */
export interface Trap {
  readonly when: 'before' | 'after';
  /** Whether to stop now. */
  readonly isDue: () => boolean;
  /** Does not return. */
  readonly stop: () => void;
}

/** Stops the thread at the next call of `method` of this object, or of all that have this prototype, when it is due. */
export function setTrap<Name extends string>(
  target: Record<Name, (...given: never[]) => unknown>,
  method: Name,
  { when, isDue, stop }: Trap,
): void {
  const original = target[method];
  function trapped(this: unknown, ...given: never[]): unknown {
    if (when === 'before' && isDue()) stop();
    const result = original.apply(this, given);
    if (when === 'after' && isDue()) stop();
    return result;
  }
  Object.defineProperty(target, method, { value: trapped, configurable: true });
}

/** Says so and sleeps until the thread is terminated. */
export function stopHere(say: () => void): void {
  say();
  const nobody = new Int32Array(new SharedArrayBuffer(4));
  for (;;) Atomics.wait(nobody, 0, 0, 1000);
}
