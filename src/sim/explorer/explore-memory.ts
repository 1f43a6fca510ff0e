// Every interleaving of the accesses of a few threads to shared memory, production code included: each plain or atomic
// access is one step. Threads may be killed at any step, and a successor takes over once the exit was seen.
//
// With buffered stores, a plain store becomes visible to the others late, and stores to different words in any order,
// at the latest before the thread's next atomic access; those to one word stay in order. That is what a store buffer
// of a processor does and what the memory model of JavaScript allows of stores (loads that happen early are not
// explored; atomics are sequentially consistent). Source: partial store order, as in the SPARC Architecture Manual,
// version 8 (1992), chapter 6; ECMA-262, chapter "Memory Model".
import { explore } from './explore.ts';
import type { ExploreOptions } from './explore.ts';
import { MemoryMachine } from './memory-machine.ts';
import { checkedModel } from './memory-model.ts';
import type { MemoryExploration, MemoryModel } from './memory-model.ts';
import { RecordedThread } from './recorded-thread.ts';
import { WordSharing } from './word-sharing.ts';

/**
 * Explores every interleaving. Blocks its thread; deterministic.
 *
 * @throws {RangeError} `ERR_QUORATE_INVALID_ARGUMENT` when a part of the model or a limit is not allowed.
 * @example
 * ```ts
 * import { exploreMemory } from 'quorate/sim';
 *
 * // The flag is a plain store: it may become visible before the value that it announces.
 * const found = exploreMemory({
 *   words: new Int32Array(2),
 *   threads: [
 *     { program: ({ words }) => ((words[0] = 7), (words[1] = 1)) },
 *     { program: ({ words, atomics }, say) => atomics.load(words, 1) === 1 && say(words[0]) },
 *   ],
 *   stores: 'buffered',
 *   judgeEnd: ({ said }) => (said[1]?.includes(0) ? 'The flag came before the value' : undefined),
 * });
 * console.log(found.verdict, found.reason); // wrong The flag came before the value
 * ```
 */
export function exploreMemory(given: MemoryModel, options: ExploreOptions = {}): MemoryExploration {
  const model = checkedModel(given);
  const threads = model.threads.map(({ program }) => new RecordedThread(program, model.words.length));
  const sharing = new WordSharing(model.words.length);
  for (;;) {
    sharing.isRefuted = false;
    const machine = new MemoryMachine(model, threads, sharing);
    const { path, ...found } = explore(machine, options);
    if (sharing.isRefuted) continue; // A word that seemed to be one thread's own is not.
    const lines = path.slice(1).map((step, index) => machine.describe(path[index]!.state, step.action!));
    return { ...found, path: lines };
  }
}
