// A stream of frames to another thread, in chunks: the consumer adds up what it takes, leaves the sum in one shared
// word and clears another. What every ring of ours is measured with, and the limit that they are compared with.
import { nowMs } from '../../src/base/clock.ts';
import { waitWhile } from './program.ts';
import { expectAnswer } from './subject.ts';
import type { Contender } from './subject.ts';

/** A producer, and the words that it shares with its consumer. */
export interface Stream {
  readonly words: Int32Array;
  /** Index of the word that holds the frames to take; the consumer answers by setting it to 0. */
  readonly pass: number;
  /** Index of the word where the consumer leaves the sum. */
  readonly sum: number;
  /** Frames between two looks at the clock. */
  readonly chunk: number;
  /** Sends so many frames. @returns the sum that they have. @throws when nobody takes them. */
  readonly produce: (frames: number) => number;
}

/** The contender that sends chunks for as long as it is told to. `rest` is its note, and how it ends. */
export function streamContender(
  { words, pass, sum, chunk, produce }: Stream,
  rest: Pick<Contender, 'note' | 'close'>,
): Contender {
  const send = (): void => {
    Atomics.store(words, pass, chunk);
    Atomics.notify(words, pass);
    const expected = produce(chunk);
    waitWhile(words, pass, chunk);
    expectAnswer(words[sum], expected, 'the sum of all words');
  };
  return {
    ...rest,
    check: send,
    pass: (ms) => {
      const startMs = nowMs();
      let frames = 0;
      for (; nowMs() - startMs < ms; frames += chunk) send();
      return (frames * 1000) / (nowMs() - startMs);
    },
  };
}
