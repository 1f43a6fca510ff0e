import type { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { below, seededRandom } from '../../src/base/random.ts';
import { TALLY } from '../../src/ring/layout.ts';
import type { SharedMemory } from '../../src/ring/memory.ts';
import { GRANTED, NO_MEMORY, REFUSED, TallyBoard, createTallyBoard } from '../../src/ring/tally-board.ts';
import { replayCommand, testSeed } from '../support/seed.ts';
import { explore } from './interleavings.ts';
import { startThread, turn } from './thread.ts';
import { epochFor, voteFor } from './votes.ts';

const SEED = testSeed();
const REPLAY = replayCommand('test/ring/tally-board.test.ts', SEED);
const ALL = 0b11111;

function boardOf(slots = 32, voters = 5): TallyBoard {
  return new TallyBoard(createTallyBoard(slots, voters));
}

describe('A tally board', () => {
  it.each([
    ['_____', false],
    ['yy___', false],
    ['yyy__', true],
    ['yynn_', false],
    ['ynnn_', true],
    ['mmn__', true],
    ['yyyyy', true],
  ])('with 3 of 5 needed, the last of the votes %s decides: %s', (votes, isDecided) => {
    const board = boardOf();
    const generation = board.open(3, 3, ALL, 0);
    let said = 0;
    votes.split('').forEach((letter, voter) => {
      const vote = { y: GRANTED, n: REFUSED, m: NO_MEMORY }[letter];
      if (vote !== undefined && board.vote(3, generation, voter, vote as 1 | 2 | 3, 1)) said++;
    });
    expect(said).toBe(isDecided ? 1 : 0); // One voter says so, whoever follows.
    expect(board.takeDecided(0)).toBe(isDecided ? 1 << 3 : 0);
    const mask = (letter: string): number =>
      votes.split('').reduce((sum, each, at) => sum + (each === letter ? 1 << at : 0), 0);
    expect([GRANTED, REFUSED, NO_MEMORY].map((vote) => board.votersOf(3, vote as 1 | 2 | 3))).toEqual([
      mask('y'),
      mask('n'),
      mask('m'),
    ]);
  });

  it('counts a repeated vote once, and the last vote of a voter that changed its mind', () => {
    const board = boardOf();
    const generation = board.open(0, 3, ALL, 0);
    for (let times = 0; times < 9; times++) expect(board.vote(0, generation, 4, GRANTED, 2)).toBe(false);
    expect(board.votersOf(0, GRANTED)).toBe(1 << 4);
    board.vote(0, generation, 4, REFUSED, 3);
    expect([board.votersOf(0, GRANTED), board.votersOf(0, REFUSED)]).toEqual([0, 1 << 4]);
    expect(board.voteOf(0, 4)).toBe((3 << 2) | REFUSED);
  });

  it('voids votes for a question that is closed or followed by another', () => {
    const board = boardOf();
    const first = board.open(0, 1, ALL, 0);
    board.close(0);
    expect([board.vote(0, first, 0, GRANTED, 1), board.votersOf(0, GRANTED)]).toEqual([false, 0]);
    const second = board.open(0, 1, ALL, 7);
    expect([board.vote(0, first, 0, GRANTED, 1), board.voteOf(0, 0), board.restartsAtOpen(0)]).toEqual([false, 0, 7]);
    expect(board.vote(0, second, 0, GRANTED, 1)).toBe(true);
  });

  it('has no generation 0, so that a voter that never voted has not voted, also after 2^32 questions', () => {
    const memory = createTallyBoard(32, 5);
    const board = new TallyBoard(memory);
    memory.words[recordOf(memory, 0) + TALLY.RECORD.GENERATION] = -2;
    expect([board.open(0, 1, ALL, 0), board.open(0, 1, ALL, 0)]).toEqual([-1, 1]);
    expect(board.votersOf(0, GRANTED)).toBe(0);
    memory.words[recordOf(memory, 0) + TALLY.RECORD.GENERATION] = -1;
    board.close(0);
    expect(board.voteOf(0, 0)).toBe(0);
  });

  it('loses for those asked only, until more are asked', () => {
    const board = boardOf();
    const generation = board.open(5, 2, 0b00011, 0);
    expect(board.vote(5, generation, 0, REFUSED, 1)).toBe(true);
    expect(board.takeDecided(0)).toBe(1 << 5);
    board.ask(5, 0b00100);
    expect(board.vote(5, generation, 1, GRANTED, 1)).toBe(false);
    expect(board.vote(5, generation, 2, GRANTED, 1)).toBe(true);
  });

  it('carries the largest epoch and names the last slot', () => {
    const board = boardOf(2048, 9);
    const generation = board.open(2047, 1, 0b1_0000_0000, 0);
    expect(board.vote(2047, generation, 8, GRANTED, 2 ** 29 - 1)).toBe(true);
    expect(board.voteOf(2047, 8) >>> 2).toBe(2 ** 29 - 1);
    expect(board.takeDecided(63)).toBe(1 << 31);
  });

  it.each([
    [31, 5],
    [0, 5],
    [32 * 2049, 5],
    [32, 0],
    [32, 16],
  ])('of %i slots and %i voters is refused', (slots, voters) => {
    expect(() => createTallyBoard(slots, voters)).toThrow(
      expect.objectContaining({ code: 'ERR_QUORATE_INVALID_ARGUMENT' }),
    );
  });

  it(`agrees with a slow count of votes in a map (${REPLAY})`, () => {
    const random = seededRandom(SEED);
    const board = boardOf();
    for (let question = 0; question < 3000; question++) {
      const needed = 1 + below(random, 5);
      const asked = below(random, 32);
      const generation = board.open(9, needed, asked, 0);
      const votes = new Map<number, number>();
      let wasDecided = false;
      for (let ballot = below(random, 9); ballot > 0; ballot--) {
        const voters = [0, 1, 2, 3, 4].filter((voter) => (asked >>> voter) & 1);
        if (voters.length === 0) break;
        const voter = voters[below(random, voters.length)]!;
        if (votes.has(voter)) continue;
        const vote = (1 + below(random, 3)) as 1 | 2 | 3;
        votes.set(voter, vote);
        const granted = [...votes.values()].filter((each) => each === GRANTED).length;
        const isDecided = granted >= needed || voters.length - (votes.size - granted) < needed;
        expect(board.vote(9, generation, voter, vote, 1)).toBe(isDecided && !wasDecided);
        wasDecided ||= isDecided;
      }
      expect(board.takeDecided(0)).toBe(wasDecided ? 1 << 9 : 0);
    }
  });
});

describe('Voters at the same time', () => {
  it('R14: hold no lock: in every interleaving somebody says that it is decided, and exactly one', () => {
    const runs = explore({
      memory: () => {
        const memory = createTallyBoard(32, 3);
        new TallyBoard(memory).open(0, 2, 0b111, 0);
        return memory;
      },
      preemptions: 2,
      programs: [0, 1].map((voter) => (memory, out) => {
        out.push(new TallyBoard(memory).vote(0, 1, voter, GRANTED, 1));
      }),
      check: ({ said, memory }) => {
        expect(said.flat().filter(Boolean).length).toBe(1);
        expect(new TallyBoard(memory).votersOf(0, GRANTED)).toBe(0b11);
      },
    });
    expect(runs).toBeGreaterThan(100);
  });

  it('R13: are never counted for a question that they did not hear of, in any interleaving with the next one', () => {
    const runs = explore({
      memory: () => {
        const memory = createTallyBoard(32, 1);
        new TallyBoard(memory).open(0, 1, 1, 0);
        return memory;
      },
      preemptions: 3,
      programs: [
        (memory, out) => {
          const board = new TallyBoard(memory);
          out.push(board.voteOf(0, 0));
          const second = board.open(0, 1, 1, 0);
          for (let look = 0; look < 2; look++) out.push(board.voteOf(0, 0), board.votersOf(0, GRANTED));
          out.push(second);
        },
        (memory) => {
          new TallyBoard(memory).vote(0, 1, 0, GRANTED, 1);
        },
      ],
      check: ({ said: [seen] }) => {
        expect([0, (1 << 2) | GRANTED]).toContain(seen![0]);
        expect(seen!.slice(1)).toEqual([0, 0, 0, 0, 2]);
      },
    });
    expect(runs).toBeGreaterThan(100);
  });
});

describe('A board that is read while real threads write it', () => {
  const SLOTS = 32;
  const READS = 2_000_000;
  const workers: Worker[] = [];
  afterEach(async () => {
    await Promise.all(workers.splice(0).map((worker) => worker.terminate()));
  });

  /** Reads until enough votes were seen. @returns votes seen, and how many of them no voter had cast. */
  async function readAlong(isTorn: boolean): Promise<{ seen: number; torn: number }> {
    const memory = createTallyBoard(SLOTS, 2);
    const announced = new Int32Array(new SharedArrayBuffer(4 * SLOTS));
    for (const voter of [0, 1]) {
      workers.push(startThread('voter', { buffer: memory.words.buffer, announced, voter, isTorn }));
    }
    const board = new TallyBoard(memory);
    let seen = 0;
    let torn = 0;
    while (seen < READS && (torn === 0 || seen < READS / 8)) {
      await turn();
      for (let read = 0; read < 20_000; read++) {
        const slot = read % SLOTS;
        if (read % (SLOTS * 8) < SLOTS) Atomics.store(announced, slot, board.open(slot, 2, 0b11, 0));
        for (const voter of [0, 1]) {
          const word = board.voteOf(slot, voter);
          if (word === 0) continue;
          seen++;
          const generation = Atomics.load(announced, slot);
          if (word !== ((epochFor(generation, voter) << 2) | voteFor(generation))) torn++;
        }
      }
    }
    return { seen, torn };
  }

  it(`R13: shows no torn vote in ${READS} that are seen`, async () => {
    const { seen, torn } = await readAlong(false);
    expect([seen >= READS, torn]).toEqual([true, 0]);
  }, 120_000); // The threads of a busy machine run one after the other.

  it('R13: shows torn votes when the voters write the generation first, so the check can fail', async () => {
    const { torn } = await readAlong(true);
    expect(torn).toBeGreaterThan(0);
  }, 120_000);
});

function recordOf(memory: SharedMemory, slot: number): number {
  const { words } = memory;
  return words.length - (words[TALLY.SLOTS]! - slot) * words[TALLY.STRIDE]!;
}
