// Schedules of rounds of changes, which need clients as production makes them: each tells what is wrong, for people, or
// nothing. With its rule in place nothing is, with the rule removed something is.
import { RULES } from '../../src/protocol/rules.ts';
import { registerQuorums } from '../../src/quorum/index.ts';
import type { ClientCore } from '../../src/replica/client-core.ts';
import { CoreCluster } from './core-cluster.ts';
import type { CoreClusterOptions } from './core-cluster.ts';

/** One schedule. */
export interface CoreSchedule {
  readonly title: string;
  readonly rule: string;
  readonly kept: CoreClusterOptions;
  /** What takes the rule away. */
  readonly removed: Partial<CoreClusterOptions>;
  readonly play: (cluster: CoreCluster) => string | undefined;
}

const clients = 3;
const THREE: CoreClusterOptions = { quorums: registerQuorums({ replicas: 3 }), clients };
const N4_R3_W2: CoreClusterOptions = { quorums: registerQuorums({ replicas: 4, read: 3, write: 2 }), clients };
const N5_R5_W3: CoreClusterOptions = {
  quorums: registerQuorums({ replicas: 5, read: 5, write: 3, prepare: 5 }),
  clients,
};
const SHORT_MS = 10;
const LATER_MS = 100;
const LONG_MS = 1_000_000;

function add(by: number, timeoutMs = LONG_MS): (core: ClientCore) => ReturnType<ClientCore['increment']> {
  return (core) => core.increment('k', by, { timeoutMs });
}

function addToAll(core: ClientCore): ReturnType<ClientCore['increment']> {
  return core.increment('k', 1, { level: 'all', timeoutMs: SHORT_MS });
}

function compare(core: ClientCore): ReturnType<ClientCore['increment']> {
  return core.compareAndSet('k', 7, 8, undefined);
}

function put(cluster: CoreCluster, value: number): void {
  cluster.call(1, (core) => core.put('k', value, { timeoutMs: LONG_MS }));
}

/** Whether a result has these fields; if not, what it is instead. */
function differs(what: string, result: unknown, wanted: Readonly<Record<string, unknown>>): string | undefined {
  const found: unknown = result ?? {};
  const isSame = Object.entries(wanted).every(
    ([name, value]) => typeof found === 'object' && found !== null && Reflect.get(found, name) === value,
  );
  return isSame ? undefined : `${what} ends as ${JSON.stringify(result)}, not as ${JSON.stringify(wanted)}`;
}

export const CORE_SCHEDULES: readonly CoreSchedule[] = [
  {
    title: 'A compare that comes after its round has asked conflicts with what was overwritten before it came',
    rule: 'who came late is not answered with what was promised before',
    kept: THREE,
    removed: { rules: { ...RULES, confirmsLatecomers: false } },
    play: (cluster) => {
      put(cluster, 1);
      cluster.exchange(1, 'accept', [0, 1, 2]);
      cluster.call(0, compare);
      cluster.reach(0, 'prepare', [0, 1]); // Both report 1, which is stable.
      put(cluster, 2);
      cluster.exchange(1, 'accept', [1, 2]);
      const late = cluster.call(0, compare);
      cluster.hear(0, [0, 1]);
      cluster.settle();
      return differs('A compare after a write of 2', late.result, { outcome: 'conflict', value: 2 });
    },
  },
  {
    title: 'An update that comes after its round has asked misses a write, because W = 2 of 4 need not meet',
    rule: 'who comes late waits for the next round unless 2 W > N',
    kept: N4_R3_W2,
    removed: { quorums: { ...N4_R3_W2.quorums, cachesPromises: true } },
    play: (cluster) => {
      cluster.call(0, add(1));
      cluster.reach(0, 'prepare', [0, 1, 2]);
      put(cluster, 100);
      cluster.exchange(1, 'accept', [2, 3]);
      const late = cluster.call(0, add(10));
      cluster.hear(0, [0, 1, 2]);
      cluster.exchange(0, 'accept', [0, 1]);
      cluster.settle();
      return differs('An update by 10 after a write of 100', late.result, { value: 110 });
    },
  },
  {
    title: 'An update that comes after its round has asked misses what was read, because W and S need not meet',
    rule: 'S > N - W',
    kept: N5_R5_W3,
    removed: { quorums: { ...N5_R5_W3.quorums, agreeing: 2 } },
    play: (cluster) => {
      cluster.call(0, add(1));
      cluster.reach(0, 'prepare', [0, 1, 2, 3, 4]);
      put(cluster, 100);
      cluster.reach(1, 'accept', [3, 4]);
      const read = cluster.call(2, (core) => core.get('k', { timeoutMs: LONG_MS }));
      cluster.exchange(2, 'read', [0, 1, 2, 3, 4]);
      if (read.result === undefined) return undefined; // It is not stable: the read has to do something about it.
      const late = cluster.call(0, add(10));
      cluster.hear(0, [0, 1, 2, 3, 4]);
      cluster.exchange(0, 'accept', [0, 1, 2]);
      cluster.settle();
      return differs('An update by 10 after 100 was read', late.result, { value: 110 });
    },
  },
  {
    title: 'An update waits for replicas that only one before it had asked for, which is given up',
    rule: 'a round that nobody waits for ends',
    kept: THREE,
    removed: { rules: { ...RULES, leavesRounds: false } },
    play: (cluster) => {
      const ofAll = cluster.call(0, addToAll);
      cluster.exchange(0, 'prepare', [0, 1]);
      cluster.exchange(0, 'accept', [0, 1]); // A2 is silent, and stays so.
      const next = cluster.call(0, add(10, LATER_MS));
      for (let ms = 0; ms < 2 * LATER_MS; ms++) {
        cluster.pass(1);
        cluster.loseAllTo(2);
        for (const kind of ['prepare', 'accept'] as const) cluster.exchange(0, kind, [0, 1]);
      }
      const wrong =
        differs('An update of all', ofAll.result, { outcome: 'unknown' }) ??
        differs('An update by 10 of what that had made', next.result, { outcome: 'ok', value: 11 });
      if (wrong !== undefined) return wrong;
      const resolved = cluster.run(0, (core) => core.resolve(ofAll.operationId, { timeoutMs: LONG_MS }));
      return differs('The update of all, once A2 answers,', resolved, { outcome: 'ok', value: 1 });
    },
  },
  {
    title: 'An update waits for one that is tried again, of whose caller the time is over',
    rule: 'a round that nobody waits for does not begin',
    kept: THREE,
    removed: { rules: { ...RULES, leavesRounds: false } },
    play: (cluster) => {
      const ofAll = cluster.call(0, addToAll);
      cluster.exchange(0, 'prepare', [0, 1]);
      cluster.exchange(0, 'accept', [0, 1]);
      cluster.pass(SHORT_MS);
      cluster.loseAllOf(0);
      const blocked = cluster.call(0, add(100, LATER_MS)); // Nobody hears its question until
      const again = cluster.call(0, (core) => core.resolve(ofAll.operationId, { timeoutMs: SHORT_MS }));
      cluster.pass(SHORT_MS); // this one's time is over.
      cluster.exchange(0, 'prepare', [0, 1]);
      const next = cluster.call(0, add(10)); // It is too late for the round of the one by 100.
      for (let ms = 0; ms < 2 * LATER_MS; ms++) {
        cluster.pass(1);
        cluster.loseAllTo(2);
        for (const kind of ['prepare', 'accept'] as const) cluster.exchange(0, kind, [0, 1]);
      }
      return (
        differs('Trying again', again.result, { outcome: 'unknown' }) ??
        differs('An update by 100', blocked.result, { outcome: 'ok' }) ??
        differs('An update by 10', next.result, { outcome: 'ok' })
      );
    },
  },
  {
    title: 'Two clients with one number drop what the other one has to find',
    rule: 'no two clients have the same number',
    kept: THREE,
    removed: { owner: 1 },
    play: (cluster) => {
      const call = cluster.call(0, add(1, SHORT_MS));
      cluster.exchange(0, 'prepare', [0, 1]);
      cluster.reach(0, 'accept', [0, 1]);
      cluster.loseAllOf(0);
      cluster.pass(SHORT_MS);
      cluster.loseAllOf(0);
      cluster.run(1, add(10));
      cluster.run(0, (core) => core.resolve(call.operationId, { timeoutMs: LONG_MS }));
      const read = cluster.run(2, (core) => core.get('k', { timeoutMs: LONG_MS }));
      return differs('A read after an update by 1 and one by 10', read, { value: 11 });
    },
  },
  {
    title: 'A change whose first try has landed is told what its second would have come to',
    rule: 'results are remembered by try',
    kept: THREE,
    removed: { rules: { ...RULES, remembersResults: false } },
    play: (cluster) => {
      put(cluster, 99);
      cluster.reach(1, 'accept', [0]);
      cluster.loseAllOf(1); // A0 alone holds 99.
      const call = cluster.call(0, add(1));
      cluster.exchange(0, 'prepare', [0, 1]);
      cluster.reach(0, 'accept', [0]); // 100 is at A0.
      cluster.loseAllOf(0);
      const other = cluster.call(2, add(1000));
      cluster.reach(2, 'prepare', [1, 2]); // A1 and A2 have promised to somebody else,
      for (let tries = 0; tries < 8; tries++) {
        cluster.exchange(0, 'accept', [1]); // which A1 says to client 0: it prepares again.
        cluster.pass(13);
      }
      cluster.loseAllOf(2);
      cluster.exchange(0, 'prepare', [1, 2]); // Its second try finds nothing, and makes 1 of it.
      cluster.loseAllOf(0);
      for (let tries = 0; tries < 8 && other.result === undefined; tries++) {
        cluster.pass(13 * 2 ** tries);
        cluster.loseAllOf(0);
        cluster.exchange(2, 'prepare', [0, 2]); // The other one finds 100 at A0.
        cluster.exchange(2, 'accept', [0, 2]);
      }
      cluster.settle();
      return (
        differs('An update by 1000 of 100', other.result, { value: 1100 }) ??
        differs('An update by 1 of 99', call.result, { value: 100 })
      );
    },
  },
];

/** Plays a schedule with its rule or without. @returns what is wrong, and how many calls and messages it took. */
export function playCore(schedule: CoreSchedule, isKept: boolean): { wrong: string | undefined; steps: number } {
  const cluster = new CoreCluster({ ...schedule.kept, ...(isKept ? {} : schedule.removed) });
  const wrong = schedule.play(cluster);
  return { wrong, steps: cluster.steps };
}
