// Schedules written for one bug each, where random search meets the bug too rarely. With the bug each ends in a history
// that no order explains, without it each ends well. b1, b2 are tags in the order they were taken; a number such as A0
// is a replica, C0 a client.
import assert from 'node:assert/strict';
import type { Director } from '../replica/director.ts';
import { SCHEDULES, beginTwoPuts } from '../replica/schedule-book.ts';
import type { Schedule } from '../replica/schedule-book.ts';
import type { World } from '../replica/world.ts';

/** The schedule of the book whose title begins so. */
export function ofBook(title: string): Schedule {
  const schedule = SCHEDULES.find((each) => each.title.startsWith(title));
  assert(schedule !== undefined, `The book has a schedule "${title}"`);
  return schedule;
}

/** A put is acknowledged at A0 and A1, A0 loses its memory and gets an answer of A1 that lacks an entry. */
export function loseAnEntry(director: Director): void {
  const { world } = director;
  world.start(0, { kind: 'put', value: 'v1' });
  director.exchange(0, 'accept', [0, 1]);
  beginRecovery(world, 0);
  director.arrive('A0 > A1 recover');
  dropOne(world, 'A1A0', 'entry');
  director.catchUp(0, [1, 2]);
  director.readAt(1, [0, 2]);
}

/** A0 recovers from A1, which holds two keys, and from A2, which holds none; answers have one entry each. */
export function answerInChunks(director: Director): void {
  const { world } = director;
  world.start(0, { kind: 'put', value: 'v0', key: 'k' });
  director.exchange(0, 'accept', [0, 1]);
  world.start(1, { kind: 'put', value: 'v1', key: 'l' });
  director.exchange(1, 'accept', [0, 1]);
  director.restart(0, [1, 2]);
  director.readAt(2, [0, 2], 'l');
}

/** A recovering replica is impatient, asks A1 twice, and gets two answers; A2, which knows more, is silent. */
export function answerTwice(director: Director): void {
  const { world } = director;
  world.start(0, { kind: 'put', value: 'v1' });
  director.exchange(0, 'accept', [0, 2]);
  beginRecovery(world, 0);
  world.pass(101);
  director.arrive('A0 > A1 recover', 'A0 > A1 recover', 'A1 > A0 end');
  director.arriveIfThere('A1 > A0 end');
  director.readAt(1, [0, 1]);
  director.catchUp(0, [1, 2]);
}

/** The answerer of a recovering replica restarts in the midst, and holds its keys in another order then. */
export function restartTheAnswerer(director: Director): void {
  const { world } = director;
  world.start(0, { kind: 'put', value: 'v0', key: 'k' });
  director.exchange(0, 'accept', [1, 3, 4]);
  world.start(1, { kind: 'put', value: 'v1', key: 'l' });
  director.exchange(1, 'accept', [0, 1, 2]);
  beginRecovery(world, 0);
  director.arrive('A0 > A1 recover', 'A1 > A0 entry'); // The key k, the first of two,
  dropOne(world, 'A1A0', 'entry');
  dropOne(world, 'A1A0', 'end');
  director.restart(1, [2, 3, 4]); // which is the second one now.
  director.catchUp(0, [1, 3, 4]);
  director.readAt(2, [0, 3, 4], 'l');
}

/** A0 promises b5 to C1, is then asked to promise b4 to C0, and both propose what they found. */
export function promiseDownwards(director: Director): void {
  const { world } = director;
  beginTwoPuts(director, [0, 2]);
  world.start(2, { kind: 'put', value: 'v2' });
  director.reach(2, 'accept', [1]);
  director.loseAllOf(2);
  director.untilItPrepares(0, 1); // b4
  director.untilItPrepares(1, 1); // b5
  director.exchange(1, 'prepare', [0, 2]);
  director.exchange(0, 'prepare', [2, 1]);
  director.exchange(0, 'accept', [1, 2]);
  director.exchange(1, 'accept', [0, 2]);
  director.readAt(3, [0, 2]);
}

/** v1 is at A0 alone; A1 and A2 have promised b3, so that a read of all cannot write v1 back, and has to prepare. */
export function promiseAgainstARead(director: Director): void {
  const { world } = director;
  world.start(2, { kind: 'put', value: 'v0' });
  world.start(0, { kind: 'put', value: 'v1' });
  director.reach(0, 'accept', [0]);
  director.loseAllOf(0);
  director.untilItPrepares(2, 0);
  director.reach(2, 'prepare', [1, 2]);
  director.loseAllOf(2);
  director.readAt(1, [0, 1, 2]);
  director.readAt(3, [1, 2]);
}

/** All promises to a put that was refused are lost: it is asked for again, and nobody disputes it. */
export function losePromises(director: Director): void {
  const { world } = director;
  world.start(2, { kind: 'put', value: 'v0' });
  world.start(0, { kind: 'put', value: 'v1' });
  director.reach(0, 'accept', [0]);
  director.loseAllOf(0);
  director.untilItPrepares(2, 0);
  director.reach(2, 'prepare', [0, 1, 2]);
  director.loseAllOf(2);
  world.pass(13);
  director.exchange(2, 'prepare', [0, 1, 2]);
  director.exchange(2, 'accept', [0, 1, 2]);
}

/** All acknowledgements of a put are lost: it is sent again, and nobody disputes it. */
export function loseAcknowledgements(director: Director): void {
  const { world } = director;
  world.start(0, { kind: 'put', value: 'v1' });
  director.reach(0, 'accept', [0, 1, 2]);
  director.loseAllOf(0);
  world.pass(13);
  director.exchange(0, 'accept', [0, 1, 2]);
}

/** A0 answers a read, dies, and answers it again empty: of v1 only A1 has heard then. */
export function answerInTwoLives(director: Director): void {
  const { world } = director;
  world.start(0, { kind: 'put', value: 'v1' });
  director.reach(0, 'accept', [0]);
  world.start(1, { kind: 'get' });
  world.pass(13); // It asks once more.
  director.exchange(1, 'read', [0]);
  director.restart(0, [1, 2]);
  director.exchange(1, 'read', [0]);
  director.reach(0, 'accept', [1]);
  director.exchange(1, 'read', [1]);
  director.readAt(2, [0, 2]);
}

/** N5 R4 W2: two replicas that agree are not the four that a read has to hear. */
export function agreeTooSoon(director: Director): void {
  const { world } = director;
  world.start(0, { kind: 'put', value: 'v0' });
  director.exchange(0, 'accept', [0, 1, 2, 3, 4]);
  world.start(1, { kind: 'put', value: 'v1' });
  director.exchange(1, 'accept', [0, 4]);
  world.start(2, { kind: 'get' });
  director.exchange(2, 'read', [1, 2]);
  world.pass(13);
}

/** A put at level `all` reaches two of three replicas; a get at level `one` asks the third. */
export function writeToAllButOne(director: Director): void {
  const { world } = director;
  world.start(0, { kind: 'put', value: 'v1', level: 'all' });
  director.exchange(0, 'accept', [0, 1]);
  world.pass(13);
  getAtOne(director, 2);
}

/** A0 and A1 have no memory left for the key l; A2 stores it after they have said so. */
export function storeLate(director: Director): void {
  const { world } = director;
  world.start(0, { kind: 'put', value: 'v0', key: 'k' });
  director.exchange(0, 'accept', [0, 1]);
  director.loseAllOf(0);
  world.start(1, { kind: 'put', value: 'v1', key: 'l' });
  director.exchange(1, 'accept', [0, 1]);
  director.reach(1, 'accept', [2]);
  getAtOne(director, 2, 'l');
}

/**
 * Ballot reuse as in gryadka, whose proposer keeps a ballot after an accept that failed without a conflict: at b3 first
 * v2 is proposed, which lands at A0, then v1, which is acknowledged.
 */
export function reuseTheBallot(director: Director): void {
  const { world } = director;
  world.start(0, { kind: 'put', value: 'v1' });
  world.start(2, { kind: 'put', value: 'v2' });
  director.reach(2, 'accept', [2]);
  director.loseAllOf(2);
  director.untilItPrepares(0, 2); // b3
  director.exchange(0, 'prepare', [0, 1, 2]); // Finds v2 and adopts it,
  director.reach(0, 'accept', [0]); // at A0.
  for (const message of world.inFlight.filter(({ from, kind }) => from === 'C0' && kind === 'prepare')) {
    world.drop(message);
  }
  world.start(4, { kind: 'put', value: 'v4' });
  director.reach(4, 'accept', [2]);
  director.loseAllOf(4);
  director.untilItPrepares(0, 2);
  director.exchange(0, 'prepare', [1, 3, 4]); // Finds nothing.
  director.exchange(0, 'accept', [1, 3, 4]);
  director.readAt(3, [0, 1, 3]);
  director.readAt(1, [1, 3, 4]);
}

/**
 * An update lands and is never heard of; 16 other clients update the same key, which is as many as its lineage has room
 * for; then the first one is tried again.
 */
export function forgetTheOldest(director: Director): void {
  const { world } = director;
  const finishes = world.start(0, { kind: 'exchange', value: 'v0', timeoutMs: 10 });
  director.exchange(0, 'prepare', [0, 1]);
  director.reach(0, 'accept', [0, 1]);
  director.loseAllOf(0);
  world.pass(10);
  for (let client = 1; client <= 16; client++) {
    world.start(client, { kind: 'exchange', value: `v${client}` });
    director.exchange(client, 'prepare', [0, 1]);
    director.exchange(client, 'accept', [0, 1]);
    director.loseAllOf(client);
  }
  world.start(0, { kind: 'exchange', finishes });
  director.exchange(0, 'prepare', [0, 1]);
  director.exchange(0, 'accept', [0, 1]);
}

/** A0 acknowledges a put and dies; A1 acknowledges it when A0 is back without it. */
export function bumpLate(director: Director): void {
  const { world } = director;
  world.start(0, { kind: 'put', value: 'v1' });
  director.exchange(0, 'accept', [0]);
  director.restart(0, [1, 2]);
  director.exchange(0, 'accept', [1]);
  director.readAt(1, [0, 2]);
}

function beginRecovery(world: World, replica: number): void {
  world.crash(replica);
  world.bump(replica);
  world.spawn(replica);
}

function dropOne(world: World, link: string, kind: string): void {
  const message = world.inFlight.find((each) => each.link === link && each.kind === kind);
  assert(message !== undefined, `A message ${kind} is under way on ${link}`);
  world.drop(message);
}

/** A get at level `one` that only `replica` hears. */
function getAtOne(director: Director, replica: number, key = 'k'): void {
  const { world } = director;
  world.start(3, { kind: 'get', level: 'one', key });
  for (const message of world.inFlight.filter(({ from }) => from === 'C3')) world.drop(message);
  world.pass(13);
  director.exchange(3, 'read', [replica]);
}
