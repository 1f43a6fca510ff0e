// The thread's side of a ThreadKeeper: it loads as a blank standby, says so, and waits for a slot.
import { parentPort } from 'node:worker_threads';
import { assert } from '../base/assert.ts';

/** What a blank thread posts once it has loaded; everything else that it posts is the slot's own traffic. */
export interface ReadyMessage {
  readonly kind: 'quorate:ready';
}

export function isReadyMessage(message: unknown): message is ReadyMessage {
  return typeof message === 'object' && message !== null && 'kind' in message && message.kind === 'quorate:ready';
}

/**
 * Says that this thread is ready and waits until it is promoted to a slot. In a thread started by a ThreadKeeper, once,
 * after everything it needs is imported.
 *
 * @returns the message that `hooks.wiringFor` made for the slot.
 */
export function awaitPromotion<Wiring>(): Promise<Wiring> {
  const port = parentPort;
  assert(port !== null, 'A standby runs in a worker thread');
  return new Promise((resolve) => {
    port.once('message', resolve);
    port.postMessage({ kind: 'quorate:ready' } satisfies ReadyMessage);
  });
}
