import { describe, expect, it } from 'vitest';
import { registerQuorums } from '../../src/quorum/index.ts';
import { Director } from './director.ts';
import { World } from './world.ts';

const FIVE = registerQuorums({ replicas: 5 });
const KEYS = 600; // More than fit in one chunk of an answer.

function isOperational({ world }: Director, replica: number): boolean {
  return ((world.operational >>> replica) & 1) === 1;
}

/** A world of five replicas, in which W replicas hold many keys. */
function directorWithKeys(): Director {
  const director = new Director(new World({ quorums: FIVE, clients: 2 }));
  for (let index = 0; index < KEYS; index++) {
    director.world.start(0, { kind: 'put', key: `key ${index}`, value: `value ${index}` });
    director.exchange(0, 'accept', [0, 1, 2]);
    director.loseAllOf(0);
  }
  return director;
}

describe('Recovery', () => {
  it('A replica that lost its memory holds all keys again once M others have answered', () => {
    const director = directorWithKeys();
    director.restart(0, [1, 2, 3]);
    expect(isOperational(director, 0)).toBe(true);
    expect(director.world.replicaAt(0)?.table.size).toBe(KEYS);
    expect(director.readAt(1, [0, 3, 4], `key ${KEYS - 1}`).value).toBe(`value ${KEYS - 1}`);
  });

  it('It is not operational before the last of M others has answered whole', () => {
    const director = directorWithKeys();
    director.restart(0, [1, 2]);
    expect(isOperational(director, 0)).toBe(false);
    expect(director.world.replicaAt(0)?.takesRequests).toBe(false);
  });

  it('It asks another replica where one stays silent', () => {
    const director = directorWithKeys();
    director.restart(0, [2, 3, 4]);
    expect(isOperational(director, 0)).toBe(true);
  });

  it('Answers that come later than its patience still end it', () => {
    const { world } = new Director(new World({ quorums: FIVE, clients: 1 }));
    world.crash(0);
    world.bump(0);
    world.spawn(0);
    // Each message is under way for longer than it waits, so that an answer always comes after the next question.
    for (let round = 0; round < 6; round++) {
      const arriving = [...world.inFlight];
      world.pass(150);
      for (const message of arriving) world.deliver(message);
    }
    expect((world.operational & 1) === 1).toBe(true);
  });

  it('An answerer that restarts in the midst of its answer is asked from the beginning', () => {
    const director = directorWithKeys();
    const { world } = director;
    world.crash(0);
    world.bump(0);
    world.spawn(0);
    director.arrive('A0 > A1 recover'); // The first chunk is under way.
    director.restart(1, [2, 3, 4]);
    director.catchUp(0, [1, 2, 3]);
    expect(isOperational(director, 0)).toBe(true);
    expect(world.replicaAt(0)?.table.size).toBe(KEYS);
  });

  it('Two replicas of five recover at the same time from the other three', () => {
    const director = directorWithKeys();
    const { world } = director;
    world.crash(0);
    world.crash(1);
    director.recover(0, [2, 3, 4]);
    director.recover(1, [2, 3, 4]);
    expect(world.operational).toBe(0b11111);
    expect(director.readAt(1, [0, 1, 3], 'key 7').value).toBe('value 7');
  });
});
