// Sets with dots, against the plain definition: every event has a name, and a reader has seen those that were there.
import { describe, expect, it } from 'vitest';
import { below, seededRandom } from '../../src/base/random.ts';
import { contextOf, discard, event, update, valuesOf } from '../../src/store/dotted-version-set.ts';
import type { DottedVersionSet, VersionVector } from '../../src/store/dotted-version-set.ts';
import { replayCommand, testSeed } from '../support/seed.ts';

const SEED = testSeed();
const REPLAY = replayCommand('test/store/dotted-version-set.test.ts', SEED);

const NOTHING: VersionVector = new Map();

/** The same by histories that name every event. */
interface Reader {
  readonly context: VersionVector;
  readonly seen: ReadonlySet<number>;
}

describe('A set with dots', () => {
  it('keeps values whose writers did not know of each other, and lets go of what a context covers', () => {
    const first = update([], NOTHING, ['a', 'v1']);
    const seen = contextOf(first);
    const both = update(update(first, seen, ['a', 'v2']), seen, ['b', 'v3']);
    expect(valuesOf(both)).toEqual(['v2', 'v3']);
    expect(valuesOf(update(both, contextOf(both), ['a', 'v4']))).toEqual(['v4']);
    expect(both).toEqual([
      ['a', 2, ['v2']],
      ['b', 1, ['v3']],
    ]);
  });

  it('forgets no actor, whose events go on where they were', () => {
    const emptied = discard(event([], 'a', 'v1'), new Map([['a', 1]]));
    expect(emptied).toEqual([['a', 1, []]]);
    expect(event(emptied, 'a', 'v2')).toEqual([['a', 2, ['v2']]]);
  });

  it.each<[string, VersionVector, string[]]>([
    ['nothing', NOTHING, ['v3', 'v2', 'v1']],
    ['other actors only', new Map([['z', 9]]), ['v3', 'v2', 'v1']],
    ['the oldest event', new Map([['a', 1]]), ['v3', 'v2']],
    ['all events', new Map([['a', 3]]), []],
    ['more than there were', new Map([['a', 9]]), []],
  ])('without what covers %s keeps the rest, the newest first', (_title, seen, values) => {
    const set = event(event(event([], 'a', 'v1'), 'a', 'v2'), 'a', 'v3');
    expect(valuesOf(discard(set, seen))).toEqual(values);
  });

  it('agrees with histories that name every event', () => {
    const random = seededRandom(SEED);
    for (let run = 0; run < 300; run++) {
      let set: DottedVersionSet = [];
      let held = new Set<number>();
      const readers: Reader[] = [{ context: NOTHING, seen: new Set() }];
      const written = new Set<number>();
      for (let value = 0; value < 30; value++) {
        const { context, seen } = readers[below(random, readers.length)]!;
        const isDelete = below(random, 5) === 0;
        set = isDelete ? discard(set, context) : update(set, context, [`a${below(random, 4)}`, value]);
        held = new Set([...held].filter((each) => !seen.has(each)));
        if (!isDelete) held.add(value);
        if (!isDelete) written.add(value);
        expect(new Set(valuesOf(set)), REPLAY).toEqual(held);
        if (below(random, 3) > 0) readers.push({ context: contextOf(set), seen: new Set(written) });
      }
    }
  });
});
