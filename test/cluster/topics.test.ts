// Ballots with real threads.
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { DECISIONS_KEPT } from '../../src/base/limits.ts';
import { connectCluster, openCluster } from '../../src/index.ts';
import type { Cluster, ClusterOptions, Decision, ProposeResult, ReconfigureOptions } from '../../src/index.ts';
import { choose } from '../../src/quorum/index.ts';
import { injectFault } from '../../src/testing/index.ts';

const BUDGET = new URL('../fixtures/topics/budget.ts', import.meta.url);

const OPTIONS: ClusterOptions = { replicas: 5, topics: { budget: { module: BUDGET }, plain: {} } };

async function open(options: ClusterOptions = {}): Promise<Cluster> {
  const cluster = await openCluster({ ...OPTIONS, ...options });
  onTestFinished(() => cluster.close());
  return cluster;
}

function decisionOf(result: ProposeResult): Decision {
  if (!('decision' in result)) throw new Error(`It is ${result.outcome}`);
  return result.decision;
}

const votesOf = (result: ProposeResult): string[] => decisionOf(result).votes.map(({ vote }) => vote);

async function restart(cluster: Cluster, replica: number): Promise<void> {
  const isBack = new Promise<void>((resolve) => cluster.once('operational', () => resolve()));
  expect(await injectFault(cluster, replica, 'terminate')).toBe(true);
  await isBack;
}

describe('A proposal, where members change', () => {
  it.each<[change: string, options: ReconfigureOptions, voters: readonly number[]]>([
    ['one', { add: 1, remove: [0] }, [1, 2, 3]],
    ['all', { add: 3, remove: [0, 1, 2] }, [3, 4, 5]],
    ['so that there are more', { add: 2 }, [0, 1, 2, 3, 4]],
  ])('is voted on by the members of its time: %s', async (_change, options, voters) => {
    const cluster = await open({ replicas: 3, threadsMax: 6 });
    const outcomes: string[] = [];
    const over = new AbortController();
    const proposing = (async (): Promise<void> => {
      while (!over.signal.aborted) outcomes.push((await cluster.propose('plain', outcomes.length)).outcome);
    })();
    await cluster.reconfigure(options);
    over.abort();
    await proposing;
    expect(outcomes.every((outcome) => outcome === 'commit')).toBe(true);
    const after = await cluster.propose('plain', 'after', { threshold: 'unanimous', vetoes: [0] });
    const { place, votes, vetoes } = decisionOf(after);
    expect(place).toBe(outcomes.length + 1);
    expect(votes.map(({ voter, vote }) => [voter, vote])).toEqual(voters.map((voter) => [voter, 'yes']));
    expect(vetoes).toEqual(voters.slice(0, 1));
  });

  it('is refused where its rule is one of other voters', async () => {
    const cluster = await open({ replicas: 3, threadsMax: 4 });
    const weights = { weights: [1, 1, 1], threshold: 2 };
    expect((await cluster.propose('plain', 1, weights)).outcome).toBe('commit');
    await cluster.reconfigure({ add: 1 });
    await expect(cluster.propose('plain', 2, weights)).rejects.toMatchObject({ code: 'ERR_QUORATE_INVALID_ARGUMENT' });
    expect((await cluster.propose('plain', 2, { ...weights, weights: [1, 1, 1, 1] })).outcome).toBe('commit');
  });
});

describe('A proposal', () => {
  it('is committed when enough agree and aborted when they do not, and both are on record', async () => {
    const cluster = await open();
    const first = await cluster.propose('budget', { amount: 60, name: 'desk' }, { threshold: 'unanimous' });
    expect(first).toMatchObject({ outcome: 'commit', decision: { place: 1, why: 'agreed', needed: 5 } });
    expect(votesOf(first)).toEqual(['yes', 'yes', 'yes', 'yes', 'yes']);
    const second = await cluster.propose('budget', { amount: 60, name: 'lamp' });
    expect(second).toMatchObject({ outcome: 'abort', decision: { place: 2, why: 'refused', needed: 3 } });
    const refused = decisionOf(second).votes.filter(({ vote }) => vote === 'no');
    expect(refused.length).toBeGreaterThanOrEqual(3);
    expect(refused.every(({ reason, epoch }) => reason === 'Only 40 left' && epoch === 1)).toBe(true);
    expect(await cluster.decision('budget', 1)).toEqual({ outcome: 'ok', decision: decisionOf(first) });
    expect(await cluster.decision('budget', 2)).toEqual({ outcome: 'ok', decision: decisionOf(second) });
    expect(await cluster.decision('budget', 3)).toEqual({ outcome: 'absent' });
  });

  it('of several that exclude each other one is committed, whoever proposes them', async () => {
    const cluster = await open();
    const other = await connectCluster(cluster.handle());
    const proposers = [cluster, other, cluster, other, other];
    const results = await Promise.all(
      proposers.map((client, n) => client.propose('budget', { amount: 70, name: `${n}` })),
    );
    expect(results.map(({ outcome }) => outcome).toSorted()).toEqual(['abort', 'abort', 'abort', 'abort', 'commit']);
    expect(results.map((result) => decisionOf(result).place).toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5]);
  });

  it('is decided once under one id, also where two propose it', async () => {
    const cluster = await open();
    const other = await connectCluster(cluster.handle());
    const [one, two] = await Promise.all([cluster, other].map((c) => c.propose('budget', { amount: 1 }, { id: 'x' })));
    expect(one).toMatchObject({ outcome: 'commit', decision: { id: 'x' } });
    expect(two).toEqual(one);
    await cluster.propose('budget', { amount: 1 });
    expect(await other.propose('budget', { amount: 99 }, { id: 'x' })).toEqual(one);
  });

  it('is judged by a voter that was down only once that has caught up, by decisions or by state', async () => {
    const cluster = await open();
    await restart(cluster, 0);
    const unanimous = { threshold: 'unanimous', timeoutMs: 20_000 } as const;
    for (let n = 0; n < 70; n++) await cluster.propose('budget', { amount: 1 });
    await restart(cluster, 1);
    expect(await cluster.propose('budget', { amount: 31 }, unanimous)).toMatchObject({ outcome: 'abort' });
    await restart(cluster, 2);
    const last = await cluster.propose('budget', { amount: 30, name: 'rest' }, unanimous);
    expect(last).toMatchObject({ outcome: 'commit', decision: { place: 72, needed: 5 } });
    expect(decisionOf(last).votes.map(({ epoch }) => epoch)).toEqual([2, 2, 2, 1, 1]);
  });

  it('is judged by a voter whose state came from another by reference, because it is large', async () => {
    const module = new URL('../fixtures/topics/list.ts', import.meta.url);
    const cluster = await open({ replicas: 3, topics: { list: { module } } });
    for (let n = 0; n < 70; n++) await cluster.propose('list', `${n}`.padStart(2000));
    for (const replica of [0, 1, 2]) {
      await restart(cluster, replica);
      const unanimous = { threshold: 'unanimous', timeoutMs: 20_000 } as const;
      expect(await cluster.propose('list', replica, unanimous)).toMatchObject({ outcome: 'commit' });
    }
    expect(await cluster.decision('list', 73)).toMatchObject({ outcome: 'ok' });
  });

  it('is decided while voters die and recover, each time at a place of its own', async () => {
    const cluster = await open();
    const places: number[] = [];
    const life = { isOver: false };
    const kills = (async (): Promise<void> => {
      for (let replica = 0; !life.isOver; replica = (replica + 1) % 5) {
        await injectFault(cluster, replica, 'terminate');
        await delay(30);
      }
    })();
    while (places.length < 60) {
      const result = await cluster.propose('budget', { amount: 0 });
      if ('decision' in result) places.push(result.decision.place);
    }
    life.isOver = true;
    await kills;
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(new Set(places).size).toBe(places.length);
  });

  it.each([
    ['throw', 'Error: No idea'],
    ['promise', 'validate gave a promise: it must give true, false or { vote, reason }'],
    ['nonsense', 'validate gave number: it must give true, false or { vote, reason }'],
    ['abstain', 'Not my business'],
  ] as const)('whose rules end as %s is abstained from, and aborted', async (trouble, reason) => {
    const cluster = await open({ replicas: 3 });
    const result = await cluster.propose('budget', { amount: 1, trouble }, { threshold: 'unanimous' });
    expect(result).toMatchObject({ outcome: 'abort', decision: { why: 'refused' } });
    expect(decisionOf(result).votes.find(({ vote }) => vote === 'abstain')?.reason).toBe(reason);
  });

  it('over which one voter loops for ever is decided without it, and that voter is replaced', async () => {
    const cluster = await open({ topics: { budget: { module: BUDGET } } });
    const { threadId } = cluster.inspect().replicas[2]!;
    const isBack = new Promise<void>((resolve) => cluster.once('operational', () => resolve()));
    const result = await cluster.propose('budget', { amount: 1, trouble: 'loop', thread: threadId }, { threshold: 4 });
    expect(result).toMatchObject({ outcome: 'commit' });
    expect(votesOf(result)[2]).toBe('missing');
    await isBack;
    expect(cluster.inspect().replicas[2]!.lastExit).toEqual({ kind: 'hung' });
    expect(await cluster.propose('budget', { amount: 2 }, { threshold: 5 })).toMatchObject({ outcome: 'commit' });
  });

  it('of which a vote is missing to the end is aborted, and says so', async () => {
    const cluster = await open({ hungMs: 60_000 }); // Else its successor may vote in time.
    const { threadId } = cluster.inspect().replicas[4]!;
    const options = { threshold: 'unanimous', timeoutMs: 3000, retries: 1 } as const;
    const result = await cluster.propose('budget', { amount: 1, trouble: 'loop', thread: threadId }, options);
    expect(result).toMatchObject({ outcome: 'abort', decision: { why: 'timeout' } });
    expect(decisionOf(result).rounds).toBeGreaterThanOrEqual(2);
    expect(votesOf(result)).toEqual(['yes', 'yes', 'yes', 'yes', 'missing']);
  });

  it('counts weights, heeds vetoes, and takes any quorum system', async () => {
    const voters = Array.from({ length: 10 }, (_, voter) => voter);
    const topics = { wide: { weights: voters.map((voter) => 1 + voter), threshold: '2/3', vetoes: [9] } } as const;
    const cluster = await open({ replicas: 10, topics });
    const byWeight = await cluster.propose('wide', 1);
    expect(byWeight).toMatchObject({ outcome: 'commit', decision: { needed: 37, vetoes: [9] } });
    const sevenOfTen = await cluster.propose('wide', 2, { threshold: 7 });
    expect(sevenOfTen).toMatchObject({ outcome: 'commit', decision: { needed: 7, vetoes: [] } });
    expect(votesOf(sevenOfTen).filter((vote) => vote === 'yes').length).toBeGreaterThanOrEqual(7);
    const own = await cluster.propose('wide', 3, { quorum: choose(2, 10), vetoes: [0, 1] });
    expect(own).toMatchObject({ outcome: 'commit', decision: { place: 3, needed: undefined, vetoes: [0, 1] } });
    expect(votesOf(own).slice(0, 2)).toEqual(['yes', 'yes']);
  });

  it('leaves its record behind until so many others were decided, and its place for ever', async () => {
    const cluster = await open({ replicas: 3 });
    for (let n = 0; n < DECISIONS_KEPT; n++) await cluster.propose('plain', n);
    expect(await cluster.decision('plain', 1)).toMatchObject({ outcome: 'ok', decision: { payload: 0 } });
    await cluster.propose('plain', 'last');
    expect(await cluster.decision('plain', 1)).toEqual({ outcome: 'forgotten' });
    expect(await cluster.decision('plain', 2)).toMatchObject({ outcome: 'ok', decision: { payload: 1 } });
  }, 60_000);

  it('can be given up, and ends with its cluster', async () => {
    const cluster = await open();
    const { threadId } = cluster.inspect().replicas[4]!;
    const looping = { amount: 1, trouble: 'loop', thread: threadId };
    const given = cluster.propose('budget', looping, { threshold: 5, signal: AbortSignal.timeout(50) });
    await expect(given).rejects.toMatchObject({ name: 'TimeoutError' });
    await expect(cluster.propose('budget', 1, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: 'AbortError',
    });
    const pending = expect(cluster.propose('budget', looping, { threshold: 5 })).rejects.toMatchObject({
      code: 'ERR_QUORATE_CLOSED',
    });
    await cluster.close({ timeoutMs: 1 });
    await pending;
  });
});

describe('A proposal', () => {
  // None of them decides anything, so they may share a cluster.
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await openCluster(OPTIONS);
  });
  afterAll(() => cluster.close());

  it.each<[string, string, unknown, object, string]>([
    ['an unknown topic', 'other', 1, {}, 'ERR_QUORATE_INVALID_ARGUMENT'],
    ['an unknown option', 'plain', 1, { deadline: 5 }, 'ERR_QUORATE_INVALID_ARGUMENT'],
    ['more voters than there are', 'plain', 1, { threshold: 6 }, 'ERR_QUORATE_INVALID_ARGUMENT'],
    ['a threshold that is no fraction', 'plain', 1, { threshold: '5/3' }, 'ERR_QUORATE_INVALID_ARGUMENT'],
    ['too few weights', 'plain', 1, { weights: [1, 1] }, 'ERR_QUORATE_INVALID_ARGUMENT'],
    ['a weight of 0', 'plain', 1, { weights: [1, 1, 1, 1, 0] }, 'ERR_QUORATE_INVALID_ARGUMENT'],
    ['a veto of nobody', 'plain', 1, { vetoes: [5] }, 'ERR_QUORATE_INVALID_ARGUMENT'],
    ['a quorum system of others', 'plain', 1, { quorum: choose(2, 3) }, 'ERR_QUORATE_INVALID_ARGUMENT'],
    ['an empty id', 'plain', 1, { id: '' }, 'ERR_QUORATE_INVALID_ARGUMENT'],
    ['no time', 'plain', 1, { timeoutMs: 0 }, 'ERR_QUORATE_INVALID_ARGUMENT'],
    ['too many retries', 'plain', 1, { retries: 101 }, 'ERR_QUORATE_INVALID_ARGUMENT'],
    ['a function', 'plain', () => 1, {}, 'ERR_QUORATE_UNSENDABLE'],
    ['too much', 'plain', new Uint8Array(7000), {}, 'ERR_QUORATE_VALUE_TOO_LARGE'],
  ])('with %s is refused', async (_, topic, payload, options, code) => {
    await expect(cluster.propose(topic, payload, options)).rejects.toMatchObject({ code });
    expect(await cluster.decision('plain', 1)).toEqual({ outcome: 'absent' });
  });
});

describe('A cluster with topics', () => {
  it.each([
    ['whose module throws', "data:text/javascript,throw new Error('No rules')", 'No rules'],
    ['whose module is missing', new URL('./nowhere.ts', import.meta.url), 'nowhere.ts'],
    ['whose module is none', 'data:text/javascript,export default 7', 'Cannot use number as a topic'],
    ['whose state is no plain data', 'data:text/javascript,export default {initial(){}}', 'function'],
  ])('%s does not open, and says why', async (_, module, text) => {
    const opening = openCluster({ replicas: 3, topics: { rules: { module } } });
    const error = await opening.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({ code: 'ERR_QUORATE_START_FAILED', fields: { topic: 'rules' } });
    expect(String((error as Error).cause)).toContain(text);
  });

  it.each([
    ['a bad name', { 'a b': {} }],
    ['a path for a module', { a: { module: './rules.js' } }],
    ['an unknown rule', { a: { quorum: 3 } }],
    ['too many weights', { a: { weights: [1, 1, 1, 1] } }],
  ])('with %s is refused', async (_, topics) => {
    const opening = openCluster({ replicas: 3, topics: topics as object as ClusterOptions['topics'] & object });
    await expect(opening).rejects.toMatchObject({ code: 'ERR_QUORATE_INVALID_ARGUMENT' });
  });

  it('keeps their registers from its keys', async () => {
    const cluster = await open({ replicas: 3 });
    await cluster.propose('plain', 1);
    await cluster.put('a', 1);
    await cluster.put('\u0003', 2);
    const page = await cluster.scan('');
    expect(page).toMatchObject({ outcome: 'ok', entries: [{ key: '\u0003' }, { key: 'a' }] });
    for (const key of ['\u0002', '\u0002plain\u000100000001']) {
      await expect(cluster.get(key)).rejects.toMatchObject({ code: 'ERR_QUORATE_KEY' });
      await expect(cluster.scan(key)).rejects.toMatchObject({ code: 'ERR_QUORATE_KEY' });
    }
  });
});
