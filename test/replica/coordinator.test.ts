import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/base/random.ts';
import { registerQuorums } from '../../src/quorum/index.ts';
import { Coordinator } from '../../src/replica/coordinator.ts';
import { writeKey, writtenKey } from '../../src/replica/key-bytes.ts';
import { ClientLane, Replica } from '../../src/replica/replica.ts';
import { REQUEST } from '../../src/replica/wire.ts';
import type { FrameViews } from '../../src/replica/wire.ts';
import { SimErased } from '../../src/sim/cluster/sim-erased.ts';
import { TallyBoard, createTallyBoard } from '../../src/ring/tally-board.ts';
import { Director } from './director.ts';
import { CapturingLink, NO_LARGE_LANE } from './network.ts';
import { judge, settle } from './scheduler.ts';
import { World } from './world.ts';
import type { WorldOptions } from './world.ts';

const THREE = registerQuorums({ replicas: 3 });
const FIVE = registerQuorums({ replicas: 5 });

function directorOf(options: Partial<WorldOptions> = {}): Director {
  return new Director(new World({ quorums: THREE, clients: 3, ...options }));
}

describe('In one round trip', () => {
  it('A put is decided by the acknowledgements of W replicas', () => {
    const director = directorOf({ quorums: FIVE });
    const put = director.world.start(0, { kind: 'put', value: 'v' });
    director.exchange(0, 'accept', [4, 2]);
    expect(put.outcome).toBeUndefined();
    director.exchange(0, 'accept', [0]);
    expect(put.outcome).toBe('ok');
    expect(director.world.countersOf(0)).toMatchObject({
      fastWrites: 1,
      slowWrites: 0,
      framesSent: 5,
      framesResent: 0,
    });
  });

  it('A get is decided by S replicas that voted for the same entry', () => {
    const director = directorOf({ quorums: FIVE });
    director.world.start(0, { kind: 'put', value: 'v' });
    director.exchange(0, 'accept', [0, 1, 2, 3, 4]);
    const get = director.world.start(1, { kind: 'get' });
    director.exchange(1, 'read', [0, 1]);
    expect(get.outcome).toBeUndefined();
    director.exchange(1, 'read', [2]);
    expect(get).toMatchObject({ outcome: 'ok', value: 'v' });
    expect(director.world.countersOf(1)).toMatchObject({ fastReads: 1, slowReads: 0, framesSent: 3, framesResent: 0 });
  });

  it('A get of a key that nobody wrote is absent', () => {
    const director = directorOf();
    const get = director.world.start(0, { kind: 'get' });
    director.exchange(0, 'read', [0, 1]);
    expect(get.outcome).toBe('absent');
  });

  it('A put of no value deletes: the next get is absent', () => {
    const director = directorOf();
    director.world.start(0, { kind: 'put', value: 'v' });
    director.exchange(0, 'accept', [0, 1, 2]);
    director.world.start(0, { kind: 'put', value: undefined });
    director.exchange(0, 'accept', [0, 1, 2]);
    expect(director.readAt(1, [0, 1]).outcome).toBe('absent');
  });

  it('A batch of puts takes consecutive tags, also across the wrap of a word', () => {
    const director = directorOf({ tagsFrom: { high: 0, low: -3 } });
    const puts = director.world.startBatch(
      0,
      ['a', 'b', 'c', 'd'].map((key) => ({ kind: 'put', key, value: key })),
    );
    expect(puts.map(({ first }) => first)).toEqual([
      { high: 0, low: -2 },
      { high: 0, low: -1 },
      { high: 1, low: 0 },
      { high: 1, low: 1 },
    ]);
  });
});

describe('Votes', () => {
  it('An acknowledgement that arrives twice counts once', () => {
    const director = directorOf();
    const put = director.world.start(0, { kind: 'put', value: 'v' });
    director.reach(0, 'accept', [0]);
    const ack = director.world.inFlight.find(({ kind }) => kind === 'ack')!;
    director.world.duplicate(ack);
    director.world.deliver(ack);
    expect(put.outcome).toBeUndefined();
  });

  it('An answer to an operation that has ended changes nothing for the next one', () => {
    const director = directorOf();
    director.world.start(0, { kind: 'put', key: 'a', value: 'a' });
    director.reach(0, 'accept', [0, 1, 2]);
    director.arrive('A0 > C0 ack', 'A1 > C0 ack');
    const put = director.world.start(0, { kind: 'put', key: 'b', value: 'b' });
    director.arrive('A2 > C0 ack'); // Of the first one: it reuses the slot.
    director.exchange(0, 'accept', [0]);
    expect(put.outcome).toBeUndefined();
  });
});

describe('A vote that comes while answers are taken in', () => {
  it('is looked at in the next turn, with the answer that was published before it', () => {
    const board = new TallyBoard(createTallyBoard(32, 3));
    const settled: string[] = [];
    const requests: FrameViews[] = [];
    const answers: FrameViews[] = [];
    const coordinator = new Coordinator(
      {
        links: [0, 1, 2].map(() => new CapturingLink((frame) => requests.push(frame))),
        large: [0, 1, 2].map(() => NO_LARGE_LANE),
        board,
        epochs: { epochOf: () => 1, restarts: () => 0, isOperational: () => true },
        erased: new SimErased(),
        tags: { take: () => {}, taken: () => 0 },
        random: seededRandom(1),
        replyRoomBytes: 1 << 20,
        settle: ({ outcome }) => settled.push(outcome),
        begin: () => {},
        compute: () => 'keep',
        owner: 0,
        isUndecided: () => false,
      },
      THREE,
    );
    const get = coordinator.acquire();
    writeKey('k', get.request, REQUEST.BYTES);
    get.keyBytes = writtenKey.byteLength;
    get.request.words[REQUEST.KEY_BYTES] = writtenKey.byteLength;
    Object.assign(get, { readNeeded: THREE.read, agreeNeeded: THREE.agreeing, deadlineMs: 100 });
    coordinator.submit(get);
    coordinator.flush(0);

    coordinator.look(); // And takes in that nothing has arrived,
    requests.forEach((request, index) => {
      const link = new CapturingLink((frame) => answers.push(frame));
      const lane = new ClientLane({ link, votes: board, large: NO_LARGE_LANE });
      const replica = new Replica({ index, epoch: 1, bytesMax: 1 << 20, recovery: undefined, peers: [] });
      replica.receive(lane, request, 0); // when the replicas answer and vote.
      lane.castVotes(index, 1);
    });
    coordinator.collect(0);
    expect(settled).toEqual([]);

    coordinator.look();
    answers.forEach((answer, index) => coordinator.receive(index, answer, 0));
    coordinator.collect(0);
    expect(settled).toEqual(['absent']);
  });
});

describe('Deadlines', () => {
  it('A put that has left and is not decided in time ends as unknown, a get as unavailable', () => {
    const { world } = directorOf();
    const put = world.start(0, { kind: 'put', value: 'v', timeoutMs: 100 });
    const get = world.start(0, { kind: 'get', timeoutMs: 100 });
    world.pass(99);
    expect([put.outcome, get.outcome]).toEqual([undefined, undefined]);
    world.pass(1);
    expect([put.outcome, get.outcome]).toEqual(['unknown', 'unavailable']);
  });

  it('A put that ended as unknown is finished by another client, and happens once', () => {
    const director = directorOf();
    const { world } = director;
    const put = world.start(0, { kind: 'put', value: 'v', timeoutMs: 20 });
    director.reach(0, 'accept', [0]);
    world.pass(20);
    expect(put.outcome).toBe('unknown');
    const finish = world.start(1, { kind: 'put', finishes: put });
    settle(world, seededRandom(1), -1);
    expect(finish.outcome).toBe('ok');
    expect(director.readAt(2, [1, 2]).value).toBe('v');
    expect(judge(world)).toBeUndefined();
  });
});

describe('While a replica is down for good', () => {
  it.each(Array.from({ length: 20 }, (_, index) => index))(
    'Puts and gets of three clients at once all end, in order %i of messages',
    (seed) => {
      const { world } = directorOf();
      world.crash(2);
      for (const client of [0, 1, 2]) {
        world.start(client, { kind: 'put', value: `v${client}` });
        world.start(client, { kind: 'get' });
      }
      settle(world, seededRandom(seed), 2);
      expect(
        world.calls.map(({ outcome }) => outcome).filter((outcome) => outcome !== 'ok' && outcome !== 'absent'),
      ).toEqual([]);
      expect(judge(world)).toBeUndefined();
    },
  );

  it('A put that one of the others refuses ends by a second round', () => {
    const director = directorOf();
    const { world } = director;
    world.crash(2);
    const older = world.start(0, { kind: 'put', value: 'older' });
    world.start(1, { kind: 'put', value: 'newer' });
    director.reach(1, 'accept', [0]);
    director.exchange(0, 'accept', [0, 1]); // A0 refuses, A1 accepts, A2 is silent.
    expect(older.outcome).toBeUndefined();
    settle(world, seededRandom(1), 2);
    expect(older.outcome).toBe('ok');
    expect(judge(world)).toBeUndefined();
  });
});
