// Ballots: 64-bit tags of one shared counter, as two 32-bit words. The words are kept signed (`| 0`), so that they stay
// small integers; `low` is compared unsigned.

/** A ballot. 0 means "none yet"; the counter starts above it and never repeats a tag. */
export interface Ballot {
  /** Upper 32 bits, from 0. */
  readonly high: number;
  /** Lower 32 bits, signed representation of an unsigned word. */
  readonly low: number;
}

/** A ballot that its owner overwrites in place, so that a replica allocates none per message. */
export interface MutableBallot {
  high: number;
  low: number;
}

/** No ballot: below every tag. */
export const NO_BALLOT: Ballot = Object.freeze({ high: 0, low: 0 });

/** A fresh ballot that may be overwritten. */
export function mutableBallot(): MutableBallot {
  return { high: 0, low: 0 };
}

/** Negative when `a` is older than `b`, 0 when they are equal, positive when `a` is newer. */
export function compareBallots(a: Ballot, b: Ballot): number {
  if (a.high !== b.high) return a.high < b.high ? -1 : 1;
  if (a.low === b.low) return 0;
  return a.low >>> 0 < b.low >>> 0 ? -1 : 1;
}

/** Whether nothing was ever promised or accepted under it. */
export function isNone(ballot: Ballot): boolean {
  return ballot.high === 0 && ballot.low === 0;
}

/** Overwrites `target`. */
export function copyBallot(target: MutableBallot, source: Ballot): void {
  target.high = source.high;
  target.low = source.low;
}

/** The ballot `steps` (0 to 2^31 - 1) after this one. */
export function laterBallot(ballot: Ballot, steps: number): MutableBallot {
  const low = (ballot.low >>> 0) + steps;
  return { high: (ballot.high + (low > 0xffff_ffff ? 1 : 0)) | 0, low: low | 0 };
}

/** The ballot before this one, which is not none. */
export function earlierBallot({ high, low }: Ballot): Ballot {
  return { high: (high - (low === 0 ? 1 : 0)) | 0, low: (low - 1) | 0 };
}

/** Texts of 16-bit words, made when first asked for: joining two is several times faster than formatting. */
const HEX_WORDS: string[] = [];

function hexOf(word: number): string {
  return (HEX_WORDS[word] ??= word.toString(16).padStart(4, '0'));
}

/** The version that users see: 16 hexadecimal digits, so that string order is ballot order. */
export function versionOf({ high, low }: Ballot): string {
  return hexOf(high >>> 16) + hexOf(high & 0xffff) + hexOf(low >>> 16) + hexOf(low & 0xffff);
}

/** The ballot of a version; `undefined` when the text is none. */
export function ballotOf(version: string): Ballot | undefined {
  if (!/^[0-9a-f]{16}$/.test(version)) return undefined;
  return { high: Number.parseInt(version.slice(0, 8), 16) | 0, low: Number.parseInt(version.slice(8), 16) | 0 };
}
