import { describe, expect, it } from 'vitest';
import { INQUIRY_BYTES_MAX } from '../../src/base/limits.ts';
import { RULES } from '../../src/protocol/rules.ts';
import { registerQuorums } from '../../src/quorum/index.ts';
import { SIZE, inquiryAnswer, writeInquiry } from '../../src/replica/inquiry.ts';
import { Operation } from '../../src/replica/operation.ts';
import { REQUEST } from '../../src/replica/wire.ts';
import { CoreCluster } from './core-cluster.ts';
import type { CoreCall } from './core-cluster.ts';
import { Director } from './director.ts';
import { World } from './world.ts';
import type { InquiryCall, WorldOptions } from './world.ts';

const THREE = registerQuorums({ replicas: 3 });
const UNKNOWN_SUBJECT = 12_345;
/** The least that a cluster takes: answers to one inquiry fit into the ring of a replica. */
const RING_BYTES_MIN = 16 * 1024;

/** A world whose replicas 0 and 1 hold two keys; replica 2 has heard of nothing. */
function directorOf(options: Partial<WorldOptions> = {}): Director {
  const director = new Director(new World({ quorums: THREE, clients: 2, ...options }));
  for (const key of ['a', 'b']) {
    director.world.start(1, { kind: 'put', key, value: key });
    director.exchange(1, 'accept', [0, 1]);
  }
  director.loseAllOf(1);
  return director;
}

/** Its answer is under way when the replica dies; the successor knows both keys, too. */
function restarted(options: Partial<WorldOptions> = {}): { director: Director; call: InquiryCall } {
  const director = directorOf(options);
  const call = director.world.inquire(0, { replica: 0, subject: SIZE });
  director.arrive('C0 > A0 inquire');
  director.restart(0, [1, 2]);
  const answer = director.world.inFlight.find(({ kind }) => kind === 'answer')!;
  director.world.deliver(answer);
  return { director, call };
}

describe('An inquiry', () => {
  it('is answered by the replica that it names, and asks nobody else', () => {
    const director = directorOf();
    const asked = [0, 2].map((replica) => director.world.inquire(0, { replica, subject: SIZE }));
    expect(director.world.inFlight.map(({ to, kind }) => [to, kind])).toEqual([
      ['A0', 'inquire'],
      ['A2', 'inquire'],
    ]);
    director.arrive('C0 > A0 inquire', 'A0 > C0 answer', 'C0 > A2 inquire', 'A2 > C0 answer');
    expect(asked).toMatchObject([
      { outcome: 'ok', epoch: 1, words: [2] },
      { outcome: 'ok', epoch: 1, words: [0] },
    ]);
  });

  it.each(['C0 > A0 inquire', 'A0 > C0 answer'])('is asked again of the same replica where "%s" is lost', (lost) => {
    const director = directorOf();
    const { world } = director;
    const call = world.inquire(0, { replica: 0, subject: SIZE });
    if (lost === 'A0 > C0 answer') director.arrive('C0 > A0 inquire');
    world.drop(world.inFlight[0]!);
    world.pass(13);
    expect(world.inFlight.map(({ link }) => link)).toEqual(['C0A0']);
    director.arrive('C0 > A0 inquire', 'A0 > C0 answer');
    expect(call).toMatchObject({ outcome: 'ok', words: [2] });
  });

  it('of an unknown subject is unavailable at once', () => {
    const director = directorOf();
    const { world } = director;
    const call = world.inquire(0, { replica: 0, subject: UNKNOWN_SUBJECT });
    director.arrive('C0 > A0 inquire', 'A0 > C0 refusal');
    expect(call.outcome).toBe('unavailable');
  });

  it('is unavailable at its deadline, when nobody has answered', () => {
    const { world } = directorOf();
    const call = world.inquire(0, { replica: 0, subject: SIZE }, 50);
    world.pass(49);
    expect(call.outcome).toBeUndefined();
    world.pass(1);
    expect(call.outcome).toBe('unavailable');
  });

  it('of a replica whose reply ring is full is asked again', () => {
    let isFull = true;
    const director = directorOf({ isFull: () => isFull });
    const { world } = director;
    const call = world.inquire(0, { replica: 0, subject: SIZE });
    director.arrive('C0 > A0 inquire');
    expect(world.inFlight.some(({ link }) => link === 'A0C0')).toBe(false);
    isFull = false;
    world.pass(13);
    director.arrive('C0 > A0 inquire', 'A0 > C0 answer');
    expect(call).toMatchObject({ outcome: 'ok', words: [2] });
  });

  it('is none of the operations that are counted', () => {
    const director = directorOf();
    const { world } = director;
    const before = { ...world.countersOf(0) };
    world.inquire(0, { replica: 0, subject: SIZE });
    director.arrive('C0 > A0 inquire', 'A0 > C0 answer');
    world.inquire(0, { replica: 0, subject: SIZE }, 1);
    world.pass(1);
    expect(world.countersOf(0)).toEqual({ ...before, framesSent: 2 });
  });

  it('pads its text with zeros, whatever its operation was before', () => {
    const operation = new Operation();
    for (const text of ['longer', 'lo']) writeInquiry(operation, { replica: 1, subject: SIZE, text });
    const { bytes } = operation.request;
    expect([...bytes.subarray(REQUEST.BYTES, REQUEST.BYTES + 4)]).toEqual([...Buffer.from('lo\0\0')]);
  });

  it('takes text and words as long as they may be', () => {
    const operation = new Operation();
    const words = Array.from({ length: INQUIRY_BYTES_MAX / 4 }, (_, index) => index);
    writeInquiry(operation, { replica: 1, subject: SIZE, text: 'é'.repeat(512), words });
    expect(operation).toMatchObject({ keyBytes: 1024, valueBytes: INQUIRY_BYTES_MAX, asked: 2 });
    for (const mistake of [{ text: `é`.repeat(513) }, { words: [...words, 0] }]) {
      expect(() => writeInquiry(operation, { replica: 1, subject: SIZE, ...mistake })).toThrow('no longer than');
    }
  });
});

describe('An inquiry whose replica restarts', () => {
  it('is not answered by the dead, and asked again of the successor', () => {
    const { director, call } = restarted();
    expect(call.outcome).toBeUndefined();
    director.world.pass(13);
    director.arrive('C0 > A0 inquire', 'A0 > C0 answer');
    expect(call).toMatchObject({ outcome: 'ok', epoch: 2, words: [2] });
  });

  it('without the check of epochs would be answered by the dead', () => {
    const { call } = restarted({ rules: { ...RULES, checksEpochs: false } });
    expect(call).toMatchObject({ outcome: 'ok', epoch: 1 });
  });

  it('is asked again where its predecessor did not know the subject', () => {
    const director = directorOf();
    const { world } = director;
    const call = world.inquire(0, { replica: 0, subject: UNKNOWN_SUBJECT });
    director.arrive('C0 > A0 inquire');
    director.restart(0, [1, 2]);
    director.arrive('A0 > C0 refusal');
    expect(call.outcome).toBeUndefined();
    world.pass(13);
    director.arrive('C0 > A0 inquire', 'A0 > C0 refusal');
    expect(call.outcome).toBe('unavailable');
  });
});

describe('An inquiry of a client', () => {
  it('tells the function that it was made for, counts as pending until then, and its operation is used again', () => {
    const cluster = new CoreCluster({ quorums: THREE });
    const core = cluster.core(0);
    cluster.run(0, (each) => each.put('k', 1, undefined));
    const heard: unknown[] = [];
    const operation = core.inquire({ replica: 1, subject: SIZE }, { timeoutMs: 100 });
    operation.context = (ended: Operation): void => {
      const { epoch, payload } = inquiryAnswer(ended);
      heard.push([ended.outcome, epoch, payload.words[0]]);
    };
    core.submit(operation);
    cluster.flush(0);
    expect(core.pending).toBe(1);
    cluster.settle();
    expect(heard).toEqual([['ok', 1, 1]]);
    expect(core.coordinator.acquire()).toBe(operation);
  });

  it.each([
    ['aborted', (cluster: CoreCluster, operation: Operation) => cluster.core(0).cancel(operation, undefined)],
    ['closed', (cluster: CoreCluster) => cluster.core(0).abandon('closed')],
    ['state-lost', (cluster: CoreCluster) => cluster.core(0).abandon('state-lost')],
    ['unavailable', (cluster: CoreCluster) => cluster.pass(10_000)],
  ] as const)('that nobody answered ends as %s', (outcome, end) => {
    const cluster = new CoreCluster({ quorums: THREE });
    const core = cluster.core(0);
    const heard: string[] = [];
    const operation = core.inquire({ replica: 1, subject: SIZE }, undefined);
    operation.context = (ended: Operation): void => void heard.push(ended.outcome);
    core.submit(operation);
    cluster.flush(0);
    end(cluster, operation);
    expect(heard).toEqual([outcome]);
    expect(core.pending).toBe(0);
  });

  it.each([
    ['of another replica', 1],
    ['of the same one, and a put', 0],
  ])('that is not answered holds up nothing but inquiries of its replica: one %s', (_, replica) => {
    const cluster = new CoreCluster({ quorums: THREE, ringBytes: RING_BYTES_MIN });
    const heard: string[] = [];
    for (const [name, each] of [
      ['silent', 0],
      ['other', replica],
      ['third', 2],
    ] as const) {
      const operation = cluster.core(0).inquire({ replica: each, subject: SIZE }, undefined);
      operation.context = ({ outcome }: Operation): void => void heard.push(`${name} ${outcome}`);
      cluster.core(0).submit(operation);
    }
    const put = cluster.call(0, (core) => core.put('k', 'v', undefined));
    cluster.passWithReplies(1, 0, [1, 2]);
    expect(put.result).toMatchObject({ outcome: 'ok' });
    expect(heard).toEqual(replica === 1 ? ['other ok', 'third ok'] : ['third ok']);
    cluster.settle();
    expect(heard.toSorted()).toEqual(['other ok', 'silent ok', 'third ok']);
  });

  it('gets its turn in a stream of reads that fill the rings', () => {
    const cluster = new CoreCluster({ quorums: THREE, ringBytes: RING_BYTES_MIN });
    const read = (): CoreCall => cluster.call(0, (core) => core.get('k', undefined));
    const reads = Array.from({ length: 200 }, read);
    const heard: string[] = [];
    const operation = cluster.core(0).inquire({ replica: 1, subject: SIZE }, { timeoutMs: 1_000_000 });
    operation.context = ({ outcome }: Operation): void => void heard.push(outcome);
    cluster.core(0).submit(operation);
    for (let step = 0; step < 1_000 && heard.length === 0; step++) {
      cluster.deliver(0);
      const ended = reads.findIndex(({ result }) => result !== undefined);
      if (ended >= 0) reads.splice(ended, 1, read());
    }
    expect(heard).toEqual(['ok']);
  });
});
