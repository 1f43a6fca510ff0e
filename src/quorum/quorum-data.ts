// Quorum systems as plain data: what crosses threads and can be written as JSON. The systems that our functions make
// carry a predicate too, which neither a clone nor JSON keeps; `quorumSystem` gives it back.
//
// Three forms are enough. A grid, a hierarchy, `and` and `or` are all choices of so many members, and so are their
// duals: whatever works on these three works on everything that can be written with them.

/** Any `needed` of `voters` voters decide. */
export interface ThresholdData {
  readonly kind: 'threshold';
  readonly voters: number;
  readonly needed: number;
}

/** Voters whose weights reach `needed` decide. */
export interface WeightedData {
  readonly kind: 'weighted';
  readonly voters: number;
  readonly weights: readonly number[];
  readonly needed: number;
}

/** Any `needed` of some members decide: voters, and systems that are members as soon as they have a quorum. */
export interface ChoiceData {
  readonly kind: 'choice';
  readonly voters: number;
  readonly needed: number;
  readonly of: readonly QuorumMember[];
}

/** A quorum system, as plain data. */
export type QuorumData = ThresholdData | WeightedData | ChoiceData;

/** The index of a voter, an integer from 0 to 30, or a system of which a quorum is wanted. */
export type QuorumMember = number | QuorumData;

/**
 * The system with a predicate that is no part of its data: not enumerable, so that clones and JSON leave it out where
 * an ordinary function would make `postMessage` throw.
 */
export function withPredicate<Data extends QuorumData>(
  data: Data,
  isQuorum: (mask: number) => boolean,
): Data & { isQuorum(mask: number): boolean } {
  const system = Object.assign(data, { isQuorum });
  Object.defineProperty(system, 'isQuorum', { enumerable: false });
  return system;
}
