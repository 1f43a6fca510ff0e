import { afterEach, describe, expect, it, vi } from 'vitest';
import { openCluster } from '../../src/index.ts';
import type { Cluster, ClusterOptions, ReconfigureOptions } from '../../src/index.ts';
import { choose, dual, grid, registerQuorums } from '../../src/quorum/index.ts';
import { Reconfiguration, targetOf } from '../../src/cluster/reconfigure.ts';
import type { AskedSizes } from '../../src/cluster/reconfigure.ts';
import type { ChangeEvent } from '../../src/cluster/supervisor-thread.ts';
import type { ChangeStep } from '../../src/replica/membership-change.ts';
import { injectFault } from '../../src/testing/index.ts';

const { reads, writes } = grid(2, 2);
const FOUR = { read: reads, write: writes };
const clusters: Cluster[] = [];

async function opened(options: ClusterOptions): Promise<Cluster> {
  const cluster = await openCluster({ hungMs: 5000, collectAfterMs: 0, repairEveryMs: 0, ...options });
  clusters.push(cluster);
  return cluster;
}

afterEach(async () => {
  vi.useRealTimers();
  await Promise.all(clusters.splice(0).map((cluster) => cluster.close()));
});

/** Increments a counter until it is told to stop, and reads keys that never change. */
class Load {
  readonly #cluster: Cluster;
  readonly #done: Promise<void>;
  #isOver = false;
  increments = 0;
  readonly unexpected: unknown[] = [];

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#done = this.#run();
  }

  /** How many increments were acknowledged, and what the counter says. */
  async end(): Promise<{ readonly acknowledged: number; readonly counted: unknown }> {
    this.#isOver = true;
    await this.#done;
    const read = await this.#cluster.get('counter');
    return { acknowledged: this.increments, counted: read.outcome === 'ok' ? read.value : read };
  }

  async #run(): Promise<void> {
    for (let turn = 0; !this.#isOver; turn++) {
      const changed = await this.#cluster.increment('counter');
      if (changed.outcome === 'ok') this.increments++;
      else this.unexpected.push(changed);
      const key = `k${turn % KEYS}`;
      const read = await this.#cluster.get(key);
      if (read.outcome !== 'ok' || read.value !== key) this.unexpected.push({ key, read });
    }
  }
}

const KEYS = 300;

async function fill(cluster: Cluster): Promise<void> {
  const keys = Array.from({ length: KEYS }, (_, index) => `k${index}`);
  await cluster.batch(keys.map((key) => ({ kind: 'put', key, value: key })));
}

describe('A change of members under load', () => {
  it.each<
    [change: string, options: ClusterOptions, changes: readonly ReconfigureOptions[], members: readonly number[]]
  >([
    ['adds replicas one by one', { replicas: 3, threadsMax: 5 }, [{ add: 1 }, { add: 1 }], [0, 1, 2, 3, 4]],
    ['adds two at once', { replicas: 3, threadsMax: 5 }, [{ add: 2 }], [0, 1, 2, 3, 4]],
    ['replaces a replica', { replicas: 3 }, [{ add: 1, remove: [0] }], [1, 2, 3]],
    ['replaces all of them', { replicas: 3, threadsMax: 6 }, [{ add: 3, remove: [0, 1, 2] }], [3, 4, 5]],
    [
      'uses a place again',
      { replicas: 3 },
      [
        { add: 1, remove: [0] },
        { add: 1, remove: [1] },
      ],
      [0, 2, 3],
    ],
    ['removes replicas', { replicas: 5 }, [{ remove: [0] }, { remove: [1, 4] }], [2, 3]],
    ['changes R, W and P', { replicas: 3 }, [{ read: 1, write: 3, prepare: 2 }], [0, 1, 2]],
    ['adds threads and keeps the copies', { threads: 3, replicationFactor: 2 }, [{ add: 1 }], [0, 1, 2, 3]],
    [
      'adds copies and keeps the threads',
      { threads: 4, replicationFactor: 2 },
      [{ replicationFactor: 3 }],
      [0, 1, 2, 3],
    ],
  ])('%s and loses nothing', async (_change, options, changes, members) => {
    const cluster = await opened(options);
    await fill(cluster);
    const load = new Load(cluster);
    for (const change of changes) await cluster.reconfigure(change);
    const { acknowledged, counted } = await load.end();
    expect(load.unexpected).toEqual([]);
    expect(counted).toBe(acknowledged);
    const { configuration, replicas } = cluster.inspect();
    expect(configuration).toMatchObject({ members, isChanging: false });
    expect(replicas.map(({ replica, state }) => [replica, state])).toEqual(
      members.map((each) => [each, 'operational']),
    );
  });

  it('survives that replicas die in it', async () => {
    const cluster = await opened({ replicas: 5, threadsMax: 6 });
    await fill(cluster);
    const load = new Load(cluster);
    const changed = cluster.reconfigure({ add: 1, remove: [0] });
    const killed: boolean[] = [];
    for (const replica of [1, 2]) killed.push(await injectFault(cluster, replica, 'terminate'));
    await changed;
    const { acknowledged, counted } = await load.end();
    expect(killed).toContain(true);
    expect(counted).toBe(acknowledged);
    expect(cluster.inspect().configuration.members).toEqual([1, 2, 3, 4, 5]);
  });
});

describe('Whoever listens while members change', () => {
  it.each<[who: string, options: ClusterOptions, change: ReconfigureOptions]>([
    ['all of which hold every key', { replicas: 3, threadsMax: 6 }, { add: 3, remove: [0, 1, 2] }],
    ['one of which stays', { replicas: 3, threadsMax: 5 }, { add: 2, remove: [0, 1] }],
    ['over which keys are spread', { threads: 4, replicationFactor: 3, threadsMax: 6 }, { add: 2, remove: [0, 1] }],
  ])('hears the last state of every key, of members %s', async (_who, options, change) => {
    const cluster = await opened(options);
    await fill(cluster);
    const states = new Map<string, unknown>();
    const watch = cluster.watch('k');
    const listening = (async (): Promise<void> => {
      for await (const { key, kind, value } of watch) states.set(key, kind === 'put' ? value : undefined);
    })();
    await expect.poll(() => states.size).toBe(KEYS);
    const changed = cluster.reconfigure(change);
    await Promise.all(Array.from({ length: KEYS / 2 }, (_, key) => cluster.delete(`k${key}`)));
    await changed;
    await Promise.all(Array.from({ length: 100 }, (_, key) => cluster.put(`k${KEYS - 1 - key}`, 'later')));
    const expected = [0, KEYS / 2, KEYS - 1];
    await expect.poll(() => expected.map((key) => states.get(`k${key}`))).toEqual([undefined, 'k150', 'later']);
    await expect.poll(() => [...states.values()].filter((value) => value === 'later').length).toBe(100);
    expect([...states.values()].filter((value) => value === undefined)).toHaveLength(KEYS / 2);
    await watch.return!();
    await listening;
  });

  it.each<[who: string, options: ClusterOptions, change: ReconfigureOptions]>([
    ['all of which hold every key', { replicas: 3, threadsMax: 6 }, { add: 3, remove: [0, 1, 2] }],
    ['over which keys are spread', { threads: 4, replicationFactor: 3, threadsMax: 6 }, { add: 2, remove: [0, 1] }],
  ])('scans all keys, of members %s', async (_who, options, change) => {
    const cluster = await opened(options);
    await fill(cluster);
    let isOver = false;
    const changed = cluster.reconfigure(change).finally(() => (isOver = true));
    const found: number[] = [];
    for (let rest = 2; rest > 0; rest -= isOver ? 1 : 0) {
      const page = await cluster.scan('k', { limit: 1000 });
      found.push(page.outcome === 'ok' ? page.entries.length : -1);
    }
    await changed;
    expect(new Set(found)).toEqual(new Set([KEYS]));
  });
});

describe('A cluster that changes its members', () => {
  it('lets its dead recover first where the new quorums could not spare them', async () => {
    const cluster = await opened({ replicas: 5 });
    await fill(cluster);
    for (const replica of [0, 1]) expect(await injectFault(cluster, replica, 'terminate')).toBe(true);
    await cluster.reconfigure({ read: 4, write: 2, timeoutMs: 20_000 }); // Only one may be away then.
    expect(cluster.inspect()).toMatchObject({ read: 4, write: 2, stateLost: false });
    expect(await cluster.get('k7')).toMatchObject({ outcome: 'ok', value: 'k7' });
  });

  it('ends a replica that hangs while nobody asks for anything: the change waits for it', async () => {
    const cluster = await opened({ replicas: 3, hungMs: 300 });
    await fill(cluster);
    const isBack = new Promise<void>((resolve) => {
      cluster.on('operational', ({ replica }) => {
        if (replica === 1) resolve();
      });
    });
    expect(await injectFault(cluster, 1, 'hang')).toBe(true);
    const { members } = await cluster.reconfigure({ add: 1 });
    expect(members).toEqual([0, 1, 2, 3]);
    await isBack; // The new members can spare it.
    expect(cluster.inspect().replicas[1]).toMatchObject({ state: 'operational', lastExit: { kind: 'hung' } });
  });

  it('refuses a second change meanwhile', async () => {
    const cluster = await opened({ replicas: 3, threadsMax: 5 });
    const first = cluster.reconfigure({ add: 1 });
    await expect(cluster.reconfigure({ add: 1 })).rejects.toMatchObject({ code: 'ERR_QUORATE_CHANGING' });
    expect((await first).members).toEqual([0, 1, 2, 3]);
    expect((await cluster.reconfigure({ add: 1 })).members).toEqual([0, 1, 2, 3, 4]);
  });

  it('takes the change back when its time is over, and can change later', async () => {
    const cluster = await opened({ replicas: 3 });
    await fill(cluster);
    const late = cluster.reconfigure({ add: 1, timeoutMs: 1 });
    await expect(late).rejects.toMatchObject({ code: 'ERR_QUORATE_TIMEOUT' });
    expect(cluster.inspect().configuration).toMatchObject({ members: [0, 1, 2], isChanging: false });
    expect(await cluster.get('k7')).toMatchObject({ outcome: 'ok', value: 'k7' });
    expect((await cluster.reconfigure({ add: 1 })).members).toEqual([0, 1, 2, 3]);
  });

  it('takes it back when its caller gives up', async () => {
    const cluster = await opened({ replicas: 3 });
    const giveUp = new AbortController();
    const changed = cluster.reconfigure({ add: 1, signal: giveUp.signal });
    giveUp.abort(new Error('no longer wanted'));
    await expect(changed).rejects.toThrow('no longer wanted');
    expect(cluster.inspect().configuration.members).toEqual([0, 1, 2]);
  });

  it('ends the change when it is closed', async () => {
    const cluster = await opened({ replicas: 3 });
    const changed = expect(cluster.reconfigure({ add: 1 })).rejects.toMatchObject({ code: 'ERR_QUORATE_CLOSED' });
    await cluster.close();
    await changed;
  });

  it('begins anew with the members of before when it is reset meanwhile', async () => {
    const cluster = await opened({ replicas: 3 });
    await fill(cluster);
    const changed = cluster.reconfigure({ add: 1 }).catch((error: unknown) => error);
    await cluster.reset();
    await changed;
    expect(await cluster.get('k1')).toEqual({ outcome: 'absent' });
    expect((await cluster.put('k1', 1)).outcome).toBe('ok');
  });

  it('is reset in the middle of one, though a replica hangs that a lost state does not let us end', async () => {
    const cluster = await opened({ replicas: 3, hungMs: 300 });
    await fill(cluster);
    expect(await injectFault(cluster, 2, 'hang')).toBe(true);
    const isLost = new Promise<void>((resolve) => cluster.once('stateLost', () => resolve()));
    const changed = cluster.reconfigure({ add: 1 }).catch((error: unknown) => error); // Replica 2 does not look.
    for (const replica of [0, 1]) await injectFault(cluster, replica, 'terminate', { force: true });
    await isLost;
    await cluster.reset();
    expect(await changed).toMatchObject({ code: 'ERR_QUORATE_TIMEOUT' });
    expect(await cluster.get('k1')).toEqual({ outcome: 'absent' });
    expect((await cluster.put('k1', 1)).outcome).toBe('ok');
    expect(cluster.inspect().configuration).toMatchObject({ members: [0, 1, 2], isChanging: false });
  });

  it('tells of it', async () => {
    const cluster = await opened({ replicas: 3 });
    const told: unknown[] = [];
    cluster.on('configuration', (event) => told.push(event));
    const status = await cluster.reconfigure({ remove: [2] });
    expect(told).toEqual([{ before: [0, 1, 2], ...status }]);
    expect(cluster.inspect()).toMatchObject({ replicationFactor: 2, read: 2, write: 2, places: 4 });
  });
});

describe('A system of quorums', () => {
  const SYSTEM = { members: 0b1111, quorums: registerQuorums({ replicas: 4, quorum: FOUR }) };
  const ASKED: AskedSizes = { quorum: FOUR };
  const NINE = grid(2, 3);

  it.each<[options: ReconfigureOptions, system: unknown, sizes: readonly number[]]>([
    [{ add: 1, remove: [0] }, FOUR.read, [4, 2, 3]],
    [{ add: 2, quorum: { read: NINE.reads, write: NINE.writes } }, NINE.reads, [6, 3, 4]],
    [{ quorum: { write: choose(3, 4) } }, dual(choose(3, 4)), [4, 2, 3]],
    [{ add: 1, write: 4 }, undefined, [5, 3, 4]],
  ])('after %o is that of the members then', (options, read, sizes) => {
    const { quorums } = targetOf({ current: SYSTEM }, options, ASKED, 6);
    expect(quorums.systems?.read).toEqual(read);
    expect([quorums.replicas, quorums.read, quorums.write]).toEqual(sizes);
  });

  it.each<[options: ReconfigureOptions, message: string]>([
    [{ add: 1 }, 'Cannot use the quorum of 4 replicas for 5: give one of 5 as quorum, or sizes as read'],
    [{ remove: [1] }, 'Cannot use the quorum of 4 replicas for 3'],
    [{ add: 1, quorum: FOUR }, 'Cannot use voters of quorum 4: it must be an integer from 5 to 5'],
    [{ quorum: FOUR, read: 2 }, 'Cannot use read quorum 2 beside quorum'],
    [{ add: 1, replicationFactor: 4 }, 'Cannot use quorum with 5 threads and 4 copies'],
    [{ quorum: { read: NINE.reads, write: choose(2, 6) } }, 'Cannot use voters of quorum 6'],
    [
      { quorum: { read: choose(2, 4), write: choose(2, 4) } },
      'a read at replicas 0 and 1 misses a write at replicas 2',
    ],
  ])('is refused after %o: %s', (options, message) => {
    expect(() => targetOf({ current: SYSTEM }, options, ASKED, 6)).toThrow(message);
  });

  it('changes while the cluster serves', async () => {
    const cluster = await opened({ quorum: FOUR, threadsMax: 6 });
    await fill(cluster);
    const load = new Load(cluster);
    await cluster.reconfigure({ add: 1, remove: [0] });
    expect(cluster.inspect()).toMatchObject({ read: 2, write: 3, configuration: { members: [1, 2, 3, 4] } });
    await cluster.reconfigure({ add: 2, quorum: { read: NINE.reads, write: NINE.writes } });
    expect(cluster.inspect()).toMatchObject({ read: 3, write: 4, quorum: { read: { voters: 6 } } });
    await cluster.reconfigure({ remove: [0, 1], read: 2, write: 3 });
    expect(cluster.inspect()).toMatchObject({ read: 2, write: 3, hasQuorums: true });
    expect(cluster.inspect().quorum).toBeUndefined();
    await cluster.reconfigure({ quorum: FOUR });
    const { acknowledged, counted } = await load.end();
    expect(load.unexpected).toEqual([]);
    expect(counted).toBe(acknowledged);
  });
});

const told = (step: ChangeStep): ChangeEvent => ({ kind: 'change', step, number: 2 });

/** Hears of nobody until it is given up. */
function compare(_ms: number, signal?: AbortSignal): Promise<{ replicas: number; number: number }> {
  return new Promise((resolve) => signal?.addEventListener('abort', () => resolve({ replicas: 0, number: 0 })));
}

/** A change that its supervisor says nothing of but `steps`: at once, and when it is to be taken back. */
function changing(steps: readonly ChangeStep[], whenUndone: readonly ChangeStep[]): Reconfiguration {
  const tell = (all: readonly ChangeStep[]): void => all.forEach((step) => change.noteStep(told(step)));
  const control = {
    beginChange: (): Promise<boolean> => Promise.resolve(true).finally(() => tell(steps)),
    undoChange: (): Promise<void> => Promise.resolve(tell(whenUndone)),
    compared: (): Promise<void> => Promise.resolve(),
  };
  const change: Reconfiguration = new Reconfiguration({ control, compare });
  return change;
}

describe('A change whose steps a replica does not take', () => {
  const TARGET = { members: 0b1111, quorums: registerQuorums({ replicas: 4 }) };

  it.each<[steps: readonly ChangeStep[], whenUndone: readonly ChangeStep[], code: string, message: string]>([
    [['announced'], ['undoing', 'undone'], 'ERR_QUORATE_TIMEOUT', 'not within 500 ms: all is as before'],
    [['announced'], ['undoing'], 'ERR_QUORATE_TIMEOUT', 'it is being taken back, in the background'],
    [['settling'], [], 'ERR_QUORATE_TIMEOUT', 'the new members decide already, in the background'],
    [['settling', 'leaving'], [], 'ERR_QUORATE_TIMEOUT', 'the new members decide already, in the background'],
  ])('ends all the same: after %o, and %o once it is to be taken back', async (steps, whenUndone, code, message) => {
    vi.useFakeTimers();
    const change = changing(steps, whenUndone);
    const ended = change.run(TARGET, { timeoutMs: 500 }).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(500 + 10_000);
    expect(await ended).toMatchObject({ code, message: expect.stringContaining(message) as unknown });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('says so once it has come about, though its caller was told before', async () => {
    vi.useFakeTimers();
    const change = changing(['settling'], []);
    const onDone = vi.fn<() => void>();
    const ended = change.run(TARGET, { timeoutMs: 500 }, onDone).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(500 + 10_000);
    expect(await ended).toBeInstanceOf(Error);
    expect(onDone).not.toHaveBeenCalled();
    change.noteStep(told('done'));
    expect(onDone).toHaveBeenCalledTimes(1);
  });

  it('is given up at once by its signal, also while replicas are compared', async () => {
    const change = changing(['comparing'], ['undoing', 'undone']);
    const giveUp = new AbortController();
    const ended = change.run(TARGET, { signal: giveUp.signal }).catch((error: unknown) => error);
    setImmediate(() => giveUp.abort(new Error('no longer wanted')));
    expect(await ended).toMatchObject({ message: 'no longer wanted' });
  });
});

describe('What a change asks for', () => {
  const THREE = { members: 0b0111, quorums: registerQuorums({ replicas: 3 }) };

  it.each<[asked: string, options: ReconfigureOptions, before: AskedSizes, message: string]>([
    ['more than there are places', { add: 3 }, {}, 'Cannot add 3 replicas: of 5 places 2 are free'],
    ['less than none', { add: -1 }, {}, 'add'],
    ['who is no member', { remove: [3] }, {}, 'Cannot remove replica 3: the members are 0, 1, 2'],
    ['no number', { remove: [Number.NaN] }, {}, 'Cannot remove replica NaN'],
    ['all', { remove: [0, 1, 2] }, {}, 'at least one must stay'],
    ['more copies than threads', { replicationFactor: 4 }, {}, 'threads'],
    ['quorums that do not meet', { add: 1, read: 2, write: 2 }, {}, 'R + W must be at least 5'],
    ['sizes of before that do not do', { add: 1 }, { read: 1, write: 3 }, 'R + W must be at least 5'],
  ])('is refused where it is %s', (_asked, options, before, message) => {
    expect(() => targetOf({ current: THREE }, options, before, 5)).toThrow(message);
  });

  it.each<[options: ReconfigureOptions, members: number, sizes: object]>([
    [{}, 0b0111, { replicas: 3, read: 2, write: 2 }],
    [{ add: 2 }, 0b1_1111, { replicas: 5, read: 3, write: 3 }],
    [{ add: 1, remove: [0] }, 0b1110, { replicas: 3 }],
    [{ add: 1, replicationFactor: 3 }, 0b1111, { replicas: 3, threads: 4 }],
    [{ write: 3 }, 0b0111, { read: 2, write: 3 }],
  ])('%o is understood', (options, members, sizes) => {
    const target = targetOf({ current: THREE }, options, {}, 5);
    expect(target).toMatchObject({ members, quorums: sizes });
  });
});
