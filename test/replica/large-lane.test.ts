import { describe, expect, it } from 'vitest';
import { CLIENT_HOLDER, claimBuffer, replicaHolder } from '../../src/base/large-value.ts';
import { LARGE_PENDING_MAX } from '../../src/base/limits.ts';
import { RULES } from '../../src/protocol/rules.ts';
import { ParcelLane, sharedValue } from '../../src/replica/large-lane.ts';
import type { Parcel, ParcelChannel } from '../../src/replica/large-lane.ts';
import { LargePool } from '../../src/replica/large-pool.ts';

/** A channel that a blocked thread takes from. */
class Queue implements ParcelChannel {
  readonly parcels: Parcel[] = [];
  post = (parcel: Parcel): void => void this.parcels.push(parcel);
  take = (): Parcel | undefined => this.parcels.shift();
  listen = (): void => {};
  close = (): void => {};
}

/** A client and replica 0 in its first incarnation, which sends and takes in `epoch`. */
function laneOf(epoch: number): {
  readonly client: ParcelLane;
  readonly replica: ParcelLane;
  readonly pool: LargePool;
  readonly epochs: { epochOf(): number };
} {
  const channel = new Queue();
  let references = 0;
  const nextReference = (): number => ++references;
  const self = replicaHolder(0, epoch);
  const client = new ParcelLane({ channel, nextReference, self: CLIENT_HOLDER, peer: () => replicaHolder(0, 1) });
  const replica = new ParcelLane({ channel, nextReference, self, peer: () => CLIENT_HOLDER });
  const epochs = { epochOf: (): number => epoch };
  return { client, replica, pool: new LargePool(epochs), epochs };
}

describe('A lane for large values', () => {
  it('counts the receiver before it hands a value on', () => {
    const { client, replica, pool, epochs } = laneOf(1);
    const value = pool.allocate(5000);
    const reference = client.send(value);
    value.release();
    expect(claimBuffer(value.buffer, epochs)).toBe(false);
    const taken = replica.take(reference)!;
    expect(sharedValue(taken).buffer).toBe(value.buffer);
    taken.release();
    expect(claimBuffer(value.buffer, epochs)).toBe(true);
  });

  it('refuses a value that was counted for a predecessor: its memory may be used again already', () => {
    const { client, replica, pool, epochs } = laneOf(2);
    const value = pool.allocate(5000);
    const reference = client.send(value);
    expect(replica.take(reference)).toBeUndefined();
    value.release();
    expect(claimBuffer(value.buffer, epochs)).toBe(true);
  });

  it('keeps a bounded number of values whose frames never came, and lets go of the rest', () => {
    const { client, replica, pool, epochs } = laneOf(1);
    const values = Array.from({ length: LARGE_PENDING_MAX + 2 }, () => pool.allocate(5000));
    for (const value of values) {
      client.send(value);
      value.release();
    }
    expect(replica.take(0)).toBeUndefined();
    expect(values.map(({ buffer }) => claimBuffer(buffer, epochs)).filter(Boolean)).toHaveLength(2);
    replica.close();
    expect(values.slice(2).every(({ buffer }) => claimBuffer(buffer, epochs))).toBe(true);
  });
});

describe('A pool without the rule that spares what replicas hold', () => {
  it('hands the memory of a stored value out again', () => {
    const epochs = { epochOf: (): number => 1 };
    for (const sparesHeldValues of [true, false]) {
      const pool = new LargePool(epochs, { ...RULES, sparesHeldValues });
      const value = pool.allocate(5000);
      value.holdFor(replicaHolder(0, 1));
      value.release();
      expect(pool.allocate(5000).buffer === value.buffer).toBe(!sparesHeldValues);
    }
  });
});
