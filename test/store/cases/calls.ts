// Options of calls, signals, and calls that meet.
import { expect } from 'vitest';
import type { Level, OperationOptions, Store } from '../../../src/store/store.ts';
import { valueOf, versionOf } from './case.ts';
import type { CaseTable, ConformanceCase } from './case.ts';

const REFUSED: readonly (readonly [says: string, options: unknown])[] = [
  ['a level of another name', { level: 'most' }],
  ['a level that is a number', { level: 2 }],
  ['a level of no reads', { level: { r: 0 } }],
  ['a level of no writes', { level: { w: 0 } }],
  ['a level of more replicas than there can be', { level: { r: 1000 } }],
  ['a level of half a replica', { level: { w: 1.5 } }],
  ['no time at all', { timeoutMs: 0 }],
  ['time that runs backwards', { timeoutMs: -1 }],
  ['time that is no integer', { timeoutMs: 1.5 }],
  ['time that is NaN', { timeoutMs: NaN }],
  ['endless time', { timeoutMs: Infinity }],
  ['time beyond that of timers', { timeoutMs: 2 ** 31 }],
  ['time as text', { timeoutMs: '5' }],
];

/** Every method, as a call that changes a key. */
const CALLS: readonly (readonly [
  name: string,
  call: (s: Store, k: string, o: OperationOptions) => Promise<unknown>,
])[] = [
  ['get', (store, key, options) => store.get(key, options)],
  ['put', (store, key, options) => store.put(key, 1, options)],
  ['delete', (store, key, options) => store.delete(key, options)],
  ['update', (store, key, options) => store.update(key, () => 1, options)],
  ['compareAndSet', (store, key, options) => store.compareAndSet(key, undefined, 1, options)],
  ['putIfAbsent', (store, key, options) => store.putIfAbsent(key, 1, options)],
  ['increment', (store, key, options) => store.increment(key, 1, options)],
  ['getMany', (store, key, options) => store.getMany([key], options)],
  ['batch', (store, key, options) => store.batch([{ kind: 'put', key, value: 1 }], options)],
];

const LEVELS: readonly (readonly [says: string, level: Level])[] = [
  ['quorum', 'quorum'],
  ['all', 'all'],
  ['the numbers of reads and writes', { r: 2, w: 2 }],
  ['the number of writes alone', { w: 2 }],
];

const refuses = ([says, options]: (typeof REFUSED)[number]): ConformanceCase => ({
  says: `where it asks for ${says}`,
  run: async ({ store, key }) => {
    for (const [, call] of CALLS) {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a caller's mistake
      const refusal: unknown = await call(store, key, options as OperationOptions).catch((error: unknown) => error);
      expect(refusal).toMatchObject({ code: 'ERR_QUORATE_INVALID_ARGUMENT' });
    }
    expect(await store.get(key)).toEqual({ outcome: 'absent' });
  },
  ...(says.startsWith('a level') && { needs: ['levels'] }),
});

const aborted = ([name, call]: (typeof CALLS)[number]): readonly ConformanceCase[] => [
  {
    says: `before its call: a ${name} rejects with the reason, and nothing happens`,
    run: async ({ store, key }) => {
      const reason = new Error('changed my mind');
      await expect(call(store, key, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
      expect(await store.get(key)).toEqual({ outcome: 'absent' });
    },
  },
  {
    says: `in the turn of its call: a ${name} rejects with the reason, and nothing happens`,
    run: async ({ store, key }) => {
      const controller = new AbortController();
      const reason = { any: 'reason' };
      const calling = call(store, key, { signal: controller.signal });
      controller.abort(reason);
      await expect(calling).rejects.toBe(reason);
      expect(await store.get(key)).toEqual({ outcome: 'absent' });
    },
    needs: ['cancel in the same turn'],
  },
  {
    says: `when it is over: that of a ${name} changes nothing, and no listener is left`,
    run: async ({ store, key }) => {
      const controller = new AbortController();
      const { signal } = controller;
      let listeners = 0;
      const add = signal.addEventListener.bind(signal);
      const remove = signal.removeEventListener.bind(signal);
      signal.addEventListener = (...given: Parameters<typeof add>) => (listeners++, add(...given));
      signal.removeEventListener = (...given: Parameters<typeof remove>) => (listeners--, remove(...given));
      const before = await call(store, key, { signal });
      expect(listeners).toBe(0);
      const held = await store.get(key);
      controller.abort();
      expect(await store.get(key)).toEqual(held);
      expect(before).toBeDefined();
    },
  },
];

/** Options, signals, and calls at once. */
export const CALL_CASES: CaseTable = {
  'Every method refuses a call, and does nothing,': REFUSED.map((each) => refuses(each)),
  'A write and a read at the level of': LEVELS.map(([says, level]) => ({
    says: `${says} return what was written`,
    run: async ({ store, key }) => {
      expect(await store.put(key, 'at the level', { level })).toMatchObject({ outcome: 'ok' });
      expect(valueOf(await store.get(key, { level }))).toBe('at the level');
      expect(valueOf(await store.update(key, (text) => `${String(text)}!`, { level }))).toBe('at the level!');
      expect(valueOf(await store.get(key))).toBe('at the level!');
    },
    needs: ['levels'],
  })),
  'A signal that aborts': CALLS.flatMap((each) => aborted(each)),
  'Calls in one turn': [
    {
      says: 'on one key by one client happen in their order, and the last one stays',
      run: async ({ store, key }) => {
        const versions = (await Promise.all(['a', 'b', 'c', 'd'].map((each) => store.put(key, each)))).map(versionOf);
        expect(versions.toSorted()).toEqual(versions);
        expect(valueOf(await store.get(key))).toBe('d');
      },
      needs: ['order of calls'],
    },
    {
      says: 'on a thousand keys keep their own results',
      run: async ({ store, key }) => {
        const keys = Array.from({ length: 1000 }, (_, each) => `${key} ${each}`);
        await Promise.all(keys.map((each) => store.put(each, each)));
        const read = await Promise.all(keys.map((each) => store.get(each)));
        expect(read.map((result) => valueOf(result))).toEqual(keys);
      },
    },
    {
      says: 'of which one is refused leave the others alone',
      run: async ({ store, key }) => {
        const made = await Promise.allSettled([
          store.put(key, 'kept'),
          store.put('', 'refused'),
          store.put(key, () => 1),
        ]);
        expect(made.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
        expect(valueOf(await store.get(key))).toBe('kept');
      },
    },
    {
      says: 'never throw at once: what is wrong is told by the promise',
      run: async ({ store }) => {
        const promises = CALLS.map(([, call]) => call(store, '', {}));
        const settled = await Promise.allSettled(promises);
        expect(new Set(settled.map(({ status }) => status))).toEqual(new Set(['rejected']));
      },
    },
    {
      says: 'of two clients on one key leave what one of them wrote last, seen by both alike',
      run: async ({ store, other, key }) => {
        const made = await Promise.all([
          ...['a', 'b', 'c'].map((each) => store.put(key, each)),
          ...['x', 'y', 'z'].map((each) => other.put(key, each)),
        ]);
        const newest = made.map(versionOf).toSorted().at(-1);
        const read = await store.get(key);
        expect(versionOf(read)).toBe(newest);
        expect(await other.get(key)).toEqual(read);
      },
    },
    {
      says: 'of many kinds on one key each end as something that it may end as',
      run: async ({ store, other, key }) => {
        const made = await Promise.all(
          [store, other].flatMap((client) => [
            client.put(key, 1),
            client.increment(`${key} n`),
            client.putIfAbsent(key, 2),
            client.compareAndSet(key, 1, 3),
            client.delete(key),
          ]),
        );
        // Blind writes that meet a change may leave nobody to say whether it has happened: never for good without that.
        for (const each of made) {
          if (each.outcome === 'unknown') expect(each.isFinal).toBe(true);
          else expect(['ok', 'conflict']).toContain(each.outcome);
        }
        expect(valueOf(await store.get(`${key} n`))).toBe(2);
      },
    },
  ],
};
