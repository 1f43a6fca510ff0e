import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../src/base/random.ts';
import { FAULTS, Nemesis, type Fault, type Target } from '../../../src/cli/demo/nemesis.ts';

interface Stage {
  readonly nemesis: Nemesis;
  readonly injected: { replica: number; fault: Fault }[];
  readonly waits: number[];
}

function alive(): Target[] {
  return [0, 1, 2, 3, 4].map((replica) => ({ replica, epoch: 1, state: 'operational', unreadBytes: 0 }));
}

/** A nemesis whose waits take no time; it is stopped after so many kills. */
async function rampage(
  kills: number,
  options: { inspect?: () => Target[]; allows?: () => boolean } = {},
): Promise<Stage> {
  const stop = new AbortController();
  const injected: Stage['injected'] = [];
  const waits: number[] = [];
  const nemesis = new Nemesis({
    killsPerSecond: 2,
    random: seededRandom(1),
    inspect: options.inspect ?? alive,
    inject: (replica, fault) => {
      if (options.allows?.() === false) return Promise.resolve(false);
      injected.push({ replica, fault });
      if (injected.length === kills) stop.abort();
      return Promise.resolve(true);
    },
    delay: async (ms, signal) => {
      waits.push(ms);
      await Promise.resolve();
      signal.throwIfAborted();
    },
  });
  await nemesis.run(stop.signal);
  return { nemesis, injected, waits };
}

describe('Nemesis', () => {
  it('Twelve kills hold each way to die four times', async () => {
    const { injected, nemesis } = await rampage(12);
    for (const fault of FAULTS) expect(injected.filter((kill) => kill.fault === fault).length).toBe(4);
    expect(nemesis.putOffMs).toBe(0);
  });

  it('It reaches every replica, in no fixed order', async () => {
    const { injected } = await rampage(60);
    const counts = [0, 1, 2, 3, 4].map((replica) => injected.filter((kill) => kill.replica === replica).length);
    expect(Math.min(...counts)).toBeGreaterThan(4);
  });

  it('A kill that the quorums would not survive is tried again soon, with the same fault', async () => {
    let asked = 0;
    const { injected, nemesis } = await rampage(30, { allows: () => ++asked % 3 === 0 });
    for (const fault of FAULTS) expect(injected.filter((kill) => kill.fault === fault).length).toBe(10);
    expect(nemesis.kills.length).toBe(30);
    expect(nemesis.putOffMs).toBeGreaterThan(0);
  });

  it('It kills only replicas that vote', async () => {
    const targets: Target[] = [
      { replica: 0, epoch: 1, state: 'recovering', unreadBytes: 9 },
      { replica: 1, epoch: 1, state: 'operational', unreadBytes: 0 },
      { replica: 2, epoch: 1, state: 'down', unreadBytes: 9 },
    ];
    const { injected } = await rampage(10, { inspect: () => targets });
    expect(new Set(injected.map(({ replica }) => replica))).toEqual(new Set([1]));
  });

  it('Most kills wait for a replica with unread frames, and say so', async () => {
    let looks = 0;
    const inspect = (): Target[] =>
      [0, 1, 2].map((replica) => ({
        replica,
        epoch: 1,
        state: 'operational',
        unreadBytes: ++looks % 10 === 0 ? 64 : 0,
      }));
    const { nemesis } = await rampage(40, { inspect });
    expect(nemesis.kills.filter(({ hadUnread }) => hadUnread).length).toBeGreaterThanOrEqual(30);
  });

  it('A kill is open until its incarnation has died and the next one votes', async () => {
    const { nemesis } = await rampage(1);
    const { replica } = nemesis.kills[0]!;
    nemesis.recovered(replica, 1);
    expect(nemesis.open.length).toBe(1); // That was the life before.
    expect([nemesis.died(replica, 1), nemesis.died((replica + 1) % 5, 1), nemesis.died(replica, 2)]).toEqual([
      true,
      false,
      false,
    ]);
    expect(nemesis.kills[0]).toMatchObject({ isDead: true, recoveryMs: undefined });
    nemesis.recovered(replica, 2);
    expect(nemesis.open.length).toBe(0);
    expect(nemesis.kills[0]!.recoveryMs).toBeGreaterThanOrEqual(0);
  });

  it('Who is no member any more is not waited for, and counts as killed once its thread has ended', async () => {
    const { nemesis } = await rampage(1);
    const [kill] = nemesis.kills;
    nemesis.heedMembers([0, 1, 2, 3, 4]);
    expect(nemesis.open).toEqual([kill]);
    nemesis.heedMembers([0, 1, 2, 3, 4, 5].filter((each) => each !== kill!.replica));
    expect([nemesis.open, nemesis.dead]).toEqual([[], []]);
    expect(nemesis.died(kill!.replica, 1)).toBe(true);
    expect(nemesis.dead).toEqual([kill]);
    nemesis.recovered(kill!.replica, 2); // Another one, at the same place.
    expect(kill!.recoveryMs).toBe(undefined);
  });

  it('A replica that is killed again before, or without, its return being told is counted twice', async () => {
    let epoch = 0;
    const inspect = (): Target[] => [{ replica: 0, epoch: ++epoch, state: 'operational', unreadBytes: 1 }];
    const { nemesis } = await rampage(2, { inspect });
    const [first, second] = nemesis.kills;
    expect(nemesis.open).toEqual([second]);
    expect([nemesis.died(0, first!.epoch), nemesis.died(0, second!.epoch)]).toEqual([true, true]);
    nemesis.recovered(0, second!.epoch);
    expect(nemesis.open).toEqual([second]);
    nemesis.recovered(0, second!.epoch + 1);
    expect(nemesis.open).toEqual([]);
    expect(nemesis.kills.every(({ isDead }) => isDead)).toBe(true);
  });
});
