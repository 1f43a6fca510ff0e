// Plays the schedules of the book: with its rule in place each ends well, with the rule removed each ends in a history
// that no order explains.
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/base/random.ts';
import { Director } from './director.ts';
import { SCHEDULES, THREE, beginTwoPuts } from './schedule-book.ts';
import { heal, judge, reportOf } from './scheduler.ts';
import { World } from './world.ts';
import type { WorldOptions } from './world.ts';

/** A put retried by another coordinator: the client knows its first tag (the rule), or does not. */
function playRetry(director: Director, takesFreshTag: boolean): void {
  const { world } = director;
  beginTwoPuts(director, [0, 1, 2]);
  director.exchange(0, 'accept', [0, 1, 2]);
  world.start(2, { kind: 'put', finishes: world.calls[0]!, takesFreshTag });
  director.exchange(2, 'prepare', [0, 1]);
  director.exchange(2, 'accept', [0, 1]);
  director.readAt(3, [0, 1]);
}

function playedOut(options: Omit<WorldOptions, 'clients'>, play: (director: Director) => void): World {
  const world = new World({ clients: 5, ...options });
  play(new Director(world));
  heal(world, seededRandom(1));
  return world;
}

describe('A schedule that broke an earlier draft', () => {
  it.each(SCHEDULES)('$title: it ends well, because $rule', ({ kept, play }) => {
    const world = playedOut(kept, play);
    const wrong = judge(world);
    expect(wrong && reportOf(world, wrong)).toBeUndefined();
  });

  it.each(SCHEDULES)('$title: without the rule ($rule) it ends wrong', ({ kept, removed, play }) => {
    const world = playedOut({ ...kept, ...removed }, play);
    const wrong = judge(world);
    expect(wrong, reportOf(world, 'Nothing is wrong')).toEqual(expect.stringContaining('No order of k explains'));
  });

  it('10. Own ids: a put retried by another coordinator under its first tag happens once', () => {
    const world = playedOut({ quorums: THREE }, (director) => playRetry(director, false));
    const wrong = judge(world);
    expect(wrong && reportOf(world, wrong)).toBeUndefined();
  });

  it('10. Own ids: a put retried by another coordinator with a fresh tag happens twice', () => {
    const world = playedOut({ quorums: THREE }, (director) => playRetry(director, true));
    expect(judge(world), reportOf(world, 'Nothing is wrong')).toEqual(
      expect.stringContaining('No order of k explains'),
    );
  });
});
