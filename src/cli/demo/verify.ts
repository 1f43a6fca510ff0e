// The last look: every key, at level `all`.
import { setTimeout as delay } from 'node:timers/promises';
import type { Observation } from './observation.ts';

const READS_AT_ONCE = 64;
const TRIES = 5;
const AGAIN_MS = 200;

/** Reads every key and hands over what it saw. @returns how many keys could not be read. */
export async function verifyAll(
  names: readonly string[],
  read: (key: number, name: string) => Promise<Observation | undefined>,
  take: (seen: Observation) => void,
): Promise<number> {
  let next = 0;
  let unread = 0;
  const serve = async (): Promise<void> => {
    while (next < names.length) {
      const key = next++;
      const seen = await readPatiently(() => read(key, names[key]!));
      if (seen === undefined) unread += 1;
      else take(seen);
    }
  };
  await Promise.all(Array.from({ length: READS_AT_ONCE }, serve));
  return unread;
}

async function readPatiently(read: () => Promise<Observation | undefined>): Promise<Observation | undefined> {
  for (let tries = 1; tries <= TRIES; tries++) {
    // A read that fails is a key that cannot be read, which fails the run: nothing is hidden by trying again.
    const seen = await read().catch(() => undefined);
    if (seen !== undefined) return seen;
    await delay(AGAIN_MS);
  }
  return undefined;
}
