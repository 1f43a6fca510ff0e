// Sessions on real threads: with a replica that stands still, from thread to thread, after a reset.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectCluster, openCluster } from '../../src/index.ts';
import type { Cluster, Level, ReadResult, Session } from '../../src/index.ts';
import { RULES } from '../../src/protocol/rules.ts';
import { SessionState } from '../../src/replica/session.ts';
import { decodeSession, encodeSession } from '../../src/replica/session-token.ts';
import { injectFault } from '../../src/testing/index.ts';

const SOON_MS = 60;

let cluster: Cluster;

beforeAll(async () => {
  cluster = await openCluster({ replicas: 3 });
});

afterAll(() => cluster.close());

function valueOf(read: ReadResult): unknown {
  return read.outcome === 'ok' ? read.value : read.outcome;
}

/** A session that has seen a version of the key that is to come: as if the replicas that have it were out of reach. */
function sessionAhead(key: string, isDecided: boolean): Session {
  const state = new SessionState({ resets: 0, keysMax: 8 }, RULES);
  state.note(key, { high: 1, low: 0 }, isDecided);
  return cluster.session({ token: encodeSession(cluster.handle().name, state, RULES) });
}

describe('A session', () => {
  it.each<Level>(['one', 'two', 'quorum', 'all', { r: 1, w: 1 }])(
    'reads what it has written, deletes included, at level %j',
    async (level) => {
      const session = cluster.session({ readLevel: level, writeLevel: level });
      const key = `own ${JSON.stringify(level)}`;
      for (let value = 0; value < 50; value++) {
        expect(await session.put(key, value)).toMatchObject({ outcome: 'ok' });
        expect(await session.get(key)).toMatchObject({ outcome: 'ok', value });
        expect(await session.increment(`count of ${key}`)).toMatchObject({ outcome: 'ok', value: value + 1 });
        expect(await session.get(`count of ${key}`)).toMatchObject({ value: value + 1 });
        await session.delete(key);
        expect(await session.get(key)).toEqual({ outcome: 'absent' });
      }
    },
  );

  it('has all calls of a store', async () => {
    const session = cluster.session();
    expect(await session.putIfAbsent('all calls', 1)).toMatchObject({ outcome: 'ok' });
    expect(await session.compareAndSet('all calls', 2, 3)).toMatchObject({ outcome: 'conflict', value: 1 });
    expect(await session.compareAndSet('no such key', 2, 3)).toEqual({ outcome: 'conflict', value: undefined });
    expect(await session.update('all calls', (value) => [value])).toMatchObject({ outcome: 'ok', value: [1] });
    const put = await session.batch([{ kind: 'put', key: 'other', value: 2 }]);
    expect(put).toMatchObject([{ outcome: 'ok' }]);
    expect((await session.getMany(['all calls', 'other'])).map(valueOf)).toEqual([[1], 2]);
    expect(await session.resolve('no operation')).toEqual({ outcome: 'unknown', operationId: 'no operation' });
    expect(() => session.getSync('all calls')).toThrow(expect.objectContaining({ code: 'ERR_QUORATE_SYNC_ON_MAIN' }));
  });

  it('never reads older than it has seen: it asks until it has found that, or its time is over', async () => {
    await cluster.put('ahead', 'older');
    const session = sessionAhead('ahead', true);
    expect(await session.get('ahead', { timeoutMs: SOON_MS })).toMatchObject({ outcome: 'unavailable' });
    expect(await session.get('ahead', { level: 'quorum', timeoutMs: SOON_MS })).toMatchObject({
      outcome: 'unavailable',
    });
    expect(await session.get('never was', { timeoutMs: SOON_MS })).toEqual({ outcome: 'absent' });
  });

  it('changes nothing on the ground of what is older than it has seen', async () => {
    await cluster.put('ahead too', 1);
    const session = sessionAhead('ahead too', false);
    expect(await session.increment('ahead too', 1, { timeoutMs: SOON_MS })).toMatchObject({ outcome: 'unavailable' });
    expect(await session.compareAndSet('ahead too', 1, 2, { timeoutMs: SOON_MS })).toMatchObject({
      outcome: 'unavailable',
    });
    expect(await cluster.get('ahead too')).toMatchObject({ value: 1 });
  });

  it('is given up by its caller like any call', async () => {
    const session = sessionAhead('given up', true);
    const reason = new Error('enough');
    await expect(session.get('given up', { signal: AbortSignal.timeout(20) })).rejects.toMatchObject({
      name: 'TimeoutError',
    });
    const controller = new AbortController();
    const change = sessionAhead('given up', false).increment('given up', 1, { signal: controller.signal });
    controller.abort(reason);
    await expect(change).rejects.toBe(reason);
    expect(cluster.inspect().pending).toBe(0);
  });

  it('reads what it has forgotten at the quorum, and remembers what others could not tell', async () => {
    const session = cluster.session({ keysMax: 2, readLevel: 'one' });
    for (let key = 0; key < 20; key++) await session.put(`many ${key}`, key);
    for (let key = 0; key < 20; key++) expect(await session.get(`many ${key}`)).toMatchObject({ value: key });
    expect(decodeSession(cluster.handle().name, session.token, RULES).keys.size).toBeLessThanOrEqual(2);
  });

  it.each<[string, object]>([
    ['a level that is none', { readLevel: 'three' }],
    ['a write level that is none', { writeLevel: { w: 4 } }],
    ['no room', { keysMax: 0 }],
    ['too much room', { keysMax: 1025 }],
    ['a token that is none', { token: 'none' }],
  ])('is refused with %s', (_title, options) => {
    expect(() => cluster.session(options)).toThrow(expect.objectContaining({ code: 'ERR_QUORATE_INVALID_ARGUMENT' }));
  });
});

describe('The token of a session', () => {
  it('makes another client read what the session has written', async () => {
    const other = await connectCluster(cluster.handle());
    let token = cluster.session().token;
    for (let value = 0; value < 50; value++) {
      const [writer, reader] = value % 2 === 0 ? [cluster, other] : [other, cluster];
      const session = writer.session({ token, writeLevel: 'one' });
      await session.put('handed on', value);
      ({ token } = session);
      expect(await reader.session({ token }).get('handed on')).toMatchObject({ value });
    }
    await other.close();
  });

  it('is taken over besides what a session has seen, or refused where there is no room', async () => {
    const [first, second] = [cluster.session({ writeLevel: 'one' }), cluster.session({ keysMax: 1 })];
    await first.put('mine', 1);
    second.merge(first.token);
    expect(await second.get('mine')).toMatchObject({ value: 1 });
    await first.put('mine too', 1);
    expect(() => cluster.session({ keysMax: 1 }).merge(first.token)).toThrow(/more of what it saw is undecided/);
  });

  it('goes to a worker and back, whose calls block', async () => {
    const session = cluster.session();
    await session.put('to the worker', 1);
    const worker = new Worker(new URL('../fixtures/cluster/session.ts', import.meta.url), {
      workerData: { handle: cluster.handle(), token: session.token },
    });
    const [{ reads, token }] = (await once(worker, 'message')) as [{ reads: unknown; token: string }];
    await once(worker, 'exit');
    expect(reads).toEqual([1, 'by the worker', 'absent', 3]);
    session.merge(token);
    expect(await session.get('from the worker')).toMatchObject({ value: 3 });
  });
});

describe('While a replica stands still, is ended and recovers', () => {
  it('sessions read what they have written, from client to client', { timeout: 60_000 }, async () => {
    const lagging = await openCluster({ replicas: 3, hungMs: 300 });
    const other = await connectCluster(lagging.handle());
    const recovery = { isOver: false };
    lagging.once('operational', () => (recovery.isOver = true));
    await injectFault(lagging, 2, 'hang');
    let token = lagging.session().token;
    for (let value = 0; !recovery.isOver || value < 20; value++) {
      const session = (value % 2 === 0 ? lagging : other).session({
        token,
        writeLevel: value % 3 === 0 ? 'one' : 'quorum',
      });
      expect(await session.put('k', value)).toMatchObject({ outcome: 'ok' });
      ({ token } = session);
      expect(await (value % 2 === 0 ? other : lagging).session({ token }).get('k')).toMatchObject({ value });
    }
    await other.close();
    await lagging.close();
  });
});

describe('After a reset', () => {
  it('a session and its token are refused', { timeout: 60_000 }, async () => {
    const small = await openCluster({ replicas: 3, standbys: 0 });
    const session = small.session();
    await session.put('k', 1);
    const { token } = session;
    const lost = once(small, 'stateLost');
    await Promise.all([0, 1, 2].map((replica) => injectFault(small, replica, 'terminate', { force: true })));
    await lost;
    await small.reset();
    const refusal = expect.objectContaining({ code: 'ERR_QUORATE_STATE_LOST' });
    expect(() => small.session({ token })).toThrow(refusal);
    expect(() => small.session().merge(token)).toThrow(refusal);
    await expect(session.get('k')).rejects.toMatchObject({ code: 'ERR_QUORATE_STATE_LOST' });
    expect(await small.session().get('k')).toEqual({ outcome: 'absent' });
    await small.close();
  });
});
