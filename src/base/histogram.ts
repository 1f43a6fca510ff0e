// Latencies are counted in a log-linear histogram over a typed array: 128 buckets per doubling, so that a figure read
// back is less than 1 % off, one record costs a few nanoseconds, and the array may be shared between threads.

/** Smallest and largest value that is told apart, in microseconds; others are counted at the nearer end. */
const HISTOGRAM_US_MIN = 1;
export const HISTOGRAM_US_MAX = 60_000_000;

const EXACT = 256; // Values below lie in buckets of their own.
const PER_OCTAVE = 128;
const OCTAVE_FIRST = 8; // 2^8 = EXACT
const BUCKETS = bucketOf(HISTOGRAM_US_MAX) + 1;
const MAX = BUCKETS; // The word behind the buckets holds the exact maximum.

/** Words (32 bits) that one histogram takes. */
export const HISTOGRAM_WORDS: number = BUCKETS + 1;

/**
 * Counts durations in microseconds, from 1 us to 60 s, with an error below 1 %; the maximum is exact.
 *
 * One thread records, any thread reads: a reader may miss the newest records, never see a torn one. Nothing blocks.
 * Source: Gil Tene's HdrHistogram, reduced to what a latency needs.
 */
export class Histogram {
  readonly #words: Uint32Array;

  /** @param words {@link HISTOGRAM_WORDS} words, all 0 for an empty histogram; shared memory is fine. */
  constructor(words: Uint32Array = new Uint32Array(HISTOGRAM_WORDS)) {
    if (words.length !== HISTOGRAM_WORDS) {
      throw new RangeError(`Cannot use ${words.length} words: a histogram takes ${HISTOGRAM_WORDS}`);
    }
    this.#words = words;
  }

  /** Counts one duration in microseconds. The recording thread only. */
  record(us: number): void {
    const value = us < HISTOGRAM_US_MIN ? HISTOGRAM_US_MIN : us > HISTOGRAM_US_MAX ? HISTOGRAM_US_MAX : Math.round(us);
    this.#words[bucketOf(value)]! += 1;
    if (value > this.#words[MAX]!) this.#words[MAX] = value;
  }

  /** Adds what `other` has counted. */
  add(other: Histogram): void {
    for (let bucket = 0; bucket < BUCKETS; bucket++) this.#words[bucket]! += other.#words[bucket]!;
    this.#words[MAX] = Math.max(this.#words[MAX]!, other.#words[MAX]!);
  }

  /** Durations counted. */
  get count(): number {
    let count = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) count += this.#words[bucket]!;
    return count;
  }

  /** The longest duration, in microseconds; 0 when empty. */
  get max(): number {
    return this.#words[MAX]!;
  }

  /**
   * The duration that a share of the records does not exceed, in microseconds; 0 when empty.
   *
   * @param share from 0 to 1, such as 0.99 for p99.
   * @throws {RangeError} when `share` is outside.
   */
  percentile(share: number): number {
    if (!(share >= 0 && share <= 1)) throw new RangeError(`Cannot use share ${share}: it must be from 0 to 1`);
    const rank = Math.max(1, Math.ceil(share * this.count));
    let seen = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      seen += this.#words[bucket]!;
      if (seen >= rank) return Math.min(middleOf(bucket), this.max);
    }
    return 0;
  }
}

function bucketOf(value: number): number {
  if (value < EXACT) return value;
  const octave = 31 - Math.clz32(value);
  const within = (value >>> (octave - 7)) - PER_OCTAVE;
  return EXACT + (octave - OCTAVE_FIRST) * PER_OCTAVE + within;
}

function middleOf(bucket: number): number {
  if (bucket < EXACT) return bucket;
  const octave = OCTAVE_FIRST + Math.floor((bucket - EXACT) / PER_OCTAVE);
  const width = 2 ** (octave - 7);
  const lowest = (PER_OCTAVE + ((bucket - EXACT) % PER_OCTAVE)) * width;
  return Math.floor(lowest + width / 2);
}
