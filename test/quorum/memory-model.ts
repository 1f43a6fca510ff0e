// The least that recovery owes a register, without a register: a quorum knows something, replicas lose their memory and
// get it back from whom they hear, and nobody who asks a quorum may miss it.
import { lowestBits } from '../../src/base/bits.ts';
import { below } from '../../src/base/random.ts';
import type { Random } from '../../src/base/random.ts';
import type { RegisterQuorums } from '../../src/quorum/index.ts';
import type { QuorumSets } from '../../src/quorum/quorum-sets.ts';

const STEPS = 60;

/** What came to pass: those who knew it, and a quorum of operational replicas none of whom do. */
export interface Forgotten {
  readonly known: 'entry' | 'promise' | 'read';
  readonly knowing: number;
  readonly asked: number;
}

/** Plays one random life of each kind; `undefined` when nothing was forgotten before the state was lost. */
export function forgotten(quorums: RegisterQuorums, sets: QuorumSets, random: Random): Forgotten | undefined {
  const isAsking = {
    entry: (mask: number) => sets.isRead(mask) || sets.isPrepare(mask),
    promise: (mask: number) => sets.isWrite(mask),
    read: (mask: number) => sets.isRead(mask) || sets.isPrepare(mask) || (sets.cachesPromises && sets.isWrite(mask)),
  };
  const isTelling = {
    entry: (mask: number) => sets.isWrite(mask),
    promise: (mask: number) => sets.isPrepare(mask),
    read: (mask: number) => sets.isAgreeing(mask),
  };
  for (const known of ['entry', 'promise', 'read'] as const) {
    const first = someSet(quorums.replicas, isTelling[known], random);
    const found = life(quorums, { ...sets, isAsking: isAsking[known] }, { first, random });
    if (found !== undefined) return { known, ...found };
  }
  return undefined;
}

type Sets = Pick<QuorumSets, 'mayRecover' | 'isLost'> & { readonly isAsking: (mask: number) => boolean };

function life(
  { replicas }: RegisterQuorums,
  sets: Sets,
  start: { readonly first: number; readonly random: Random },
): Omit<Forgotten, 'known'> | undefined {
  const everyone = lowestBits(replicas);
  let knowing = start.first;
  let down = 0;
  for (let step = 0; step < STEPS; step++) {
    const replica = below(start.random, replicas);
    const bit = 1 << replica;
    if ((down & bit) === 0) {
      down |= bit;
      knowing &= ~bit;
      if (sets.isLost(down)) return undefined; // And says so.
    } else {
      const heard = everyone & ~down & below(start.random, everyone + 1);
      if (!sets.mayRecover(replica, heard)) continue;
      down &= ~bit;
      if ((heard & knowing) !== 0) knowing |= bit;
    }
    const asked = everyone & ~down & ~knowing;
    if (sets.isAsking(asked)) return { knowing, asked };
  }
  return undefined;
}

/** A set that is in, as small as random removals make it. */
function someSet(replicas: number, isIn: (mask: number) => boolean, random: Random): number {
  let mask = lowestBits(replicas);
  for (let step = 0; step < 4 * replicas; step++) {
    const without = mask & ~(1 << below(random, replicas));
    if (isIn(without)) mask = without;
  }
  return mask;
}
