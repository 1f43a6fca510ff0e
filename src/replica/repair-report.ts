// What a repair has found and done. Types, and the counting.
import { votersIn } from '../quorum/quorum-system.ts';
import { REPAIR_KEYS_NAMED_MAX } from '../base/limits.ts';
import type { CorruptKey, RepairReport, RepairedReplica } from '../store/repair.ts';

/** How a replica fared in a comparison. */
export type Fate = 'compared' | 'silent' | 'down' | 'restarted';

/** One replica's line. */
interface Line {
  fate: Fate;
  /** In the first comparison. */
  leaves: number;
  keys: number;
  /** In the last one. */
  leavesLeft: number;
  keysLeft: number;
}

/** Adds up the report of one repair. */
export class RepairTally {
  rounds = 0;
  keysCompared = 0;
  keysDiffering = 0;
  keysRepaired = 0;
  keysLeft = 0;
  isConverged = false;
  readonly #corrupt = new Map<string, CorruptKey>();
  #corruptKeys = 0;
  /** By replica. */
  readonly #lines = new Map<number, Line>();

  /** `replicas`: the members, as a mask. */
  constructor(replicas: number) {
    for (const replica of votersIn(replicas)) {
      this.#lines.set(replica, { fate: 'down', leaves: 0, keys: 0, leavesLeft: 0, keysLeft: 0 });
    }
  }

  /** A comparison begins. What is still to be repaired is found out anew; what was found before stays reported. */
  beginRound(): void {
    this.rounds++;
    this.keysLeft = 0;
    this.keysCompared = 0;
    for (const line of this.#lines.values()) {
      line.fate = 'down';
      line.leavesLeft = line.keysLeft = 0;
    }
  }

  noteFate(replica: number, fate: Fate): void {
    this.#lines.get(replica)!.fate = fate;
  }

  noteLeaf(replica: number): void {
    const line = this.#lines.get(replica)!;
    line.leavesLeft++;
    if (this.rounds === 1) line.leaves++;
  }

  noteBehind(replicas: number): void {
    for (const replica of votersIn(replicas)) {
      const line = this.#lines.get(replica)!;
      line.keysLeft++;
      if (this.rounds === 1) line.keys++;
    }
  }

  noteCorrupt(corrupt: CorruptKey): void {
    const isKnown = this.#corrupt.has(corrupt.key); // In a round before this one.
    if (!isKnown) this.#corruptKeys++;
    if (isKnown || this.#corrupt.size < REPAIR_KEYS_NAMED_MAX) this.#corrupt.set(corrupt.key, corrupt);
  }

  get report(): RepairReport {
    const { rounds, keysCompared, keysDiffering, keysRepaired, keysLeft, isConverged } = this;
    const replicas = Array.from(
      this.#lines,
      ([replica, { fate, leaves, keys, leavesLeft, keysLeft: left }]): RepairedReplica => ({
        replica,
        state: fate,
        leavesDiffering: leaves,
        keysBehind: keys,
        leavesLeft,
        keysLeft: left,
      }),
    );
    const counts = { rounds, keysCompared, keysDiffering, keysRepaired, keysLeft };
    return { isConverged, ...counts, keysCorrupt: this.#corruptKeys, corrupt: [...this.#corrupt.values()], replicas };
  }
}
