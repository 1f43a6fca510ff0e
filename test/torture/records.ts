// A ledger with the threads of a run played by one thread.
import type { Call, LedgerShape, SharedLedger, Ticket } from '../../src/torture/ledger.ts';

export const SHAPE: LedgerShape = { busy: 2, busyOperations: 8, resting: 1, restingOperations: 4, clients: 3 };

/** Takes a ticket and begins. */
export function begun(ledger: SharedLedger, slot: number, call: Call, owner = 1, client = 0): Ticket {
  const ticket = ledger.take(slot)!;
  ledger.begin(ticket, call, { client, owner, process: ledger.nextProcess() });
  return ticket;
}
