import type { Envelope } from '../../src/mailbox/envelope.ts';

/** An envelope with defaults. */
export function envelopeOf(parts: Partial<Envelope> = {}): Envelope {
  return { isSystem: false, type: 0, kind: 0, target: 0, correlation: 0, incarnation: 0, body: undefined, ...parts };
}
