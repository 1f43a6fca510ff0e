// Counters, sets and maps that merge: the laws on copies that went their own ways, and plain definitions.
import { describe, expect, it } from 'vitest';
import { below, seededRandom } from '../../../src/base/random.ts';
import type { Random } from '../../../src/base/random.ts';
import { EMPTY, isCausalMap, mergeMaps } from '../../../src/store/merges/causal-map.ts';
import type { CausalMap } from '../../../src/store/merges/causal-map.ts';
import { COUNT_FIELD, addTo, isTotal, totalIn } from '../../../src/store/merges/counter.ts';
import {
  addToCounter,
  excludeFrom,
  includeIn,
  isMapContent,
  removeName,
  viewOf,
  writeRegister,
} from '../../../src/store/merges/map.ts';
import { elementsOf, exclude, include, isElementAt } from '../../../src/store/merges/set.ts';
import { brokenMergeLaws } from '../../../src/testing/merge-laws.ts';
import { replayCommand, testSeed } from '../../support/seed.ts';

const SEED = testSeed();
const REPLAY = replayCommand('test/store/merges/causal-map.test.ts', SEED);
const RUNS = 60;
const COPIES = 4;
const STEPS = 24;

type Step = (map: CausalMap, actor: string, random: Random) => CausalMap;

const name = (random: Random): string => `n${below(random, 2)}`;
const element = (random: Random): number => below(random, 3);

const STEPS_OF: Readonly<Record<string, readonly Step[]>> = {
  counter: [(map, actor, random) => addTo(map, { actor, field: COUNT_FIELD }, below(random, 9) - 4)],
  set: [
    (map, actor, random) => include(map, actor, element(random)),
    (map, _actor, random) => exclude(map, element(random)),
  ],
  map: [
    (map, actor, random) => addToCounter(map, actor, [name(random), below(random, 9) - 4]),
    (map, actor, random) => includeIn(map, actor, [name(random), element(random)]),
    (map, _actor, random) => excludeFrom(map, [name(random), element(random)]),
    (map, actor, random) => writeRegister(map, actor, [name(random), below(random, 100)]),
    (map, _actor, random) => removeName(map, name(random)),
  ],
};
const IS_CONTENT = {
  counter: (field: string, content: unknown): boolean => field === COUNT_FIELD && isTotal(content),
  set: isElementAt,
  map: isMapContent,
};

/** Copies that were changed and merged at random; each changes as an actor of its own. */
function copiesOf(steps: readonly Step[], random: Random): readonly CausalMap[] {
  const copies: CausalMap[] = Array.from({ length: COPIES }, () => EMPTY);
  const seen: CausalMap[] = [];
  for (let step = 0; step < STEPS; step++) {
    const at = below(random, COPIES);
    const isMerge = below(random, 4) === 0;
    copies[at] = isMerge
      ? mergeMaps(copies[at]!, copies[below(random, COPIES)]!)
      : steps[below(random, steps.length)]!(copies[at]!, `actor-${at}`, random);
    if (step % 4 === 0) seen.push(copies[at]);
  }
  return [...copies, ...seen];
}

describe.each(Object.keys(STEPS_OF) as (keyof typeof IS_CONTENT)[])('Copies of a %s', (kind) => {
  it('merge to the same, whoever merges what, when and how often', () => {
    for (let run = 0; run < RUNS; run++) {
      const copies = copiesOf(STEPS_OF[kind]!, seededRandom(SEED + run));
      expect(brokenMergeLaws(mergeMaps, copies), `run ${run}: ${REPLAY}`).toEqual([]);
    }
  });

  it('are seen to be copies, and of no other kind', () => {
    const copies = copiesOf(STEPS_OF[kind]!, seededRandom(SEED));
    for (const copy of copies) {
      expect(isCausalMap(copy, IS_CONTENT[kind]), REPLAY).toBe(true);
      if (copy.fields.size === 0) continue;
      for (const other of ['counter', 'set', 'map'] as const) {
        if (other !== kind) expect(isCausalMap(copy, IS_CONTENT[other]), REPLAY).toBe(false);
      }
    }
  });
});

describe('A counter that merges', () => {
  it('counts once what was added anywhere, however often copies are merged', () => {
    const random = seededRandom(SEED);
    for (let run = 0; run < RUNS; run++) {
      const copies: CausalMap[] = Array.from({ length: COPIES }, () => EMPTY);
      let sum = 0;
      for (let step = 0; step < STEPS; step++) {
        const [at, from] = [below(random, COPIES), below(random, COPIES)];
        if (below(random, 3) === 0) copies[at] = mergeMaps(copies[at]!, copies[from]!);
        else {
          const by = below(random, 9) - 4;
          sum += by;
          copies[at] = addTo(copies[at]!, { actor: `actor-${at}`, field: COUNT_FIELD }, by);
        }
      }
      const merged = copies.reduce(mergeMaps);
      expect(totalIn(merged.fields.get(COUNT_FIELD)), REPLAY).toBe(sum);
    }
  });

  it.each([0.5, Number.NaN, 2 ** 53, '1' as unknown as number])('does not count %j', (by) => {
    const add = (): CausalMap => addTo(EMPTY, { actor: 'a', field: COUNT_FIELD }, by);
    expect(add).toThrow(expect.objectContaining({ code: 'ERR_QUORATE_INVALID_ARGUMENT' }));
  });

  it('does not count beyond what a number holds exactly', () => {
    const most = addTo(EMPTY, { actor: 'a', field: COUNT_FIELD }, Number.MAX_SAFE_INTEGER);
    expect(() => addTo(most, { actor: 'a', field: COUNT_FIELD }, 1)).toThrow('Cannot count 9007199254740992');
    expect(() => addTo(most, { actor: 'b', field: COUNT_FIELD }, 1)).toThrow('Cannot count 9007199254740992');
  });
});

/** A set by the plain definition: an add has a name, and a remove names the adds that it has seen. */
interface PlainSet {
  readonly adds: ReadonlyMap<number, number>;
  readonly removed: ReadonlySet<number>;
}

describe('A set that merges', () => {
  it('holds what was added and not seen by whoever removed it', () => {
    const random = seededRandom(SEED);
    for (let run = 0; run < RUNS; run++) {
      const copies: CausalMap[] = Array.from({ length: COPIES }, () => EMPTY);
      const plain: PlainSet[] = Array.from({ length: COPIES }, () => ({ adds: new Map(), removed: new Set() }));
      for (let step = 0; step < STEPS; step++) {
        const [at, from, held] = [below(random, COPIES), below(random, COPIES), element(random)];
        const { adds, removed } = plain[at]!;
        const draw = below(random, 3);
        if (draw === 0) {
          copies[at] = mergeMaps(copies[at]!, copies[from]!);
          const other = plain[from]!;
          plain[at] = { adds: new Map([...adds, ...other.adds]), removed: new Set([...removed, ...other.removed]) };
        } else if (draw === 1) {
          copies[at] = include(copies[at]!, `actor-${at}`, held);
          plain[at] = { adds: new Map(adds).set(step, held), removed };
        } else {
          copies[at] = exclude(copies[at]!, held);
          const seen = [...adds].filter(([, added]) => added === held).map(([add]) => add);
          plain[at] = { adds, removed: new Set([...removed, ...seen]) };
        }
        const now = plain[at];
        const left = [...now.adds].filter(([add]) => !now.removed.has(add)).map(([, added]) => added);
        expect(elementsOf(copies[at]), REPLAY).toEqual(new Set(left));
      }
    }
  });

  it('tells its elements apart as a Set does', () => {
    const given = ['1', 1, true, 'true', 1n, null, 'null', '', 0, -0, Number.NaN];
    const map = given.reduce<CausalMap>((held, each) => include(held, 'a', each), EMPTY);
    expect(elementsOf(map)).toEqual(new Set(given));
    expect(() => include(EMPTY, 'a', {} as never)).toThrow('Cannot use a object as element');
  });

  it('is no larger for what was removed', () => {
    let map = EMPTY;
    for (let each = 0; each < 50; each++) map = exclude(include(map, 'a', each), each);
    expect(map).toEqual({ clock: new Map([['a', 50]]), fields: new Map() });
  });
});

describe('A map that merges', () => {
  it('holds registers, counters and sets by name', () => {
    let map = addToCounter(EMPTY, 'a', ['visits', 2]);
    map = includeIn(includeIn(map, 'a', ['tags', 'x']), 'a', ['tags', 'y']);
    map = writeRegister(excludeFrom(map, ['tags', 'x']), 'a', ['visits', 'also a register']);
    expect(viewOf(map)).toEqual({
      counters: new Map([['visits', 2]]),
      sets: new Map([['tags', new Set(['y'])]]),
      registers: new Map([['visits', 'also a register']]),
    });
    expect(viewOf(removeName(map, 'visits'))).toEqual({
      counters: new Map(),
      sets: new Map([['tags', new Set(['y'])]]),
      registers: new Map(),
    });
  });

  it('keeps under a removed name what whoever removed it had not seen, and nothing else', () => {
    const first = addToCounter(EMPTY, 'a', ['n', 5]);
    const removed = removeName(first, 'n');
    const beside = includeIn(addToCounter(first, 'b', ['n', 2]), 'b', ['n', 'x']);
    expect(viewOf(mergeMaps(removed, beside))).toMatchObject({
      counters: new Map([['n', 2]]),
      sets: new Map([['n', new Set(['x'])]]),
    });
  });

  it('keeps of two writes of a register the one that followed more, or that of the later name', () => {
    const first = writeRegister(EMPTY, 'a', ['r', 'v1']);
    const [once, twice] = [writeRegister(first, 'z', ['r', 'v2']), writeRegister(first, 'b', ['r', 'v3'])];
    expect(viewOf(mergeMaps(once, twice)).registers.get('r')).toBe('v2');
    const more = writeRegister(twice, 'b', ['r', 'v4']);
    expect(viewOf(mergeMaps(once, more)).registers.get('r')).toBe('v4');
  });

  it.each([
    ['no map', { clock: {}, fields: new Map() }],
    ['a field that its clock does not cover', { clock: new Map(), fields: new Map([['', new Map([['a', [1, 1]]])]]) }],
    ['a content that is none', { clock: new Map([['a', 1]]), fields: new Map([['', new Map([['a', [1, 'x']]])]]) }],
    ['an empty field', { clock: new Map([['a', 1]]), fields: new Map([['', new Map()]]) }],
    ['an event that is none', { clock: new Map([['a', 0]]), fields: new Map() }],
  ])('with %s is no copy of anything', (_title, value) => {
    expect(isCausalMap(value, IS_CONTENT.counter)).toBe(false);
  });
});

/** Keeps what one copy has although the other has taken it away. */
function keepsAll(a: CausalMap, b: CausalMap): CausalMap {
  return { clock: mergeMaps(a, b).clock, fields: new Map([...b.fields, ...a.fields]) };
}

function keepsLeft(a: CausalMap, b: CausalMap): CausalMap {
  return { clock: mergeMaps(a, b).clock, fields: a.fields };
}

describe('A merge that is none', () => {
  it('is found out by the laws, where it takes the left one', () => {
    const copies = copiesOf(STEPS_OF['set']!, seededRandom(SEED));
    expect(brokenMergeLaws(keepsLeft, copies), REPLAY).not.toEqual([]);
  });

  it('is found out by what is in it, where it brings back what was taken away', () => {
    const added = include(EMPTY, 'a', 1);
    expect(elementsOf(keepsAll(exclude(added, 1), added))).toEqual(new Set([1]));
    expect(elementsOf(mergeMaps(exclude(added, 1), added))).toEqual(new Set());
  });
});
