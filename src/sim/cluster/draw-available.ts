// Which operations few plans make at level `available`: reads, and writes without a condition, outside of sessions.
import type { Random } from '../../base/random.ts';
import { happens, pick } from '../engine/chance.ts';
import type { OperationPlan } from './plan.ts';

const AVAILABLE_RATE = 0.2;

type Drawn = { -readonly [Name in keyof OperationPlan]: OperationPlan[Name] };

/** Draws them. None whose value expires: the judge does not know when a hint is no value to its readers any more. */
export function drawAvailable(operations: readonly Drawn[], random: Random): void {
  if (!happens(random, AVAILABLE_RATE)) return;
  const rate = pick(random, [0.3, 0.9]);
  // Half of it is for the quorum: with less of it more is left to hints.
  const timeoutMs = pick(random, [[10], [10, 40], [40, 400]]);
  for (const operation of operations) {
    const { call, level, session, ttlMs } = operation;
    const mayBe = call === 'get' || call === 'put' || call === 'delete';
    if (!mayBe || level !== 'quorum' || session !== undefined || ttlMs !== undefined) continue;
    if (!happens(random, rate)) continue;
    operation.level = 'available';
    operation.timeoutMs = pick(random, timeoutMs);
    delete operation.cancelAfterUs;
  }
}
