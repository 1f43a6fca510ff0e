// The schedules that broke earlier drafts of the register, but for those of erased tombstones: with its rule in place
// each ends well, with the rule removed each ends in a history that no order explains. A random search finds some of
// them once in half a million runs.
//
// Where the original schedules have updates, some have a put here that was refused somewhere: like an update it
// prepares, and proposes again what it found. b1, b2 are tags in the order they were taken.
import assert from 'node:assert/strict';
import { RULES } from '../../src/protocol/rules.ts';
import { registerQuorums } from '../../src/quorum/index.ts';
import type { RegisterQuorums } from '../../src/quorum/index.ts';
import type { Director } from './director.ts';
import type { WorldOptions } from './world.ts';

/** A schedule that ends wrong where one rule is missing. */
export interface Schedule {
  readonly title: string;
  readonly rule: string;
  readonly kept: Omit<WorldOptions, 'clients'>;
  /** What takes the rule away. */
  readonly removed: Partial<WorldOptions>;
  readonly play: (director: Director) => void;
}

export const THREE = registerQuorums({ replicas: 3 });
const FIVE = registerQuorums({ replicas: 5 });
const N5_R4_W2 = registerQuorums({ replicas: 5, read: 4, write: 2 });
const N5_R2_W4 = registerQuorums({ replicas: 5, read: 2, write: 4, prepare: 2 });
const N4_R3_W2 = registerQuorums({ replicas: 4, read: 3, write: 2 });
const N5_R4_W3_P4 = registerQuorums({ replicas: 5, read: 4, write: 3, prepare: 4 });
const N5_R3_W4 = registerQuorums({ replicas: 5, read: 3, write: 4, prepare: 2 });

/** Sizes that `registerQuorums` would refuse or not derive. */
const unsound = (quorums: RegisterQuorums, wrong: Partial<RegisterQuorums>): { quorums: RegisterQuorums } => ({
  quorums: { ...quorums, ...wrong },
});

/**
 * C1 puts v0 (b1), which lands at `replicas` and is read, while C1 never hears of it; C0 begins to put v1 (b2), of
 * which nothing has arrived yet.
 */
export function beginTwoPuts(director: Director, replicas: readonly number[]): void {
  const { world } = director;
  world.start(1, { kind: 'put', value: 'v0' });
  director.reach(1, 'accept', replicas);
  director.loseAllOf(1);
  assert.equal(director.readAt(3, replicas).value, 'v0');
  director.loseAllOf(3);
  world.start(0, { kind: 'put', value: 'v1' });
}

/** v1 reaches `replica`, which acknowledges it and refuses v0 when it comes again: C1 sends prepare(b3) to all. */
function refuseFirstPut(director: Director, replica: number): void {
  director.exchange(0, 'accept', [replica]);
  director.untilItPrepares(1, replica);
}

export const SCHEDULES: readonly Schedule[] = [
  {
    title: '1. Cached promise and read write-back: a repeated accept is granted, and does not promise the next ballot',
    rule: 'a repeated accept also raises the promise to the next ballot',
    kept: { quorums: THREE },
    removed: { rules: { ...RULES, promisesNextAgain: false } },
    play: (director) => {
      const { world } = director;
      world.start(0, { kind: 'exchange', value: 'v0' });
      director.reach(0, 'prepare', [1, 2]);
      world.start(1, { kind: 'put', value: 'v1' }); // b2
      director.reach(1, 'accept', [0]);
      director.arrive('A1 > C0 promise', 'A2 > C0 promise'); // C0 proposes v0 at b1, and asks to be promised b3.
      director.reach(0, 'accept', [1]);
      director.readAt(2, [1, 2]); // Writes v0 back at b1, to A2.
      director.exchange(0, 'accept', [1, 2]); // A2: the same accept again.
      director.exchange(1, 'accept', [0, 2]); // b2 below b3, which A2 has promised.
      director.arriveIfThere('A0 > C1 ack');
      world.start(0, { kind: 'exchange', value: 'v2' });
      director.exchange(0, 'accept', [0, 2]); // Made of v0, over v1.
    },
  },
  {
    title: '3. Client table erased by a blind put: an update that has happened is tried again, and happens twice',
    rule: 'what a blind write has come over is not tried again',
    kept: { quorums: THREE },
    removed: { rules: { ...RULES, heedsFloors: false } },
    play: (director) => {
      const { world } = director;
      const finishes = world.start(0, { kind: 'exchange', value: 'v0', timeoutMs: 10 });
      director.exchange(0, 'prepare', [0, 2]);
      director.reach(0, 'accept', [0, 2]);
      director.loseAllOf(0);
      world.pass(10);
      assert.equal(finishes.outcome, 'unknown');
      assert.equal(director.readAt(3, [0, 2]).value, 'v0');
      world.start(1, { kind: 'put', value: 'v1' });
      director.reach(1, 'accept', [1]);
      world.start(0, { kind: 'exchange', finishes });
      director.exchange(0, 'prepare', [1, 2]); // The newest is v1, which has no lineage.
      director.exchange(0, 'accept', [1, 2]);
      director.readAt(3, [1, 2]);
    },
  },
  {
    title: '6. Failed compare answered after prepare only: what it has found is lost again',
    rule: 'a conflict only after the compared value is stable',
    kept: { quorums: THREE },
    removed: { rules: { ...RULES, keepsOnlyStable: false } },
    play: (director) => {
      const { world } = director;
      world.start(1, { kind: 'put', value: 'v1' });
      director.reach(1, 'accept', [1]);
      world.start(0, { kind: 'exchange', value: 'v2', expects: { value: 'v0' } });
      director.exchange(0, 'prepare', [1, 2]);
      director.readAt(3, [0, 2]);
    },
  },
  {
    title: '9. Quorum sizes: a cached promise of W = 2 of 4, which is no prepare quorum',
    rule: 'a promise is used only if a prepare quorum gave it, and only if 2 W > N',
    kept: { quorums: N4_R3_W2 },
    removed: { rules: { ...RULES, countsPromises: false }, ...unsound(N4_R3_W2, { cachesPromises: true }) },
    play: (director) => {
      const { world } = director;
      world.start(0, { kind: 'exchange', value: 'v0' });
      director.exchange(0, 'prepare', [0, 1, 2]);
      director.exchange(0, 'accept', [0, 1]);
      world.start(1, { kind: 'put', value: 'v1' });
      director.exchange(1, 'accept', [2, 3]);
      assert.equal(world.calls[1]?.outcome, 'ok');
      world.start(0, { kind: 'exchange', value: 'v2' });
      director.exchange(0, 'accept', [0, 1]); // Who promised has not heard of v1.
    },
  },
  {
    title: '9. Quorum sizes: a cached promise of W = 3 of 5, which a read of two agreeing replies does not meet',
    rule: 'a promise is used only if a prepare quorum gave it, and S > N - W',
    kept: { quorums: N5_R4_W3_P4 },
    removed: { rules: { ...RULES, countsPromises: false }, ...unsound(N5_R4_W3_P4, { agreeing: 2 }) },
    play: (director) => {
      const { world } = director;
      world.start(0, { kind: 'exchange', value: 'v0' });
      director.exchange(0, 'prepare', [0, 1, 2, 3]);
      director.exchange(0, 'accept', [0, 1, 2]);
      world.start(1, { kind: 'put', value: 'v1' });
      director.reach(1, 'accept', [3, 4]);
      director.readAt(2, [0, 1, 3, 4]);
      world.start(0, { kind: 'exchange', value: 'v2' });
      director.exchange(0, 'accept', [0, 1, 2]);
    },
  },
  {
    title: 'A promise that came with a vain accept is used: its value was never chosen',
    rule: 'a promise is dropped where its accept did not end well',
    kept: { quorums: THREE },
    removed: { keepsVainPromises: true },
    play: (director) => {
      const { world } = director;
      world.start(0, { kind: 'exchange', value: 'v0' }); // b1, and is promised b2.
      director.exchange(0, 'prepare', [0, 1, 2]);
      director.exchange(0, 'accept', [0, 1, 2]);
      world.start(1, { kind: 'put', value: 'v1' }); // b3
      const finishes = world.start(0, { kind: 'exchange', value: 'v2', timeoutMs: 10 }); // At b2, and asks for b5,
      director.reach(0, 'accept', [0]); // which A0 alone promises.
      director.loseAllOf(0);
      world.pass(10);
      assert.equal(finishes.outcome, 'unknown');
      director.exchange(1, 'accept', [1, 2]);
      assert.equal(world.calls[1]?.outcome, 'ok');
      world.start(0, { kind: 'exchange', value: 'v3' });
      director.exchange(0, 'accept', [1, 2]); // Made of v2, over v1.
      world.start(0, { kind: 'exchange', finishes });
      director.exchange(0, 'prepare', [1, 2]);
      director.exchange(0, 'accept', [1, 2]);
    },
  },
  {
    title: '2. A merged entry counted as a vote: the accept of the old incarnation is granted by the new one',
    rule: 'inherited, not voted',
    kept: { quorums: THREE },
    removed: { rules: { ...RULES, inheritedIsNoVote: false } },
    play: (director) => {
      beginTwoPuts(director, [0, 2]);
      refuseFirstPut(director, 1);
      director.exchange(1, 'prepare', [0, 2]); // Finds v0: b3 proposes it again, without v1.
      director.restart(0, [1, 2]); // Merges b2 of A1 with promise b3 of A2.
      director.exchange(0, 'accept', [0]); // Granted, v1 would be acknowledged by A0 and A1.
      director.exchange(1, 'accept', [0, 2]);
      director.readAt(3, [0, 2]);
    },
  },
  {
    title: '2. A merged entry counted as a vote: a read agrees with what was inherited',
    rule: 'inherited, not voted',
    kept: { quorums: THREE },
    removed: { rules: { ...RULES, inheritedIsNoVote: false } },
    play: (director) => {
      beginTwoPuts(director, [0, 2]);
      refuseFirstPut(director, 1);
      director.exchange(1, 'prepare', [0, 2]);
      director.restart(0, [1, 2]);
      director.readAt(3, [0, 1]); // Both report v1 at b2.
      director.exchange(1, 'accept', [0, 2]);
      director.readAt(4, [0, 2]);
    },
  },
  {
    title: '4. Recovery answers without the epoch of the question',
    rule: 'answers repeat the epoch of the question',
    kept: { quorums: FIVE },
    removed: { rules: { ...RULES, answersNameEpoch: false } },
    play: (director) => {
      const { world } = director;
      world.crash(0);
      world.bump(0);
      world.spawn(0);
      director.arrive('A0 > A1 recover'); // Its answer stays under way.
      director.catchUp(0, [2, 3, 4]);
      world.start(0, { kind: 'put', value: 'v1' });
      director.exchange(0, 'accept', [0, 1, 2]);
      assert.equal(world.calls[0]?.outcome, 'ok');
      world.crash(0);
      world.bump(0);
      world.spawn(0);
      director.arrive('A1 > A0 end'); // The old answer, from before the put.
      director.catchUp(0, [3, 4]);
      director.readAt(1, [0, 3, 4]);
    },
  },
  ...[2, 3].map((recoverFrom) => ({
    title: `5. Too few answers: N5 R2 W4 P2 with M = ${recoverFrom} forgets a promise`,
    rule: 'M > N - min(P, W, S)',
    kept: { quorums: N5_R2_W4 },
    removed: unsound(N5_R2_W4, { recoverFrom }),
    play: (director: Director): void => {
      beginTwoPuts(director, [0, 1, 2, 3]);
      refuseFirstPut(director, 4);
      director.exchange(1, 'prepare', [0, 1]); // b3 finds v0.
      director.restart(1, [2, 3, 4]);
      director.exchange(0, 'accept', [1, 2, 3, 4]); // v1 acknowledged by four.
      director.exchange(1, 'accept', [0, 1, 2, 3]); // v0 acknowledged by four.
      director.readAt(3, [0, 1, 2, 3]);
    },
  })),
  {
    title: '5. Too few answers: N5 R3 W3 with M = 2 loses a put',
    rule: 'M > N - min(P, W, S)',
    kept: { quorums: FIVE },
    removed: unsound(FIVE, { recoverFrom: 2 }),
    play: (director) => {
      director.world.start(0, { kind: 'put', value: 'v1' });
      director.exchange(0, 'accept', [0, 1, 2]);
      assert.equal(director.world.calls[0]?.outcome, 'ok');
      director.restart(0, [3, 4]);
      director.readAt(1, [0, 3, 4]);
    },
  },
  {
    title: '8. Epochs looked at before the last vote arrived',
    rule: 'look after the last vote',
    kept: { quorums: THREE },
    removed: { looksEarly: true },
    play: (director) => {
      director.world.start(0, { kind: 'put', value: 'v1' });
      director.exchange(0, 'accept', [0]);
      director.restart(0, [1, 2]);
      director.exchange(0, 'accept', [1]);
      director.readAt(1, [0, 2]);
    },
  },
  {
    title: '8. Epochs not looked at: a put counts the vote of a dead incarnation',
    rule: 'a vote counts only in the epoch of its voter',
    kept: { quorums: THREE },
    removed: { rules: { ...RULES, checksEpochs: false } },
    play: (director) => {
      director.world.start(0, { kind: 'put', value: 'v1' });
      director.reach(0, 'accept', [0]);
      director.restart(0, [1, 2]);
      director.exchange(0, 'accept', [1]);
      director.arrive('A0 > C0 ack'); // Cast by the old incarnation.
      director.readAt(1, [0, 2]);
    },
  },
  {
    title: '8. Epochs not looked at: a prepare counts the promise of a dead incarnation',
    rule: 'a promise counts only in the epoch of its voter',
    kept: { quorums: THREE },
    removed: { rules: { ...RULES, checksEpochs: false } },
    play: (director) => {
      beginTwoPuts(director, [0, 2]);
      refuseFirstPut(director, 1);
      director.exchange(1, 'prepare', [0]); // Only A0 has promised b3.
      director.restart(0, [1, 2]);
      director.exchange(0, 'accept', [0]); // v1 acknowledged by A0 and A1.
      director.exchange(1, 'prepare', [2]); // Finds v0, which A0's old incarnation has reported too.
      director.exchange(1, 'accept', [0, 2]);
      director.readAt(3, [0, 2]);
    },
  },
  {
    title: '8. Epochs not looked at: a read agrees with a dead incarnation',
    rule: 'the agreeing set of a read counts only in the epoch of its voters',
    kept: { quorums: THREE },
    removed: { rules: { ...RULES, checksEpochs: false } },
    play: (director) => {
      director.world.start(0, { kind: 'put', value: 'v1' });
      director.reach(0, 'accept', [0]);
      const read = director.world.start(1, { kind: 'get' });
      director.exchange(1, 'read', [0]);
      director.restart(0, [1, 2]);
      director.reach(0, 'accept', [1]);
      director.exchange(1, 'read', [1]);
      if (read.end !== undefined) assert.equal(read.value, 'v1');
      director.readAt(2, [0, 2]);
    },
  },
  {
    title: '9. Quorum sizes: a read of N5 R2 W4 answered by two agreeing replies',
    rule: 'S > N - R and S > N - P',
    kept: { quorums: N5_R2_W4 },
    removed: unsound(N5_R2_W4, { agreeing: 2 }),
    play: (director) => {
      director.world.start(0, { kind: 'put', value: 'v1' });
      director.reach(0, 'accept', [0, 1]);
      director.readAt(1, [0, 1]);
      director.readAt(2, [2, 3]);
    },
  },
  {
    title: '9. Quorum sizes: a read of N5 R3 W4 P2 answered by three agreeing replies',
    rule: 'S > N - R and S > N - P',
    kept: { quorums: N5_R3_W4 },
    removed: unsound(N5_R3_W4, { agreeing: 3 }),
    play: (director) => {
      beginTwoPuts(director, [0, 1, 2, 3, 4]);
      director.reach(0, 'accept', [0, 1, 2]);
      director.readAt(3, [0, 1, 2]); // Returned, v1 would be seen by somebody.
      refuseFirstPut(director, 0);
      director.exchange(1, 'prepare', [3, 4]); // Finds v0 and does not meet the three.
      director.exchange(1, 'accept', [1, 2, 3, 4]);
      director.readAt(4, [1, 2, 3, 4]);
    },
  },
  {
    title: '9. Quorum sizes: an accept quorum of R instead of W',
    rule: 'P + W > N',
    kept: { quorums: N5_R2_W4 },
    removed: unsound(N5_R2_W4, { write: 2 }),
    play: (director) => {
      beginTwoPuts(director, [0, 1, 2, 3]);
      director.exchange(0, 'accept', [0, 1]); // Two acknowledge v1.
      refuseFirstPut(director, 0);
      director.exchange(1, 'prepare', [2, 3]);
      director.exchange(1, 'accept', [1, 2, 3, 4]);
      director.readAt(3, [1, 2, 3, 4]);
    },
  },
  {
    title: '9. Quorum sizes: N4 with halves',
    rule: 'R + W > N',
    kept: { quorums: registerQuorums({ replicas: 4 }) },
    removed: unsound(registerQuorums({ replicas: 4 }), { read: 2, write: 2, prepare: 2, agreeing: 2 }),
    play: (director) => {
      director.world.start(0, { kind: 'put', value: 'v1' });
      director.exchange(0, 'accept', [0, 1]);
      director.readAt(1, [2, 3]);
    },
  },
  {
    title: '10. Own ids: a blind write compares the root with its last tag',
    rule: 'its first tag is its id',
    kept: { quorums: THREE },
    removed: { rules: { ...RULES, comparesFirstTag: false } },
    play: (director) => {
      beginTwoPuts(director, [0, 1, 2]);
      director.exchange(0, 'accept', [0, 1, 2]); // v1 has overwritten v0.
      refuseFirstPut(director, 0);
      director.exchange(1, 'prepare', [0, 1]);
      director.exchange(1, 'accept', [0, 1]);
      director.readAt(3, [0, 1]);
    },
  },
  {
    title: '10. Own ids: a tag reserved before the operation was submitted',
    rule: 'tags are taken after submission',
    kept: { quorums: THREE },
    removed: { reservesTags: [1] },
    play: (director) => {
      director.world.start(0, { kind: 'put', value: 'v0' });
      director.exchange(0, 'accept', [0, 1, 2]);
      director.world.start(1, { kind: 'put', value: 'v1' });
      director.exchange(1, 'accept', [0, 1, 2]);
      director.exchange(1, 'read', [0, 1]); // v0 has the newer tag: "overwritten already".
      director.readAt(2, [0, 1]);
    },
  },
  {
    title: 'An acceptor forgets what it promised',
    rule: 'accepts below the promise are refused',
    kept: { quorums: THREE },
    removed: { rules: { ...RULES, keepsPromises: false } },
    play: (director) => {
      beginTwoPuts(director, [0, 2]);
      refuseFirstPut(director, 1);
      director.exchange(1, 'prepare', [0, 2]);
      director.exchange(0, 'accept', [0]);
      director.exchange(1, 'accept', [0, 2]);
      director.readAt(3, [0, 2]);
    },
  },
  {
    title: 'Promises are not recovered',
    rule: 'recovery merges promises by maximum',
    kept: { quorums: THREE },
    removed: { rules: { ...RULES, recoversPromises: false } },
    play: (director) => {
      beginTwoPuts(director, [0, 2]);
      refuseFirstPut(director, 1);
      director.exchange(1, 'prepare', [0, 2]);
      director.restart(0, [1, 2]);
      director.exchange(0, 'accept', [0]);
      director.exchange(1, 'accept', [0, 2]);
      director.readAt(3, [0, 2]);
    },
  },
  {
    title: 'A replica answers before it has caught up',
    rule: 'until recovery is done it answers nothing',
    kept: { quorums: THREE },
    removed: { rules: { ...RULES, silentUntilCaughtUp: false } },
    play: (director) => {
      director.world.start(0, { kind: 'put', value: 'v1' });
      director.exchange(0, 'accept', [0, 1]);
      director.restart(0, []);
      director.readAt(1, [0, 2]);
    },
  },
  {
    title: 'A read without write-back',
    rule: 'a read returns only what is stable',
    kept: { quorums: THREE },
    removed: { rules: { ...RULES, readsStable: false } },
    play: (director) => {
      director.world.start(0, { kind: 'put', value: 'v1' });
      director.reach(0, 'accept', [0]);
      director.readAt(1, [0, 1]);
      director.readAt(2, [1, 2]);
    },
  },
  {
    title: 'A vote counted twice',
    rule: 'a voter counts once',
    kept: { quorums: THREE },
    removed: { rules: { ...RULES, countsVoterOnce: false } },
    play: (director) => {
      const { world } = director;
      world.start(0, { kind: 'put', value: 'v1' });
      director.exchange(0, 'accept', [0, 1]);
      world.start(1, { kind: 'get' });
      world.pass(13); // It asks everybody.
      director.reach(1, 'read', [2]);
      const answer = world.inFlight.find(({ from, to }) => from === 'A2' && to === 'C1')!;
      world.duplicate(answer);
      world.deliver(answer);
      world.pass(26);
    },
  },
  {
    title: 'Read again: a refusal by a newer entry acknowledges a put',
    rule: 'a refusal is no acknowledgement',
    kept: { quorums: THREE },
    removed: { rules: { ...RULES, refusesOlder: false } },
    play: (director) => {
      const { world } = director;
      const put = world.start(1, { kind: 'put', value: 'v0' });
      world.start(4, { kind: 'put', finishes: put });
      director.reach(4, 'read', [0, 1]); // C4 will hear of an empty register,
      director.exchange(1, 'accept', [0, 1, 2]); // though v0 is everywhere then.
      assert.equal(put.outcome, 'ok');
      world.start(0, { kind: 'put', value: 'v1' });
      director.exchange(0, 'accept', [2]); // A2 grants b2.
      director.arrive('A0 > C4 reply', 'A1 > C4 reply');
      director.exchange(4, 'prepare', [0, 1]); // b3 finds v0.
      world.start(2, { kind: 'put', value: 'v2' });
      director.reach(2, 'accept', [1]); // b4 is at A1 only,
      director.exchange(0, 'accept', [1]); // which refuses b2 for it.
      director.exchange(4, 'accept', [0, 2]); // v0 again, at b3.
      director.readAt(3, [0, 2]);
    },
  },
  {
    title: 'Read again: a put ends on an entry that one replica holds, and an older value is proposed again',
    rule: 'a refused put ends on a stable entry',
    kept: { quorums: THREE },
    removed: { rules: { ...RULES, finishesOnStable: false } },
    play: (director) => {
      const { world } = director;
      beginTwoPuts(director, [0, 1, 2]);
      world.start(2, { kind: 'put', value: 'v2' });
      director.reach(2, 'accept', [1]); // b3 is at A1 only.
      director.untilItPrepares(1, 1);
      director.exchange(1, 'prepare', [0, 2]); // b4 finds v0.
      director.exchange(0, 'accept', [0, 1]); // A0 refuses v1 for its promise, A1 for b3,
      director.exchange(0, 'read', [1, 2]); // of which it hears when it reads again.
      director.exchange(1, 'accept', [0, 2]); // v0 again, at b4.
      director.readAt(3, [0, 2]);
    },
  },
  {
    title: 'Read again: a put ends on an entry that one replica holds, which dies',
    rule: 'a refused put ends on a stable entry',
    kept: { quorums: THREE },
    removed: { rules: { ...RULES, finishesOnStable: false } },
    play: (director) => {
      const { world } = director;
      beginTwoPuts(director, [0, 1, 2]);
      world.start(2, { kind: 'put', value: 'v2' });
      director.reach(2, 'accept', [1]);
      director.untilItPrepares(1, 1);
      director.exchange(1, 'prepare', [0]);
      director.exchange(0, 'accept', [0, 1]);
      director.exchange(0, 'read', [1, 2]);
      director.loseAllOf(2);
      director.restart(1, [0, 2]); // Nobody else has heard of v2.
      director.readAt(3, [1, 2]);
    },
  },
  {
    title: 'Read again: a read judges the answers without the newest entry, of which there are too few',
    rule: 'those that hold it do not count among them',
    kept: { quorums: N5_R4_W2 },
    removed: { rules: { ...RULES, countsOthersAlone: false } },
    play: (director) => {
      const { world } = director;
      world.start(0, { kind: 'put', value: 'v0' });
      director.exchange(0, 'accept', [0, 1, 2, 3, 4]);
      world.start(1, { kind: 'put', value: 'v1' });
      director.exchange(1, 'accept', [0, 4]);
      assert.equal(world.calls[1]?.outcome, 'ok');
      director.readAt(2, [0, 1, 2, 3]); // One of them holds v1, three v0.
    },
  },
];
