// Seeded bugs of sessions.
import type { Rules } from '../../src/protocol/rules.ts';
import { SessionState } from '../../src/replica/session.ts';
import { byRule } from './by-rule.ts';
import type { Mutant } from './mutant.ts';
import { simulatedSessions } from './sim-catcher.ts';

const SEEDS = 1000;

const without = (rule: keyof Rules, bug: string): Mutant => ({
  bug,
  layer: 'session',
  removed: `rule ${rule}`,
  catchers: [simulatedSessions(rule, SEEDS)],
});

export const SESSION_MUTANTS: readonly Mutant[] = [
  without('readsAsNewAsSession', 'A read of a session takes the first answer, however old'),
  without('notesOwnWrites', 'A session does not note what it has written'),
  without('versionsAbsence', 'A session that finds a key deleted does not note of which version that is'),
  without('settlesBeforeChanges', 'A change of a session is made on what is decided, which its session knows newer'),
  without('pinsUndecided', 'A session forgets what it has seen of one replica, and trusts the quorum with it'),
  without('keepsFloors', 'The token of a session forgets that the session has forgotten'),
  {
    bug: 'A session goes by what it knows, though one that it has taken over may have forgotten something newer',
    layer: 'session',
    removed: 'rule doubtsMerged',
    catchers: [byRule('doubtsMerged', takenOverWithoutDoubt)],
  },
];

/** A session has read version 5 of a key; one that it takes over has read version 9, and forgotten it for another. */
function takenOverWithoutDoubt(rules: Rules): string | undefined {
  const [session, other] = [3, 1].map((keysMax) => new SessionState({ resets: 0, keysMax }, rules));
  session!.note('k', { high: 0, low: 5 }, true);
  other!.note('k', { high: 0, low: 9 }, true);
  other!.note('l', { high: 0, low: 2 }, true);
  session!.merge(other!);
  const mayReadWeakly = !session!.hasForgotten('k') && session!.admits('k', { high: 0, low: 5 });
  return mayReadWeakly ? 'A session reads what is older than what it has taken over' : undefined;
}
