// The level `available` on clients and replicas in one thread: by hand, and in random schedules that a checker judges.
import { describe, expect, it } from 'vitest';
import { AVAILABLE_HINTS_MAX } from '../../src/base/limits.ts';
import { checkConvergence } from '../../src/check/staleness-convergence.ts';
import { registerQuorums } from '../../src/quorum/index.ts';
import { CLUSTER_OPEN, CLUSTER_STATE_LOST } from '../../src/replica/environment.ts';
import { writeAvailable } from '../../src/store/available.ts';
import type { ReadResult, WriteResult } from '../../src/store/store.ts';
import { CoreCluster } from '../replica/core-cluster.ts';
import { replayCommand, testSeed } from '../support/seed.ts';
import { AvailableClient, availableRun } from './available-history.ts';

const SEED = testSeed();
const REPLAY = replayCommand('test/store/available.test.ts', SEED);
const QUORUMS = registerQuorums({ replicas: 3 });
const TIMEOUT_MS = 100;
/** Fewer than operations may be under way at once. */
const BATCH = 32;

/** A cluster with two clients at level `available`; some replicas hear nothing. */
class Stage {
  readonly cluster = new CoreCluster({ quorums: QUORUMS, clients: 2 });
  readonly clients = [0, 1].map((client) => new AvailableClient(this.cluster, client));
  silent: readonly number[] = [];

  /** Time passes, and what is not silent answers, until the promise settles. */
  async run<Result>(promise: Promise<Result>): Promise<Result> {
    const ended = { is: false };
    void promise.catch(() => undefined).then(() => (ended.is = true));
    for (let step = 0; step < 500 && !ended.is; step++) await this.turn();
    return promise;
  }

  async turn(): Promise<void> {
    for (let each = 0; each < 12; each++) this.cluster.deliverNext(this.silent);
    this.cluster.pass(5);
    for (const { engine } of this.clients) await engine.look();
  }

  put(value: unknown, client = 0): Promise<WriteResult> {
    return this.run(this.clients[client]!.put('k', value, TIMEOUT_MS));
  }

  get(client = 0): Promise<ReadResult> {
    return this.run(this.clients[client]!.get('k', TIMEOUT_MS));
  }

  /** All hints are finished or given up. */
  async finish(): Promise<void> {
    for (let step = 0; step < 2000 && this.clients.some(({ place }) => place.hints.open > 0); step++) await this.turn();
  }
}

describe('A write at level available', () => {
  it('is a write like any other while a quorum answers', async () => {
    const stage = new Stage();
    stage.silent = [2];
    expect(await stage.put('v')).toEqual({ outcome: 'ok', version: expect.any(String) });
    expect(await stage.get(1)).toMatchObject({ outcome: 'ok', value: 'v' });
    expect(stage.clients[0]!.place.hints.open).toBe(0);
  });

  it.each([
    ['all replicas but one', [1, 2]],
    ['all replicas', [0, 1, 2]],
  ])('is answered with %s silent, says so, and is finished when they answer again', async (_title, silent) => {
    const stage = new Stage();
    await stage.put('before');
    stage.silent = silent;
    const written = await stage.put('hinted');
    expect(written).toEqual({ outcome: 'ok', version: expect.any(String), isHinted: true });
    expect(stage.clients[0]!.place.hints.open).toBe(1);
    stage.silent = [];
    await stage.finish();
    expect(stage.clients[0]!.place.hints).toMatchObject({ open: 0, lost: 0 });
    expect(await stage.get(1)).toMatchObject({ outcome: 'ok', value: 'hinted' });
  });

  it('never comes over a later write', async () => {
    const stage = new Stage();
    stage.silent = [0, 1, 2];
    await stage.put('hinted');
    const later = stage.cluster.call(1, (core) => core.put('k', 'later', undefined));
    stage.cluster.exchange(1, 'accept', [0, 1, 2]);
    expect(later.result).toMatchObject({ outcome: 'ok' });
    stage.silent = [];
    await stage.finish();
    expect(await stage.get(1)).toMatchObject({ value: 'later' });
  });

  it('may be a delete', async () => {
    const stage = new Stage();
    await stage.put('before');
    stage.silent = [0, 1, 2];
    expect(await stage.put(undefined)).toMatchObject({ outcome: 'ok', isHinted: true });
    expect(await stage.get()).toEqual({ outcome: 'absent', isStale: true });
    stage.silent = [];
    await stage.finish();
    expect(await stage.get(1)).toEqual({ outcome: 'absent' });
  });

  it('is unknown where its client has no room for another hint', async () => {
    const stage = new Stage();
    stage.silent = [0, 1, 2];
    const [{ place, engine }] = stage.clients as [AvailableClient];
    for (let written = 0; written < AVAILABLE_HINTS_MAX; written += BATCH) {
      const writes = Array.from({ length: BATCH }, (_, index) =>
        writeAvailable(engine, place, [`k${written + index}`, index, { timeoutMs: TIMEOUT_MS }]),
      );
      for (const each of await stage.run(Promise.all(writes))) expect(each).toMatchObject({ isHinted: true });
    }
    expect(await stage.put('one more')).toMatchObject({ outcome: 'unknown' });
    stage.silent = [];
    await stage.finish();
    expect(place.hints).toMatchObject({ open: 0, lost: 0 });
  });

  it('is refused where it has to look at what it overwrites', async () => {
    const { clients } = new Stage();
    const [{ place, engine }] = clients as [AvailableClient];
    const ifVersion = '0000000000000001';
    await expect(writeAvailable(engine, place, ['k', 1, { ifVersion }])).rejects.toThrow('looks at what it overwrites');
    await expect(writeAvailable(engine, { ...place, looksFirst: true }, ['k', 1, {}])).rejects.toMatchObject({
      code: 'ERR_QUORATE_INVALID_ARGUMENT',
    });
  });

  it('is given up when the state is lost, and counted', async () => {
    const stage = new Stage();
    stage.silent = [0, 1, 2];
    await stage.put('hinted');
    stage.cluster.life.state = CLUSTER_STATE_LOST;
    await stage.finish();
    expect(stage.clients[0]!.place.hints).toMatchObject({ open: 0, lost: 1 });
    await expect(stage.put('later')).rejects.toMatchObject({ code: 'ERR_QUORATE_STATE_LOST' });
    stage.cluster.life.state = CLUSTER_OPEN;
    stage.cluster.life.resets++;
    stage.silent = [];
    expect(await stage.get()).toMatchObject({ outcome: 'absent' });
  });

  it('is no hint where the state is lost while it waits', async () => {
    const stage = new Stage();
    stage.silent = [0, 1, 2];
    const writing = stage.clients[0]!.put('k', 'v', TIMEOUT_MS);
    stage.cluster.life.state = CLUSTER_STATE_LOST;
    expect(await stage.run(writing)).toMatchObject({ outcome: 'unknown' });
    expect(stage.clients[0]!.place.hints).toMatchObject({ open: 0, lost: 0 });
  });
});

describe('A read at level available', () => {
  it('is a read like any other while a quorum answers', async () => {
    const stage = new Stage();
    await stage.put('v');
    stage.silent = [0];
    expect(await stage.get(1)).toEqual({ outcome: 'ok', value: 'v', version: expect.any(String) });
  });

  it('returns what one replica has where no quorum answers, and says so (Q11)', async () => {
    const stage = new Stage();
    await stage.put('v');
    stage.silent = [1, 2];
    expect(await stage.get(1)).toEqual({ outcome: 'ok', value: 'v', version: expect.any(String), isStale: true });
  });

  it('returns what its client has written where that is newer, or nobody answers', async () => {
    const stage = new Stage();
    await stage.put('old');
    stage.silent = [0, 1, 2];
    await stage.put({ new: 1 });
    const read = await stage.get();
    expect(read).toEqual({ outcome: 'ok', value: { new: 1 }, version: expect.any(String), isStale: true });
    expect(await stage.get(1)).toMatchObject({ outcome: 'unavailable' });
  });
});

describe('In random schedules where replicas fall silent', () => {
  const RUNS = 40;

  it('every write that was acknowledged is seen in the end, unless a newer one is', async () => {
    const sums = { hinted: 0, stale: 0 };
    for (let run = 0; run < RUNS; run++) {
      const { history, hinted, stale } = await availableRun(SEED + run);
      const found = checkConvergence(history, { by: 'version' });
      expect(found.verdict === 'illegal' ? found.explanation.text : found.verdict, `run ${run}: ${REPLAY}`).toBe('ok');
      sums.hinted += hinted;
      sums.stale += stale;
    }
    expect(sums.hinted, REPLAY).toBeGreaterThan(RUNS);
    expect(sums.stale, REPLAY).toBeGreaterThan(0);
  });

  it('a client that drops its hints is found out', async () => {
    const verdicts = new Set<string>();
    for (let run = 0; run < RUNS && !verdicts.has('illegal'); run++) {
      const { history } = await availableRun(SEED + run, true);
      verdicts.add(checkConvergence(history, { by: 'version' }).verdict);
    }
    expect(verdicts, REPLAY).toContain('illegal');
  });
});
