import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/base/random.ts';
import { FAIL_POINTS } from '../../src/cluster/fail-point.ts';
import { Nemesis } from '../../src/torture/nemesis.ts';
import type { Harm, NemesisStage } from '../../src/torture/nemesis.ts';

interface Given {
  readonly mayStop?: boolean;
  readonly mayKill?: boolean;
  readonly harms?: readonly Harm[];
}

/** Numbers of members may have gaps. */
const MEMBERS = [0, 2, 3, 5, 9];

/** Runs a nemesis for so many harms on a stage that only notes them. */
async function harmsOf(seed: number, count: number, given: Given = {}) {
  const { mayStop = true, mayKill = true, harms } = given;
  const said: string[] = [];
  const note = async (text: string): Promise<void> => void said.push(text);
  const stage: NemesisStage = {
    members: () => MEMBERS,
    clients: 3,
    injectFault: async (replica, fault) => {
      await note(`${fault} ${replica}`);
      return mayKill;
    },
    killClient: async (client) => {
      await note(`kill client ${client}`);
      return client !== 0;
    },
    order: (client, order) => void note(`order ${client} ${order}`),
    press: (kind, ms) => note(`${kind} ${ms}`),
    stopProcess: (ms) => note(`stop ${ms}`),
    changeMembers: () => note('change members'),
    loseState: () => note('lose state'),
  };
  const over = new AbortController();
  let waits = 0;
  const delay = async (): Promise<void> => {
    if (++waits <= count) return;
    over.abort();
    throw new Error('It is over');
  };
  const nemesis = new Nemesis({ stage, random: seededRandom(seed), gapMs: 100, mayStop, harms, delay });
  await nemesis.run(over.signal);
  return { said, nemesis };
}

describe('A nemesis', () => {
  it('does the same with the same seed, and something else with another', async () => {
    const first = await harmsOf(5, 100);
    expect((await harmsOf(5, 100)).said).toEqual(first.said);
    expect((await harmsOf(6, 100)).said).not.toEqual(first.said);
  });

  it('does everything that there is, and counts what was done', async () => {
    const { nemesis, said } = await harmsOf(1, 3000);
    const others = [
      'terminate',
      'hang',
      'oom',
      'kill client',
      'kill client halfway',
      'block client',
      'flood',
      'flood large',
    ];
    const harm = ['burn', 'garbage', 'external', 'stop', 'change members', 'lose state'];
    expect([...nemesis.done.keys()].toSorted()).toEqual([...FAIL_POINTS, ...others, ...harm].toSorted());
    expect(nemesis.kills).toBe(said.filter((text) => isDeath(text)).length);
  });

  it('harms members, all of them, and nobody else', async () => {
    const { said } = await harmsOf(3, 500, { harms: ['terminate', 'fail point'] });
    const harmed = new Set(said.map((text) => Number(text.split(' ').at(-1))));
    expect([...harmed].toSorted((one, other) => one - other)).toEqual(MEMBERS);
  });

  it('does nothing but what it was told', async () => {
    const { nemesis } = await harmsOf(2, 200, { harms: ['hang', 'kill client'] });
    expect([...nemesis.done.keys()].toSorted()).toEqual(['hang', 'kill client']);
  });

  it('counts no kill that was not done, and does not stop the process where it may not', async () => {
    const { nemesis, said } = await harmsOf(1, 500, { mayStop: false, mayKill: false });
    expect(said.some((text) => text.startsWith('stop'))).toBe(false);
    expect(nemesis.kills).toBe(0);
  });
});

function isDeath(text: string): boolean {
  return /^(terminate|hang|oom)/.test(text) || FAIL_POINTS.some((point) => text.startsWith(`${point} `));
}
