// Virtual time: a round trip takes a millisecond, time passes in steps of a tenth, and the client looks at every step,
// as it does in production at every wake-up.
import { describe, expect, it } from 'vitest';
import { HEDGE_FRAMES_MAX, HEDGE_MS_MAX, HEDGE_SHARE_MAX } from '../../src/base/limits.ts';
import { registerQuorums } from '../../src/quorum/index.ts';
import type { Level } from '../../src/store/store.ts';
import { CoreCluster } from './core-cluster.ts';
import type { CoreCall } from './core-cluster.ts';

const FIVE = registerQuorums({ replicas: 5 });
const ALL = [0, 1, 2, 3, 4];
const STEP_MS = 0.1;
const ROUND_TRIP_MS = 1;
/** The delay is the upper end of a bucket of the histogram, a quarter octave, and is looked at in steps. */
const DELAY_MS_MAX = 1.3;
const HEDGED_MS_MAX = DELAY_MS_MAX + ROUND_TRIP_MS + 2 * STEP_MS;

/** A client that reads one key, and how long each read takes. */
class Reader {
  readonly cluster = new CoreCluster({ quorums: FIVE });
  readonly tookMs: number[] = [];

  constructor() {
    this.cluster.run(0, (core) => core.put('k', 'v', undefined));
  }

  get counters(): { readonly hedges: number; readonly framesSent: number; readonly slowReads: number } {
    return this.cluster.core(0).coordinator.counters;
  }

  /** Reads one after the other, while `silent` replicas hear nothing. */
  read(count: number, silent: readonly number[] = [], level: Level = 'quorum'): void {
    for (let index = 0; index < count; index++) {
      const fromMs = this.cluster.nowMs;
      const call = this.cluster.call(0, (core) => core.get('k', { level }));
      while (call.result === undefined) this.#step(silent);
      expect(call.result).toMatchObject({ outcome: 'ok', value: 'v' });
      this.tookMs.push(this.cluster.nowMs - fromMs);
    }
  }

  /** Reads at once, until all have ended. */
  readAtOnce(count: number, silent: readonly number[]): void {
    const calls = Array.from({ length: count }, (): CoreCall =>
      this.cluster.call(0, (core) => core.get('k', undefined)),
    );
    while (calls.some(({ result }) => result === undefined)) this.#step(silent);
  }

  #step(silent: readonly number[]): void {
    this.cluster.passWithReplies(
      STEP_MS,
      ROUND_TRIP_MS,
      ALL.filter((replica) => !silent.includes(replica)),
    );
  }
}

/** One whose reads have shown that a round trip takes a millisecond. */
function readerThatKnows(): Reader {
  const reader = new Reader();
  reader.read(300);
  reader.tookMs.length = 0;
  return reader;
}

describe('While one replica is silent', () => {
  it('a read is decided within the hedge delay and one round trip', () => {
    const reader = readerThatKnows();
    reader.read(50, [1]);
    expect(Math.max(...reader.tookMs)).toBeLessThan(HEDGED_MS_MAX);
    expect(reader.counters.hedges).toBeGreaterThan(0);
  });

  it('Negative control: nobody hedges who does not know yet what a read takes, and it waits for its patience', () => {
    const reader = new Reader();
    reader.read(1, [1]);
    expect(reader.tookMs[0]).toBeGreaterThanOrEqual(HEDGE_MS_MAX);
  });

  it('reads ask others once it was late twice, and wait no more', () => {
    const reader = readerThatKnows();
    reader.read(4, [1]);
    reader.tookMs.length = 0;
    reader.read(500, [1]); // Also while it is tried again.
    expect(Math.max(...reader.tookMs)).toBeLessThan(ROUND_TRIP_MS + 2 * STEP_MS);
  });

  it('a read at level one is decided as fast', () => {
    const reader = readerThatKnows();
    reader.read(50, [0], 'one');
    expect(Math.max(...reader.tookMs)).toBeLessThan(HEDGED_MS_MAX);
  });

  it('it is asked again once it answers', () => {
    const reader = readerThatKnows();
    reader.read(10, [1]);
    reader.read(600);
    const before = reader.cluster.reads[1];
    reader.read(10);
    expect(reader.cluster.reads[1]).toBeGreaterThan(before!);
  });
});

describe('Hedges', () => {
  it('are counted, and are none while everybody answers in time', () => {
    const reader = readerThatKnows();
    reader.read(300);
    expect(reader.counters).toMatchObject({ hedges: 0, slowReads: 0 });
  });

  it('O5: send at most a tenth of the frames that reads send, and what was saved up', () => {
    const reader = readerThatKnows();
    const before = reader.counters.framesSent;
    for (let burst = 0; burst < 60; burst++) {
      reader.readAtOnce(32, [burst % 5, (burst + 1) % 5]); // Nobody knows whom to suspect.
      reader.cluster.passWithReplies(300, 0, ALL);
    }
    const { hedges } = reader.counters;
    const firstFrames = 60 * 32 * 3;
    const spent = 2 * hedges; // Each asks the two others.
    expect(spent).toBeGreaterThan(HEDGE_FRAMES_MAX);
    expect(spent).toBeLessThanOrEqual(HEDGE_FRAMES_MAX + HEDGE_SHARE_MAX * firstFrames);
    expect(reader.counters.framesSent).toBeGreaterThan(before);
  });
});
