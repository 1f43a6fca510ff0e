// What a session remembers, and what its token carries.
import { describe, expect, it } from 'vitest';
import { below, seededRandom } from '../../src/base/random.ts';
import { RULES } from '../../src/protocol/rules.ts';
import { PERHAPS_LOST } from '../../src/replica/operation.ts';
import { SessionState } from '../../src/replica/session.ts';
import { decodeSession, encodeSession } from '../../src/replica/session-token.ts';
import { replayCommand, testSeed } from '../support/seed.ts';

const SEED = testSeed();
const REPLAY = replayCommand('test/replica/session.test.ts', SEED);

const version = (low: number): { readonly high: number; readonly low: number } => ({ high: 0, low: low | 0 });
const session = (keysMax = 3): SessionState => new SessionState({ resets: 0, keysMax }, RULES);

describe('A session', () => {
  it('knows the newest version of a key, in whatever order it hears of them, across 2^31', () => {
    const state = session();
    for (const low of [0x7fff_ffff, 0x8000_0001, 0x8000_0000]) state.note('k', version(low), true);
    expect(state.of('k')).toMatchObject({ version: version(0x8000_0001), isDecided: true });
  });

  it('takes a version for decided once anybody has said so, and a newer one for undecided again', () => {
    const state = session();
    const isDecidedAfter = (low: number, isDecided: boolean): unknown => {
      state.note('k', version(low), isDecided);
      return state.of('k')?.isDecided;
    };
    expect([isDecidedAfter(1, false), isDecidedAfter(1, true), isDecidedAfter(1, false)]).toEqual([false, true, true]);
    expect([isDecidedAfter(2, false), isDecidedAfter(1, true), isDecidedAfter(3, true)]).toEqual([false, false, true]);
  });

  it('forgets what is decided and was noted longest ago, and knows that it forgot', () => {
    const state = session(2);
    state.note('weak', version(9), false);
    expect(state.hasForgotten('never seen')).toBe(false);
    for (const [low, key] of ['a', 'b', 'c'].entries()) state.note(key, version(low + 1), true);
    expect([...state.keys.keys()]).toEqual(['weak', 'c']);
    expect(state.floor).toEqual(version(2));
    expect(['a', 'b', 'never seen', 'c', 'weak'].filter((key) => state.hasForgotten(key))).toEqual([
      'a',
      'b',
      'never seen',
    ]);
  });

  it('has room for as many undecided versions as keys, those to come included', () => {
    const state = session(2);
    expect([state.beginWeak(), state.beginWeak(), state.beginWeak()]).toEqual([true, true, false]);
    state.note('a', version(1), false);
    state.endWeak();
    state.endWeak();
    expect([state.beginWeak(), state.beginWeak()]).toEqual([true, false]);
    state.endWeak();
    state.note('b', version(2), false);
    expect(state.beginWeak()).toBe(false);
    state.note('a', version(1), true);
    expect(state.beginWeak()).toBe(true);
  });

  it('knows when a version was held last, as long as it is not decided', () => {
    const state = session();
    const heldAfter = (low: number, isDecided: boolean, restarts?: number): number => {
      state.note('k', version(low), isDecided, restarts);
      return state.of('k')!.heldSince;
    };
    expect([heldAfter(2, false, 4), heldAfter(1, false, 9), heldAfter(2, false), heldAfter(2, false, 5)]).toEqual([
      4, 4, 4, 5,
    ]);
    expect([heldAfter(3, false), heldAfter(4, false, 1), heldAfter(4, true, 2)]).toEqual([
      PERHAPS_LOST,
      1,
      PERHAPS_LOST,
    ]);
  });

  it('takes over another one, or nothing where more is undecided than it has room for', () => {
    const [mine, other] = [session(2), session(3)];
    mine.note('a', version(5), true);
    other.note('a', version(4), false);
    other.note('b', version(6), false, 3);
    expect(mine.merge(other)).toBe(true);
    expect([...mine.keys]).toEqual([
      ['a', { version: version(5), isDecided: true, heldSince: PERHAPS_LOST, isDoubted: false }],
      ['b', { version: version(6), isDecided: false, heldSince: 3, isDoubted: false }],
    ]);
    other.note('c', version(7), false);
    expect(session(2).merge(other)).toBe(false);
  });
});

describe('A session that takes over another one', () => {
  // What one remembers of key k; the other has forgotten version 9 of some key, perhaps of that one.
  it.each<[which: string, isDecided: boolean, mine: boolean]>([
    ['forgets what is decided and only it remembers', true, true],
    ['forgets what is decided and only the other remembers', true, false],
    ['doubts what is not decided and only it remembers', false, true],
    ['doubts what is not decided and only the other remembers', false, false],
  ])('%s', (_which, isDecided, isMine) => {
    const [mine, other] = [session(3), session(3)];
    const [knows, forgot] = isMine ? [mine, other] : [other, mine];
    knows.note('k', version(5), isDecided);
    forgot.raiseFloor(version(9));
    expect(mine.merge(other)).toBe(true);
    expect(mine.hasForgotten('k')).toBe(true);
    expect([5, 8, 9].map((low) => mine.admits('k', version(low)))).toEqual([false, false, true]);
    expect(mine.of('k')).toEqual(
      isDecided ? undefined : { version: version(5), isDecided, heldSince: PERHAPS_LOST, isDoubted: true },
    );
    const again = decodeSession('c', encodeSession('c', mine, RULES), RULES);
    expect(again.of('k')).toEqual(mine.of('k'));
  });

  it('keeps what both remember, and what is newer than all that was forgotten', () => {
    const [mine, other] = [session(3), session(3)];
    mine.note('both', version(4), true);
    other.note('both', version(5), true);
    mine.note('new', version(10), true);
    other.raiseFloor(version(9));
    expect(mine.merge(other)).toBe(true);
    expect(mine.of('both')?.version).toEqual(version(5));
    expect(mine.of('new')?.version).toEqual(version(10));
    expect([mine.hasForgotten('both'), mine.hasForgotten('new')]).toEqual([false, false]);
  });

  it('doubts no longer what it has read since, and still what was asked for before', () => {
    const [mine, other] = [session(3), session(3)];
    const { merges } = mine;
    mine.note('k', version(5), false);
    other.raiseFloor(version(9));
    expect(mine.merge(other)).toBe(true);
    mine.note('k', version(6), false, undefined, merges);
    expect(mine.hasForgotten('k')).toBe(true);
    mine.note('k', version(7), true, undefined, merges);
    expect([mine.of('k'), mine.hasForgotten('k')]).toEqual([undefined, true]);
    mine.note('k', version(7), true);
    expect(mine.hasForgotten('k')).toBe(false);
  });
});

describe('A token', () => {
  it('carries all that the session knows, whatever its keys are', () => {
    const random = seededRandom(SEED);
    const keys = ['plain', '"\\\u0000', 'żółć 😀', '__proto__', 'k'.repeat(1024), '~.-_'];
    for (let round = 0; round < 100; round++) {
      const state = session(4);
      for (let note = 0; note < 8; note++) {
        const low = 1 + below(random, 0xffff_ffff);
        const isDecided = note >= 3 || below(random, 2) === 0;
        state.note(keys[below(random, keys.length)]!, version(low), isDecided, below(random, 9));
      }
      const token = encodeSession('cluster', state, RULES);
      expect(token).toMatch(/^[\w.-]+$/);
      const other = decodeSession('cluster', token, RULES);
      expect([...other.keys], REPLAY).toEqual([...state.keys]);
      expect([other.floor, other.resets]).toEqual([state.floor, state.resets]);
    }
  });

  it('is as long as what is remembered at most', () => {
    const state = session(16);
    const lengths = Array.from({ length: 1000 }, (_, low) => {
      state.note(`key ${1000 + low}`, version(low + 1), true);
      return encodeSession('cluster', state, RULES).length;
    });
    expect(new Set(lengths.slice(16)).size).toBeLessThanOrEqual(2);
  });

  const token = encodeSession('cluster', session(), RULES);
  const none = '0'.repeat(16);

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['a number', 7],
    ['an empty text', ''],
    ['another text', 'hello'],
    ['one that was cut off', token.slice(0, -1)],
    ['one with more behind it', `${token}.`],
    ['one of another version', token.replace('qs1', 'qs2')],
    ['one with a changed character', token.replace(/\.(.)/, (_, first) => `.${first === 'A' ? 'B' : 'A'}`)],
    ['what is no JSON', withBody('[')],
    ['what is no list', withBody('{}')],
    ['resets that are none', withBody(`["cluster",-1,"${none}",[]]`)],
    ['a floor that is none', withBody('["cluster",0,"x",[]]')],
    ['keys that are none', withBody(`["cluster",0,"${none}",7]`)],
    ['a key that is none', withBody(`["cluster",0,"${none}",[[7,"${none}",1]]]`)],
    ['a version that is none', withBody(`["cluster",0,"${none}",[["k","x",1]]]`)],
    ['more keys than there may be', withBody(`["cluster",0,"${none}",[${'["k","",1],'.repeat(1024)}["k","",1]]]`)],
    ['one of another cluster', encodeSession('other', session(), RULES)],
    ['a text longer than any token', 'x'.repeat(20_000_000)],
  ])('is refused where it is %s, and the error shows what was given', (_title, given) => {
    const shown = typeof given === 'string' ? `"${given.slice(0, 40)}` : typeof given;
    expect(() => decodeSession('cluster', given, RULES)).toThrow(
      expect.objectContaining({ code: 'ERR_QUORATE_INVALID_ARGUMENT', message: expect.stringContaining(shown) }),
    );
  });
});

/** A token of this body, whatever that is. */
function withBody(text: string): string {
  const body = btoa(text).replaceAll('=', '');
  let hash = 0x811c_9dc5;
  for (const character of body) hash = Math.imul(hash ^ character.charCodeAt(0), 0x0100_0193);
  return `qs1.${body}.${(hash >>> 0).toString(16).padStart(8, '0')}`;
}
