// At which level the operations of a bucket are made, with clients and replicas in one thread.
import { describe, expect, it } from 'vitest';
import { makerIn } from '../../src/cluster/bucket-maker.ts';
import type { OperationMaker } from '../../src/cluster/store-calls.ts';
import { registerQuorums } from '../../src/quorum/index.ts';
import { bucketOf, checkedBuckets } from '../../src/replica/bucket.ts';
import type { ClientCore } from '../../src/replica/client-core.ts';
import { CoreCluster } from '../replica/core-cluster.ts';
import type { BucketOptions } from '../../src/store/store.ts';

const QUORUMS = registerQuorums({ replicas: 3 });

/** How many of three replicas must answer a call before it ends. */
function answersNeeded(
  rules: BucketOptions,
  make: (bucket: OperationMaker) => ReturnType<OperationMaker['read']>,
): number {
  const cluster = new CoreCluster({ quorums: QUORUMS });
  const bucket = (core: ClientCore): OperationMaker =>
    makerIn(core, bucketOf(checkedBuckets({ b: rules }, QUORUMS), 'b', 'bucket'));
  cluster.run(0, (core) => bucket(core).put('k', 1, { level: 'all' }));
  const call = cluster.call(0, (core) => make(bucket(core)));
  for (let answers = 1; answers <= 3; answers++) {
    cluster.hearNext(0);
    if (call.result !== undefined) return answers;
  }
  throw new Error('Three answers are enough for any of these calls');
}

describe('An operation of a bucket', () => {
  it.each<[rules: BucketOptions, read: number, write: number]>([
    [{}, 2, 2],
    [{ conflicts: 'linearizable' }, 2, 2],
    [{ conflicts: 'last-writer' }, 1, 1],
    [{ conflicts: 'last-writer', writeLevel: 'quorum' }, 1, 2],
    [{ conflicts: 'last-writer', readLevel: 'all' }, 3, 1],
    [{ readLevel: 'one' }, 1, 2],
    [{ writeLevel: 'two', readLevel: { r: 3 } }, 3, 2],
  ])('by the rules %j waits for %i answers when it reads, and %i when it writes', (rules, read, write) => {
    expect(answersNeeded(rules, (bucket) => bucket.read('k', undefined))).toBe(read);
    expect(answersNeeded(rules, (bucket) => bucket.read('k', { timeoutMs: 50 }))).toBe(read);
    expect(answersNeeded(rules, (bucket) => bucket.put('k', 2, undefined))).toBe(write);
    expect(answersNeeded(rules, (bucket) => bucket.delete('k', { timeoutMs: 50 }))).toBe(write);
  });

  it('that names a level is made at that', () => {
    const rules: BucketOptions = { conflicts: 'last-writer' };
    expect(answersNeeded(rules, (bucket) => bucket.read('k', { level: 'quorum' }))).toBe(2);
    expect(answersNeeded({}, (bucket) => bucket.put('k', 2, { level: 'one' }))).toBe(1);
  });

  it('that changes asks a quorum, whatever the level of the bucket', () => {
    const cluster = new CoreCluster({ quorums: QUORUMS });
    const bucket = bucketOf(checkedBuckets({ b: { conflicts: 'last-writer' } }, QUORUMS), 'b', 'bucket');
    const call = cluster.call(0, (core) => makerIn(core, bucket).increment('n', 1, undefined));
    cluster.exchange(0, 'prepare', [0, 1]);
    cluster.exchange(0, 'accept', [0]);
    expect(call.result).toBeUndefined();
    cluster.exchange(0, 'accept', [1]);
    expect(call.result).toMatchObject({ outcome: 'ok', value: 1 });
  });
});

describe('In a bucket of last writers', () => {
  it('the newer of two writes that met nowhere is what everybody reads who asks for it', () => {
    const cluster = new CoreCluster({ quorums: QUORUMS, clients: 3 });
    const bucket = bucketOf(checkedBuckets({ b: { conflicts: 'last-writer' } }, QUORUMS), 'b', 'bucket');
    const older = cluster.call(0, (core) => makerIn(core, bucket).put('k', 'older', undefined));
    const newer = cluster.call(1, (core) => makerIn(core, bucket).put('k', 'newer', undefined));
    cluster.exchange(1, 'accept', [2]);
    cluster.exchange(0, 'accept', [0]);
    expect([older.result, newer.result]).toMatchObject([{ outcome: 'ok' }, { outcome: 'ok' }]);
    cluster.settle();
    expect(cluster.run(2, (core) => makerIn(core, bucket).read('k', { level: 'all' }))).toMatchObject({
      value: 'newer',
    });
  });
});
