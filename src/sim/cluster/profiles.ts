// Names of what goes wrong.

/** All profiles, by name. */
export const PROFILES = [
  'calm',
  'crash-storm',
  'duplicate-storm',
  'partition-storm',
  'overload',
  'slow-replica',
  'pause-storm',
  'clock-storm',
  'fail-points',
  'stale-messages',
  'priorities',
  'stalls',
  'scramble',
  'inheritance',
  'membership',
] as const;

/** What goes wrong. */
export type Profile = (typeof PROFILES)[number];
