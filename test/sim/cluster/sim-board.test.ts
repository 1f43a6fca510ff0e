// The simulated board against the ring layer's, vote by vote.
import { describe, expect, it } from 'vitest';
import { below, seededRandom } from '../../../src/base/random.ts';
import { TallyBoard, createTallyBoard } from '../../../src/ring/tally-board.ts';
import type { Vote } from '../../../src/ring/tally-board.ts';
import { SimBoard } from '../../../src/sim/cluster/sim-board.ts';
import { replayCommand, testSeed } from '../../support/seed.ts';

const SLOTS = 32;
const VOTERS = 5;
const VOTES: readonly Vote[] = [1, 2, 3];

describe('A simulated board', () => {
  it('says what a board in shared memory says, whatever is asked of both', () => {
    const seed = testSeed();
    const random = seededRandom(seed);
    const boards = [new SimBoard(SLOTS, VOTERS), new TallyBoard(createTallyBoard(SLOTS, VOTERS))];
    const generations = Array.from({ length: SLOTS }, () => 0);
    const both = (ask: (board: SimBoard | TallyBoard) => unknown): unknown => {
      const [simulated, shared] = boards.map(ask);
      expect(simulated, replayCommand('test/sim/cluster/sim-board.test.ts', seed)).toEqual(shared);
      return shared;
    };
    for (let step = 0; step < 20_000; step++) {
      const slot = below(random, 4) * 10;
      const voter = below(random, VOTERS);
      const number = below(random, 10);
      if (number === 0) {
        const [needed, asked, restarts] = [1 + below(random, VOTERS), below(random, 32), below(random, 9)];
        generations[slot] = both((board) => board.open(slot, needed, asked, restarts)) as number;
      } else if (number === 1) both((board) => board.close(slot));
      else if (number === 2) both((board) => board.ask(slot, 1 << voter));
      else if (number === 3) both((board) => board.takeDecided(0));
      else {
        const generation = generations[slot]! - below(random, 2);
        const [vote, epoch] = [VOTES[below(random, 3)]!, 1 + below(random, 5)];
        both((board) => board.vote(slot, generation, voter, vote, epoch));
      }
      both((board) => [
        board.restartsAtOpen(slot),
        board.voteOf(slot, voter),
        VOTES.map((v) => board.votersOf(slot, v)),
      ]);
    }
  });
});
