// A look into a simulated cluster, for checks that its user writes.
import { LARGE_HEADER_BYTES } from '../../base/large-value.ts';
import { versionOf } from '../../protocol/ballot.ts';
import type { Entry } from '../../replica/key-table.ts';
import { sharedValue } from '../../replica/large-lane.ts';
import { NO_VALUE } from '../../replica/wire.ts';
import type { ReplicaState } from './sim-epochs.ts';
import type { SimCluster } from './sim-cluster.ts';
import { encodedNumber } from './values.ts';

/** What one replica holds under a key. */
export interface EntryProbe {
  readonly key: string;
  /** Number of the value; `undefined` when the key is deleted, or was only promised. */
  readonly value: number | undefined;
  /** Ballot of the entry and highest promise, 16 hexadecimal digits each: string order is ballot order. */
  readonly accepted: string;
  readonly promised: string;
  /** Whether this incarnation voted for it, and did not inherit it. */
  readonly isVoted: boolean;
}

/** One replica. */
export interface ReplicaProbe {
  readonly replica: number;
  readonly state: ReplicaState;
  /** Incarnation, from 1. */
  readonly epoch: number;
  /** What it holds, in the order in which the keys came; nothing while it is down. */
  readonly entries: readonly EntryProbe[];
}

/** A cluster at one moment. */
export interface ClusterProbe {
  /** Virtual time in milliseconds. */
  readonly nowMs: number;
  /** Whether faults still happen. */
  readonly isStorm: boolean;
  readonly replicas: readonly ReplicaProbe[];
}

/** Looks at a cluster. */
export function probeOf({ engine, isStorm, replicas, epochs }: SimCluster): ClusterProbe {
  return {
    nowMs: engine.nowMs,
    isStorm,
    replicas: replicas.map(({ replica }, index) => ({
      replica: index,
      state: epochs.stateOf(index),
      epoch: epochs.epochOf(index),
      entries: Array.from(replica?.table.entries() ?? [], entryOf),
    })),
  };
}

function entryOf(entry: Entry): EntryProbe {
  const { key, keyBytes, register } = entry;
  const number = heldNumber(entry);
  return {
    key: keyText(key, keyBytes),
    value: number === 0 ? undefined : number,
    accepted: versionOf(register.accepted),
    promised: versionOf(register.promised),
    isVoted: register.isVoted,
  };
}

/** The number of the value that an entry holds; 0 where it holds none. */
export function heldNumber({ value, valueBytes, large }: Entry): number {
  if (valueBytes === NO_VALUE) return 0;
  if (large === undefined) return encodedNumber(new Uint8Array(value.buffer), 0, valueBytes);
  return encodedNumber(new Uint8Array(sharedValue(large).buffer), LARGE_HEADER_BYTES, large.byteLength);
}

/** The key of an entry: those of plans are plain ASCII. */
export function keyText(key: Int32Array, keyBytes: number): string {
  return String.fromCharCode(...new Uint8Array(key.buffer, key.byteOffset, keyBytes));
}
