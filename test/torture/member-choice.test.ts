import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/base/random.ts';
import { targetOf } from '../../src/cluster/reconfigure.ts';
import { votersIn } from '../../src/quorum/quorum-system.ts';
import { registerQuorums } from '../../src/quorum/register-quorums.ts';
import type { RegisterOptions } from '../../src/quorum/register-quorums.ts';
import type { Membership } from '../../src/quorum/configuration.ts';
import { MEMBER_CHANGES, MemberChoice, placesFor } from '../../src/torture/member-choice.ts';
import type { MemberChange } from '../../src/torture/member-choice.ts';

interface Walk {
  readonly memberships: readonly Membership[];
  readonly kinds: ReadonlySet<MemberChange>;
}

/** Follows so many changes, as a cluster would that makes each of them. */
function walk(options: RegisterOptions, seed: number, changes = 200): Walk {
  const base = registerQuorums(options);
  const choice = new MemberChoice(base, seededRandom(seed));
  const places = placesFor(base.threads);
  let now: Membership = { members: 2 ** base.threads - 1, quorums: base };
  const memberships = [now];
  const kinds = new Set<MemberChange>();
  let asked = {};
  for (let change = 0; change < changes; change++) {
    const members = votersIn(now.members);
    const chosen = choice.next({ members, replicationFactor: now.quorums.replicas, places });
    if (chosen === undefined) break;
    kinds.add(chosen.kind);
    now = targetOf({ current: now }, chosen.options, asked, places); // Throws where that cannot be.
    const { read, write } = { ...asked, ...chosen.options };
    asked = { ...(read !== undefined && { read }), ...(write !== undefined && { write }) };
    memberships.push(now);
  }
  return { memberships, kinds };
}

const SIZES: readonly RegisterOptions[] = [
  ...Array.from({ length: 15 }, (_, index) => ({ replicas: index + 1 })),
  { replicas: 5, read: 2, write: 4 },
  { replicas: 5, read: 5, write: 2 },
  { replicas: 3, read: 1, write: 3 },
  { replicas: 3, threads: 7 },
  { replicas: 2, threads: 3 },
  { replicas: 1, threads: 4 },
  { replicas: 14, threads: 15, read: 9, write: 9 },
];

describe('A choice of changes of members', () => {
  it.each(SIZES.map((sizes) => [JSON.stringify(sizes), sizes] as const))(
    'of %s never asks for what cannot be, and strays by one from what it began with',
    (_, sizes) => {
      for (const seed of [1, 2, 3]) {
        const base = registerQuorums(sizes);
        const { memberships } = walk(sizes, seed);
        for (const { quorums } of memberships) {
          expect(Math.abs(quorums.threads - base.threads), `seed ${seed}`).toBeLessThanOrEqual(1);
          expect(quorums.downMax, `seed ${seed}`).toBeGreaterThanOrEqual(Math.min(1, base.downMax));
        }
      }
    },
  );

  it.each<[sizes: RegisterOptions, missing: readonly MemberChange[]]>([
    [{ replicas: 5 }, ['copies']],
    [{ replicas: 3, threads: 5 }, []],
    [{ replicas: 1 }, ['copies']],
    [{ replicas: 15 }, ['replace', 'copies']],
  ])('of %o comes to every kind of change that there can be', (sizes, missing) => {
    const { kinds, memberships } = walk(sizes, 7);
    const expected = MEMBER_CHANGES.filter((kind) => !missing.includes(kind));
    expect(MEMBER_CHANGES.filter((kind) => kinds.has(kind))).toEqual(
      sizes.replicas === 15 ? expect.arrayContaining(expected) : expected,
    );
    expect(memberships.length).toBe(201);
  });

  it('asks for other R and W, with which operations go on while as many are down as may be', () => {
    const seen = new Set<string>();
    for (const { quorums } of walk({ replicas: 5 }, 5).memberships) {
      const { replicas, read, write, prepare, downMax } = quorums;
      seen.add(`${replicas}: ${read} ${write}`);
      if (replicas > 3) expect(Math.max(read, write, prepare)).toBeLessThanOrEqual(replicas - downMax);
    }
    expect([...seen].toSorted()).toEqual(['4: 3 2', '4: 3 3', '5: 3 3', '5: 4 2', '6: 4 3', '6: 4 4', '6: 5 2']);
  });

  it('is the same for the same seed, and leaves gaps between the numbers of members', () => {
    const { memberships } = walk({ replicas: 5 }, 11);
    expect(walk({ replicas: 5 }, 11).memberships).toEqual(memberships);
    expect(walk({ replicas: 5 }, 12).memberships).not.toEqual(memberships);
    expect(memberships.some(({ members }) => (members & (members + 1)) !== 0)).toBe(true);
  });
});
