import { describe, expect, it } from 'vitest';
import { LargePool } from '../../src/replica/large-pool.ts';
import { CLIENT_HOLDER, HELD_MAX, SharedValue, claimBuffer, replicaHolder } from '../../src/base/large-value.ts';

/** Epochs of five replicas that a test moves. */
class FakeEpochs {
  readonly epochs = [1, 1, 1, 1, 1];
  epochOf = (replica: number): number => this.epochs[replica] ?? 0;
  restarts = (): number => 0;
  isOperational = (): boolean => true;
}

describe('The memory of a large value', () => {
  it('is used again only when its last holder has let go', () => {
    const epochs = new FakeEpochs();
    const pool = new LargePool(epochs);
    const value = pool.allocate(100_000);
    value.holdFor(replicaHolder(2, 1)); // Handed to a replica,
    value.release(); // and let go of by the client.
    expect(pool.allocate(100_000).buffer).not.toBe(value.buffer);
    const atReplica = new SharedValue(value.buffer, 100_000, replicaHolder(2, 1));
    atReplica.holdFor(CLIENT_HOLDER); // A read takes it to a client,
    atReplica.release(); // and the replica gets another value.
    expect(pool.allocate(100_000).buffer).not.toBe(value.buffer);
    new SharedValue(value.buffer, 100_000, CLIENT_HOLDER).release();
    const again = Array.from({ length: 3 }, () => pool.allocate(100_000).buffer);
    expect(again).toContain(value.buffer);
  });

  it('is used again when the replica that held it has died', () => {
    const epochs = new FakeEpochs();
    const pool = new LargePool(epochs);
    const value = pool.allocate(100_000);
    value.holdFor(replicaHolder(3, 1));
    value.holdFor(replicaHolder(3, 1));
    value.release();
    expect(claimBuffer(value.buffer, epochs)).toBe(false);
    epochs.epochs[3] = 2;
    expect(claimBuffer(value.buffer, epochs)).toBe(true);
  });

  it('held by the next incarnation counts from nothing', () => {
    const epochs = new FakeEpochs();
    const value = new LargePool(epochs).allocate(5000);
    value.holdFor(replicaHolder(0, 1));
    epochs.epochs[0] = 2;
    value.holdFor(replicaHolder(0, 2));
    value.release();
    expect(claimBuffer(value.buffer, epochs)).toBe(false);
    new SharedValue(value.buffer, 5000, replicaHolder(0, 2)).release();
    expect(claimBuffer(value.buffer, epochs)).toBe(true);
  });

  it('is not let go of by who hands it to a predecessor of its holder', () => {
    const epochs = new FakeEpochs();
    const value = new LargePool(epochs).allocate(5000);
    epochs.epochs[0] = 2;
    value.holdFor(replicaHolder(0, 2));
    value.holdFor(replicaHolder(0, 1)); // By a thread that looked at the epoch before the restart, and then slept.
    value.release();
    expect(claimBuffer(value.buffer, epochs)).toBe(false);
    new SharedValue(value.buffer, 5000, replicaHolder(0, 2)).release();
    expect(claimBuffer(value.buffer, epochs)).toBe(true);
  });

  it('held by clients thousands of times is counted still', () => {
    const epochs = new FakeEpochs();
    const value = new LargePool(epochs).allocate(5000);
    for (let hold = 0; hold < 100_000; hold++) value.hold();
    for (let hold = 0; hold < 100_000; hold++) value.release();
    expect(claimBuffer(value.buffer, epochs)).toBe(false);
    value.release();
    expect(claimBuffer(value.buffer, epochs)).toBe(true);
  });

  it('held by a replica more often than it can count is held until it dies', () => {
    const epochs = new FakeEpochs();
    const value = new LargePool(epochs).allocate(5000);
    const atReplica = new SharedValue(value.buffer, 5000, replicaHolder(2, 1));
    for (let hold = 0; hold < HELD_MAX + 5; hold++) atReplica.hold();
    value.release();
    for (let hold = 0; hold < HELD_MAX + 5; hold++) atReplica.release();
    expect(claimBuffer(value.buffer, epochs)).toBe(false);
    epochs.epochs[2] = 2;
    expect(claimBuffer(value.buffer, epochs)).toBe(true);
  });

  it('let go of by who does not hold it is our bug, and noticed', () => {
    const value = new LargePool(new FakeEpochs()).allocate(5000);
    value.release();
    expect(() => value.release()).toThrow('has held it');
  });

  it('fits values of about the same length, and wastes at most a quarter and a page', () => {
    for (const length of [4161, 5000, 100_000, 1 << 20, (1 << 24) + 1]) {
      const { buffer } = new LargePool(new FakeEpochs()).allocate(length);
      expect(buffer.byteLength).toBeGreaterThanOrEqual(128 + length);
      expect(buffer.byteLength).toBeLessThanOrEqual(128 + 1.25 * length + 4160);
    }
  });
});
