// What a client holds of a cluster: its lane of rings to every replica, its tally board, its doorbell.
import type { Buckets } from '../replica/bucket.ts';
import type { Topics } from '../replica/topic-rules.ts';
import type { Sabotage } from './sabotage.ts';

/** The rings between one client and one replica. */
export interface LaneMemory {
  readonly requests: SharedArrayBuffer;
  readonly replies: SharedArrayBuffer;
}

/** What the supervisor answers to a client that connects; plain and cloneable. */
export interface Connection {
  /** The client's place in the client table, and its lane at every replica. */
  readonly client: number;
  /** Counts connections, so that a late answer to a predecessor is told apart. */
  readonly serial: number;
  readonly name: string;
  readonly board: SharedArrayBuffer;
  /** The rule that this cluster breaks on purpose, if any. */
  readonly sabotage: Sabotage | undefined;
  readonly buckets: Buckets;
  readonly readRepair: boolean;
  /** Bytes that the client caches at most. */
  readonly cacheBytesMax: number;
  readonly topics: Topics;
  /** Capacity of each ring. */
  readonly ringBytes: number;
  /** By replica. */
  readonly lanes: readonly LaneMemory[];
  readonly tally: SharedArrayBuffer;
}

/** Name of the channel on which clients ask to be connected. */
export function doorChannel(clusterName: string): string {
  return `quorate:${clusterName}:door`;
}

/** Name of the channel for large values between a client's connection and a replica. */
export function clientLargeChannel(clusterName: string, serial: number, replica: number): string {
  return `quorate:${clusterName}:client:${serial}:${replica}`;
}

/** Name of the channel for large values from one replica to another. */
export function peerLargeChannel(clusterName: string, from: number, to: number): string {
  return `quorate:${clusterName}:peer:${Math.min(from, to)}:${Math.max(from, to)}`;
}

/** The thread number that rings know a replica's incarnation by; never 0. */
export function replicaOwner(replica: number, epoch: number): number {
  return epoch * 16 + replica + 1;
}

/** The thread number that rings know a client's connection by; negative, so that it is no replica's. */
export function clientOwner(serial: number): number {
  return -1 - serial;
}

/** One incarnation of a replica. */
export interface Inside {
  readonly replica: number;
  readonly epoch: number;
}

/** What travels on the door channel. */
export type DoorMessage =
  | {
      readonly kind: 'connect';
      readonly ticket: string;
      readonly client: number;
      readonly claim: number;
      /** Whose thread it is in, where that is a replica: it ends with that. */
      readonly inside?: Inside;
    }
  | { readonly kind: 'connected'; readonly ticket: string; readonly connection: Connection }
  | { readonly kind: 'disconnect'; readonly client: number; readonly serial: number };
