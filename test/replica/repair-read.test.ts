// The repair of one key, in a world in which nothing happens by itself.
import { describe, expect, it } from 'vitest';
import { registerQuorums } from '../../src/quorum/index.ts';
import { replayCommand, testSeed } from '../support/seed.ts';
import { Director } from './director.ts';
import { explore, judgeEntries } from './scheduler.ts';
import { World } from './world.ts';

const SEED = testSeed();
const SCHEDULES = 300;
const THREE = registerQuorums({ replicas: 3 });

describe('The repair of a key', () => {
  it('hands the newest entry to whoever lacks it, and asks nobody who is down', () => {
    const director = new Director(new World({ quorums: registerQuorums({ replicas: 5 }), clients: 2 }));
    const { world } = director;
    world.start(0, { kind: 'put', value: 'v1' });
    director.exchange(0, 'accept', [0, 1, 2]);
    director.loseAllOf(0);
    world.crash(4);
    const repair = world.start(1, { kind: 'get', isRepair: true });
    director.exchange(1, 'read', [0, 1, 2]);
    expect(repair.outcome).toBeUndefined(); // A3 is up.
    director.exchange(1, 'read', [3]);
    expect(repair.outcome).toBeUndefined();
    director.exchange(1, 'accept', [3]);
    director.exchange(1, 'accept', [0, 1, 2]);
    expect(repair.outcome).toBe('ok');
    expect(new Set([0, 1, 2, 3].map((replica) => world.entryAt(replica, 'k'))).size).toBe(1);
    expect(world.countersOf(1)).toMatchObject({ repairedKeys: 1, gets: 0 });
  });

  it('writes nothing where all hold the same', () => {
    const director = new Director(new World({ quorums: THREE, clients: 2 }));
    const { world } = director;
    world.start(0, { kind: 'put', value: undefined });
    director.exchange(0, 'accept', [0, 1, 2]);
    const repair = world.start(1, { kind: 'get', isRepair: true });
    director.exchange(1, 'read', [0, 1, 2]);
    expect(repair.outcome).toBe('absent');
    expect(world.countersOf(1)).toMatchObject({ repairedKeys: 0 });
    expect(world.inFlight).toHaveLength(0);
  });

  it('proposes the entry again, under a ballot of its own, where a promise is in the way', () => {
    const director = new Director(new World({ quorums: THREE, clients: 3 }));
    const { world } = director;
    world.start(0, { kind: 'put', value: 'v1' });
    director.exchange(0, 'accept', [0, 1]);
    director.loseAllOf(0);
    world.start(2, { kind: 'exchange', value: 'never' });
    director.exchange(2, 'prepare', [2]);
    director.loseAllOf(2);
    world.endClient(2);
    const repair = world.start(1, { kind: 'get', isRepair: true, timeoutMs: 1e9 });
    director.exchange(1, 'read', [0, 1, 2]);
    director.exchange(1, 'accept', [0, 1, 2]); // A2 has promised more.
    director.exchange(1, 'read', [0, 1, 2]);
    director.exchange(1, 'prepare', [0, 1]);
    expect(world.inFlight.filter(({ kind }) => kind === 'accept')).toHaveLength(0); // It waits for all who are up.
    director.exchange(1, 'prepare', [2]);
    director.exchange(1, 'accept', [0, 1, 2]);
    expect(repair.outcome).toBe('ok');
    expect(judgeEntries(world)).toBeUndefined();
    expect(world.entryAt(2, 'k')).not.toBe('nothing');
  });

  it('keeps what one replica alone holds', () => {
    const director = new Director(new World({ quorums: THREE, clients: 2 }));
    const { world } = director;
    const put = world.start(0, { kind: 'put', value: 'v1', level: 'one' });
    director.exchange(0, 'accept', [0]);
    director.loseAllOf(0);
    expect(put.outcome).toBe('ok');
    world.start(1, { kind: 'get', isRepair: true });
    director.exchange(1, 'read', [0, 1, 2]);
    director.exchange(1, 'accept', [0, 1, 2]);
    expect(judgeEntries(world)).toBeUndefined();
    expect(world.entryAt(2, 'k')).not.toBe('nothing');
  });
});

describe('Repairs among everything else that happens', () => {
  it.each([
    ['puts, N 3', { quorums: THREE, repairs: 0.4 }],
    ['changes, N 3', { quorums: THREE, repairs: 0.3, exchanges: 0.5 }],
    ['N 3 of 5 threads', { quorums: registerQuorums({ replicas: 3, threads: 5 }), repairs: 0.4, exchanges: 0.2 }],
    ['N 5', { quorums: registerQuorums({ replicas: 5 }), repairs: 0.4, exchanges: 0.2, clients: 4 }],
  ])('keep every history linearizable, and leave all replicas with the same: %s', (_, options) => {
    const violation = explore(SEED, SCHEDULES, options);
    expect(violation?.report, violation && replayCommand('test/replica/repair-read.test.ts', SEED)).toBeUndefined();
  });
});
