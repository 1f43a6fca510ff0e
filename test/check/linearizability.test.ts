import { describe, expect, it } from 'vitest';
import type { Operation } from '../../src/check/history.ts';
import { checkLinearizable } from '../../src/check/linearizability.ts';
import type { Model } from '../../src/check/model.ts';
import { ANY } from '../../src/check/model.ts';
import { casRegisterModel } from '../../src/check/models/cas-register.ts';
import { counterModel } from '../../src/check/models/counter.ts';
import { kvModel } from '../../src/check/models/kv.ts';
import { multiRegisterModel } from '../../src/check/models/multi-register.ts';
import { mutexModel } from '../../src/check/models/mutex.ts';
import { queueModel } from '../../src/check/models/queue.ts';
import { registerModel } from '../../src/check/models/register.ts';
import { setModel } from '../../src/check/models/set.ts';
import { historyOf } from './support/notation.ts';

type Case = readonly [sentence: string, verdict: 'ok' | 'illegal', history: string];

/** Token 1 was given and given back; then somebody acquired who never heard so. */
const STALE = 'a:acquire a=1 a:release:1 a b:acquire a:release';
const BOTH = '[["write","x",1],["write","y",1]]';

const MODELS: readonly (readonly [model: Model, cases: readonly Case[]])[] = [
  [
    registerModel(0),
    [
      ['nothing happened', 'ok', 'a:read a=0'],
      ['a read returns the last write', 'ok', 'a:write:1 a a:read a=1'],
      ['a read returns an overwritten value', 'illegal', 'a:write:1 a a:write:2 a b:read b=1'],
      ['a read misses a write that returned', 'illegal', 'a:write:1 a b:read b=0'],
      ['a read sees a write that is still open', 'ok', 'a:write:1 b:read b=1 a'],
      ['a read misses a write that is still open', 'ok', 'a:write:1 b:read b=0 a'],
      ['a value is seen, then no more', 'illegal', 'a:write:1 b:read b=1 b:read b=0 a'],
      ['a write that never returned is seen late', 'ok', 'a:write:1 b:read b=0 b:read b=1'],
      ['a write that never returned is seen, then no more', 'illegal', 'a:write:1 b:read b=1 b:read b=0'],
      [
        'a write that never returned takes effect once',
        'illegal',
        'a:write:1 b:read b=1 b:write:2 b b:read b=2 c:read c=1',
      ],
      ['one of two equal writes is seen late', 'ok', 'a:write:1 b:write:1 c:read c=1 b c:write:2 c c:read c=1'],
      ['a read that never returned says nothing', 'ok', 'a:read b:write:1 b b:read b=1'],
      ['a value is read that nobody wrote', 'illegal', 'a:write:1 a b:read b=7'],
      ['a value is read before it is written', 'illegal', 'b:read b=1 a:write:1 a'],
      ['a list is read as it was written', 'ok', 'a:write:[1,2] a b:read b=[1,2]'],
      ['null is another value than 0', 'illegal', 'a:read a=null'],
    ],
  ],
  [
    casRegisterModel(0),
    [
      ['one of two wins', 'ok', 'a:cas:[0,1] b:cas:[0,2] a=true b=false c:read c=1'],
      ['both of two win', 'illegal', 'a:cas:[0,1] b:cas:[0,2] a=true b=true'],
      ['it fails though the value is held all the time', 'illegal', 'a:cas:[0,1] a=false'],
      ['it fails because of one that never returned', 'ok', 'b:cas:[0,5] a:cas:[0,1] a=false a:read a=5'],
      ['one that never returned is seen, then no more', 'illegal', 'b:cas:[0,5] a:read a=5 a:cas:[0,1] a=true'],
      ['chained', 'ok', 'b:cas:[1,2] a:cas:[0,1] a=true b=true c:read c=2'],
    ],
  ],
  [
    kvModel(),
    [
      ['an absent key is empty', 'ok', 'a:get a=""'],
      ['appends are put together', 'ok', 'a:append:"x" a a:append:"y" a a:get a="xy"'],
      ['appends that overlap, either way', 'ok', 'a:append:"x" b:append:"y" a b a:get a="yx"'],
      ['appends in the wrong order', 'illegal', 'a:append:"x" a a:append:"y" a a:get a="yx"'],
      ['an append is lost', 'illegal', 'a:append:"x" a b:append:"y" b a:get a="y"'],
      ['an append happens twice', 'illegal', 'a:append:"x" a:get a="xx"'],
      ['a put replaces', 'ok', 'a:append:"x" a a:put:"z" a a:get a="z"'],
      ['deleted is absent', 'illegal', 'a:put:"x" a a:delete a a:get a="x"'],
    ],
  ],
  [
    multiRegisterModel({ x: 0, y: 0 }),
    [
      [
        'all at once',
        'ok',
        `a:txn:${BOTH} a=${BOTH} b:txn:[["read","x"],["read","y"]] b=[["read","x",1],["read","y",1]]`,
      ],
      [
        'half of it',
        'illegal',
        `a:txn:${BOTH} b:txn:[["read","x"],["read","y"]] b=[["read","x",1],["read","y",0]] a=${BOTH}`,
      ],
      ['its own writes', 'ok', 'a:txn:[["write","x",1],["read","x"]] a=[["write","x",1],["read","x",1]]'],
      ['a register that nobody wrote holds null', 'ok', 'a:txn:[["read","z"]] a=[["read","z",null]]'],
    ],
  ],
  [
    setModel(),
    [
      ['what was added is read', 'ok', 'a:add:1 a a:add:2 a a:read a=[2,1]'],
      ['what was added is lost', 'illegal', 'a:add:1 a a:add:2 a a:read a=[2]'],
      ['what was removed is there', 'illegal', 'a:add:1 a a:remove:1 a a:contains:1 a=true'],
      ['only one adds it', 'illegal', 'a:add:1 b:add:1 a=true b=true'],
      ['only one removes it', 'illegal', 'a:add:1 a a:remove:1 b:remove:1 a=true b=true'],
    ],
  ],
  [
    counterModel(),
    [
      ['adds up', 'ok', 'a:add:1 b:add:2 a b a:read a=3'],
      ['an add is lost', 'illegal', 'a:add:1 b:add:2 a b a:read a=2'],
      ['between two adds', 'ok', 'a:add:1 b:add:2 c:read c=2 a b'],
      ['two adds return the same', 'illegal', 'a:add:1 b:add:1 a=1 b=1'],
    ],
  ],
  [
    mutexModel(),
    [
      ['one after the other', 'ok', 'a:acquire a a:release a b:acquire b'],
      ['both hold it', 'illegal', 'a:acquire a b:acquire b'],
      ['it is released while free', 'illegal', 'a:release a'],
      ['it is acquired after a release that never returned', 'ok', 'a:acquire a a:release b:acquire b'],
      ['a token that grows', 'ok', 'a:acquire a=1 a:release:1 a b:acquire b=2'],
      ['a token that was given before', 'illegal', 'a:acquire a=2 a:release:2 a b:acquire b=2'],
      ['a stale token releases', 'illegal', 'a:acquire a=1 a:release:1 a b:acquire b=2 a:release:1 a'],
      ['a stale token is refused', 'ok', 'a:acquire a=1 a:release:1 a b:acquire b=2 a:release:1 a=false'],
      ['a stale token releases what somebody holds whose token is not known', 'illegal', `${STALE}:1 a`],
      ['a token that was not known is released', 'ok', `${STALE}:2 a`],
      ['a token that was not known is given again', 'illegal', `${STALE}:2 a c:acquire c=2`],
      ['the holder is refused', 'illegal', 'a:acquire a=1 a:release:1 a=false'],
      ['refused though it is free', 'illegal', 'a:acquire a=false'],
    ],
  ],
  [
    queueModel(),
    [
      ['first in, first out', 'ok', 'a:enqueue:1 a a:enqueue:2 a b:dequeue b=1 b:dequeue b=2 b:empty b=true'],
      ['last in, first out', 'illegal', 'a:enqueue:1 a a:enqueue:2 a b:dequeue b=2'],
      ['overlapping, either way', 'ok', 'a:enqueue:1 b:enqueue:2 a b b:dequeue b=2'],
      ['an item comes out twice', 'illegal', 'a:enqueue:1 a b:dequeue c:dequeue b=1 c=1'],
      ['empty though it is not', 'illegal', 'a:enqueue:1 a b:empty b=true'],
      ['a dequeue that never returned took it', 'ok', 'a:enqueue:1 a b:dequeue c:empty c=true'],
    ],
  ],
];

describe.each(MODELS.map(([model, cases]) => [model.name, model, cases] as const))('A %s', (_name, model, cases) => {
  it.each(cases)('%s: %s', (_sentence, verdict, line) => {
    const history = historyOf(line);
    expect(checkLinearizable(history, model)).toMatchObject({ verdict, operations: history.length });
  });

  it('Refuses a call that it does not know', () => {
    expect(() => checkLinearizable(historyOf('a:explode a'), model)).toThrow(/Cannot check a call of "explode"/);
  });
});

describe('Outputs that nobody noted', () => {
  it('An output that is ANY satisfies each model, and changes what it does', () => {
    expect(checkLinearizable(unnoted('a:write:1 a b:read b="any"'), registerModel()).verdict).toBe('ok');
    expect(checkLinearizable(unnoted('a:cas:[0,1] a="any" b:read b=1'), casRegisterModel(0)).verdict).toBe('ok');
    expect(checkLinearizable(unnoted('a:cas:[0,1] a="any" b:read b=0'), casRegisterModel(0)).verdict).toBe('illegal');
    expect(checkLinearizable(unnoted('a:acquire a="any" b:acquire b'), mutexModel()).verdict).toBe('illegal');
    expect(checkLinearizable(unnoted('a:enqueue:1 a b:dequeue b="any" b:empty b=true'), queueModel()).verdict).toBe(
      'ok',
    );
  });
});

describe('Keys', () => {
  const good = onKey('good', 'a:write:1 a b:read b=1 a:write:2 a');
  const bad = onKey('bad', 'a:write:1 a b:read b=0');

  it('Are checked apart, and the one that is wrong is named', () => {
    expect(checkLinearizable(good, registerModel(0)).verdict).toBe('ok');
    const found = checkLinearizable([...good, ...bad], registerModel(0));
    expect(found).toMatchObject({ verdict: 'illegal', operations: 5, explanation: { key: 'bad' } });
  });

  it('Are one object where the model says so', () => {
    const keyed = [...onKey('a', 'a:write:1 a'), Object.assign(onKey('b', 'a:read a=1')[0]!, { start: 5, end: 6 })];
    expect(checkLinearizable(keyed, registerModel(0)).verdict).toBe('illegal');
    expect(checkLinearizable(keyed, { ...registerModel(0), isKeyed: false }).verdict).toBe('ok');
  });
});

describe('Limits', () => {
  // The counts that the adds lead to all differ, so that all orders have to be looked at to see that 0.5 is none.
  const adds = Array.from({ length: 18 }, (_, index) => `p${index}:add:${2 ** index}`);
  const line = [...adds, 'r:read', 'r=0.5', ...adds.map((_, index) => `p${index}`)].join(' ');
  const hard = historyOf(line);

  it.each([
    ['steps', { stepsMax: 1000 }, /configurations/],
    ['bytes', { stepsMax: 500_000, memoBytesMax: 10_000 }, /bytes/],
  ] as const)('A search that is out of %s answers unknown, which is no pass', (_what, limits, reason) => {
    const found = checkLinearizable(hard, counterModel(), limits);
    expect(found).toEqual({ verdict: 'unknown', operations: 19, reason: expect.stringMatching(reason) as string });
  });

  it('A key that is illegal is found though another one is unknown', () => {
    const small = onKey('small', 'a:add:1 a a:read a=0');
    const huge = onKey('huge', line);
    expect(checkLinearizable([...huge, ...small], counterModel(), { stepsMax: 1000 }).verdict).toBe('illegal');
    expect(checkLinearizable(huge, counterModel(), { stepsMax: 1000 })).toMatchObject({ reason: /at huge/ });
  });
});

function onKey(key: string, line: string): readonly Operation[] {
  return historyOf(line).map((one) => Object.assign({}, one, { key }));
}

/** The history with what nobody noted where it says "any". */
function unnoted(line: string): readonly Operation[] {
  return historyOf(line).map((one) => (one.output === 'any' ? Object.assign({}, one, { output: ANY }) : one));
}
