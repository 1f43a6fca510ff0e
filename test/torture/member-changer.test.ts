import { describe, expect, it } from 'vitest';
import { QuorateError } from '../../src/base/errors.ts';
import type { ErrorCode } from '../../src/base/errors.ts';
import { seededRandom } from '../../src/base/random.ts';
import type { ReconfigureOptions } from '../../src/cluster/options.ts';
import { registerQuorums } from '../../src/quorum/register-quorums.ts';
import { MemberChanger } from '../../src/torture/member-changer.ts';

/** A changer of a cluster of five that answers as it is told, and whose waits take no time. */
function changerOf(answer: () => Promise<unknown>, waits: number[] = []) {
  const asked: ReconfigureOptions[] = [];
  const heard: (readonly number[])[] = [];
  const members = [0, 1, 2, 3, 4];
  const changer = new MemberChanger({
    cluster: {
      inspect: () => ({
        configuration: { number: 1, isChanging: false, members },
        replicationFactor: members.length,
        places: 7,
      }),
      reconfigure: (options) => {
        asked.push(options);
        return answer();
      },
    },
    base: registerQuorums({ replicas: 5 }),
    random: seededRandom(1),
    delay: async (ms, signal) => {
      waits.push(ms);
      await Promise.resolve();
      signal.throwIfAborted();
    },
    onMembers: (now) => heard.push(now),
  });
  return { changer, asked, heard };
}

describe('A changer of members', () => {
  it('changes until it is told to stop, ends the change under way, and counts them all by kind', async () => {
    const over = new AbortController();
    let left = 12;
    const { changer, asked, heard } = changerOf(async () => {
      if (--left === 0) over.abort();
      await Promise.resolve();
    });
    await changer.run(3, over.signal);
    const { done, undone, kinds } = changer.count;
    expect([done, undone, asked.length, heard.length]).toEqual([12, 0, 12, 12]);
    expect(Object.values(kinds).reduce((sum, count) => sum + count)).toBe(12);
    expect(asked.every(({ timeoutMs }) => timeoutMs !== undefined)).toBe(true); // A change never takes for ever.
  });

  it.each<[code: ErrorCode]>([['ERR_QUORATE_TIMEOUT'], ['ERR_QUORATE_CHANGING'], ['ERR_QUORATE_STATE_LOST']])(
    'counts one that ends with %s as taken back',
    async (code) => {
      const { changer } = changerOf(() => Promise.reject(new QuorateError(code, 'Not now')));
      await changer.change();
      expect(changer.count).toMatchObject({ done: 0, undone: 1 });
    },
  );

  it('fails with whatever else a change fails with', async () => {
    const { changer } = changerOf(() => Promise.reject(new Error('A bug')));
    await expect(changer.run(1, new AbortController().signal)).rejects.toThrow('A bug');
  });

  it('changes nothing where there is no rate, and nothing once it is over', async () => {
    const { changer, asked } = changerOf(() => Promise.resolve());
    await changer.run(0, new AbortController().signal);
    await changer.run(1, AbortSignal.abort());
    expect(asked).toEqual([]);
  });
});
