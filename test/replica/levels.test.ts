// What levels below the quorums do not promise, as schedules in which nobody dies.
import { describe, expect, it } from 'vitest';
import { registerQuorums } from '../../src/quorum/index.ts';
import { Director } from './director.ts';
import { World } from './world.ts';

describe('A put with fewer acknowledgements than W', () => {
  it('is lost to one that prepares without meeting it, also to a get that asks everybody', () => {
    const director = new Director(new World({ quorums: registerQuorums({ replicas: 3 }), clients: 5 }));
    const { world } = director;
    world.start(1, { kind: 'put', value: 'v0' });
    director.reach(1, 'accept', [1, 2]);
    director.loseAllOf(1);
    expect(director.readAt(3, [1, 2]).value).toBe('v0');
    director.loseAllOf(3);
    const put = world.start(0, { kind: 'put', value: 'v1', level: 'one' });
    director.exchange(0, 'accept', [0]);
    director.loseAllOf(0);
    expect(put.outcome).toBe('ok');
    director.untilItPrepares(1, 0);
    director.exchange(1, 'prepare', [1, 2]); // Finds v0, and proposes it again above v1.
    director.exchange(1, 'accept', [0, 1, 2]);
    const get = world.start(4, { kind: 'get', level: 'all' });
    director.exchange(4, 'read', [0, 1, 2]);
    expect([get.outcome, get.value]).toEqual(['ok', 'v0']);
  });
});

describe('A get with fewer answers than R', () => {
  it('may see a put at level all before it has ended, and the next one may not', () => {
    const director = new Director(new World({ quorums: registerQuorums({ replicas: 3 }), clients: 3 }));
    const { world } = director;
    const put = world.start(0, { kind: 'put', value: 'v1', level: 'all' });
    director.exchange(0, 'accept', [0]);
    const gets = [0, 1].map((replica) => {
      const get = world.start(1 + replica, { kind: 'get', level: 'one' });
      world.pass(13); // It asks all.
      director.exchange(1 + replica, 'read', [replica]);
      return get;
    });
    expect(put.outcome).toBeUndefined();
    expect(gets.map(({ outcome, value }) => [outcome, value])).toEqual([
      ['ok', 'v1'],
      ['absent', undefined],
    ]);
  });
});
