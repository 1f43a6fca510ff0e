// Read repair: a read has seen that some replicas are behind what it returns, and sends them the entry, at its own
// ballot, once it is settled. Nobody waits for that, nothing counts it: it is the accept of whoever wrote the entry, a
// little later, and its slot is closed before its vote can come. What was proposed before members changed is noted as
// an omission instead (omissions.ts): nobody stores it at that ballot any more.
import { compareBallots, copyBallot, isNone } from '../protocol/ballot.ts';
import type { Operation } from './operation.ts';

/** Replicas that answered a read with an older entry than it returns, or with none, as a mask. */
export function replicasBehind({ answered, newest, second }: Operation): number {
  const others = answered & ~newest.holders;
  if (others === 0 || isNone(newest.ballot)) return 0;
  // What is newer than what the read returns is a write under way.
  return compareBallots(second.ballot, newest.ballot) > 0 ? others & ~second.holders : others;
}

/** Makes the question of a read that has ended an accept of what it returns. */
export function proposeNewest(operation: Operation): void {
  operation.phase = 'write-back';
  operation.adopts = true;
  copyBallot(operation.ballot, operation.newest.ballot);
  copyBallot(operation.root, operation.newest.root);
}
