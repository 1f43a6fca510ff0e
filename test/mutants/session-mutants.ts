// Seeded bugs of sessions.
import type { Rules } from '../../src/protocol/rules.ts';
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
];
