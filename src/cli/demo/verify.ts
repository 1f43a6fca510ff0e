// The last look: every key, at level `all`. A replica may still die of something else, and be back in a while, which is
// long on a slow machine: so what could not be read is read again, as long as that brings anything.
import { setTimeout as delay } from 'node:timers/promises';
import type { Observation } from './observation.ts';

const READS_AT_ONCE = 64;
/** Rounds in a row that bring nothing: then the rest cannot be read. */
const VAIN_ROUNDS_MAX = 5;
const AGAIN_MS = 200;

/** What {@link verifyAll} needs. */
export interface VerifyOptions {
  /** By key. */
  readonly names: readonly string[];
  /** Reads one key; `undefined` when not all replicas answered. */
  readonly read: (key: number, name: string) => Promise<Observation | undefined>;
  readonly take: (seen: Observation) => void;
  /** Waits until all replicas vote, within its own deadline; called before keys are read again. */
  readonly untilAllVote: () => Promise<void>;
}

/** Reads every key and hands over what it saw. @returns how many keys could not be read. */
export async function verifyAll(options: VerifyOptions): Promise<number> {
  let left = [...options.names.keys()];
  for (let vain = 0; left.length > 0 && vain < VAIN_ROUNDS_MAX;) {
    const unread = await readEach(left, options);
    if (unread.length === 0) return 0;
    vain = unread.length < left.length ? 0 : vain + 1;
    left = unread;
    await delay(AGAIN_MS);
    await options.untilAllVote();
  }
  return left.length;
}

/** @returns the keys that could not be read. */
async function readEach(keys: readonly number[], { names, read, take }: VerifyOptions): Promise<number[]> {
  const unread: number[] = [];
  let next = 0;
  const serve = async (): Promise<void> => {
    while (next < keys.length) {
      const key = keys[next++]!;
      // A read that fails is a key that cannot be read, which fails the run: nothing is hidden by trying again.
      const seen = await read(key, names[key]!).catch(() => undefined);
      if (seen === undefined) unread.push(key);
      else take(seen);
    }
  };
  await Promise.all(Array.from({ length: READS_AT_ONCE }, serve));
  return unread;
}
