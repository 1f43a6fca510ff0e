// A cluster with one rule taken away, so that the demo's judge and the torture tests can be seen to fail. Production
// opens none of these.
import { unreachable } from '../base/assert.ts';
import { choose } from '../quorum/quorum-system.ts';
import type { RegisterQuorums } from '../quorum/register-quorums.ts';
import { RULES } from '../protocol/rules.ts';
import type { Rules } from '../protocol/rules.ts';

/**
 * What is taken away: `write-quorum`, a write is acknowledged by one replica; `catch-up`, a restarted replica answers
 * at once, empty; `epochs`, votes of dead incarnations count; `write-back`, reads return what is not stable; `rescan`,
 * new members decide alone though nobody has looked whether they know what the old ones had decided.
 */
export type Sabotage = 'write-quorum' | 'catch-up' | 'epochs' | 'write-back' | 'rescan';

/** All kinds, for whoever lists them. */
export const SABOTAGES: readonly Sabotage[] = ['write-quorum', 'catch-up', 'epochs', 'write-back', 'rescan'];

/** The rules that the cluster's threads keep. */
export function rulesUnder(sabotage: Sabotage | undefined): Rules {
  switch (sabotage) {
    case 'catch-up':
      return { ...RULES, silentUntilCaughtUp: false };
    case 'epochs':
      return { ...RULES, checksEpochs: false };
    case 'write-back':
      return { ...RULES, readsStable: false };
    case 'rescan':
      return { ...RULES, rescansRegisters: false };
    case 'write-quorum':
    case undefined:
      return RULES;
    default:
      return unreachable(sabotage);
  }
}

/** The quorum sizes that the cluster's threads use. */
export function quorumsUnder(sabotage: Sabotage | undefined, quorums: RegisterQuorums): RegisterQuorums {
  if (sabotage !== 'write-quorum') return quorums;
  const { systems, replicas } = quorums;
  return { ...quorums, write: 1, ...(systems && { systems: { ...systems, write: choose(1, replicas) } }) };
}
