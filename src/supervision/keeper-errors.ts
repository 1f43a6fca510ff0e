// What a ThreadKeeper reports when it cannot do its work.
import { QuorateError } from '../base/errors.ts';
import type { ExitReason } from './exit-reason.ts';
import { exitReasonText } from './exit-reason.ts';
import type { RestartPolicy } from './restart-policy.ts';

/** What `start()` rejects with. */
export function startError(entry: URL, reason: ExitReason): QuorateError {
  const message = `Cannot start a thread from ${entry.href}: ${exitReasonText(reason)}`;
  const cause = reason.kind === 'crashed' ? { cause: reason.error } : {};
  return new QuorateError('ERR_QUORATE_START_FAILED', message, { ...cause, fields: { reason } });
}

/** What `start()` rejects with when the keeper is stopped. */
export function stoppedError(): QuorateError {
  return new QuorateError('ERR_QUORATE_CLOSED', 'Cannot start the threads: their keeper was stopped');
}

/** What the event `escalated` carries. */
export function restartLimitError(slot: number, policy: RestartPolicy, reason: ExitReason): QuorateError {
  const limit = `more than ${policy.restartsMax} restarts in ${policy.windowMs} ms`;
  const message = `Cannot keep slot ${slot} running: ${limit}, lastly ${exitReasonText(reason)}`;
  const cause = reason.kind === 'crashed' ? { cause: reason.error } : {};
  return new QuorateError('ERR_QUORATE_RESTART_LIMIT', message, { ...cause, fields: { slot, reason } });
}
