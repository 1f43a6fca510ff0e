import { ILLEGAL } from '../model.ts';
import type { Model } from '../model.ts';
import type { Operation } from '../history.ts';
import { unknownCall } from './register.ts';
import { describeCall, isOutputUnknown } from './value.ts';

/** Whether somebody holds it, the token of the holder where it has one, and the largest token given out. */
interface Lock {
  readonly isHeld: boolean;
  readonly token: number | undefined;
  readonly tokenMax: number;
}

/**
 * A mutual exclusion lock, free at first, with fencing tokens where it gives them out.
 *
 * | call | input | output |
 * |---|---|---|
 * | `acquire` | - | `false`: refused, because it was held; else acquired: a number is its fencing token |
 * | `release` | the token of the holder when it is a number, else not looked at | `false`: refused; else released |
 *
 * It is acquired only while free, and released only while held: by whom does not matter, but a token that is given must
 * be the holder's. Each fencing token must be larger than all before it. Operations of different keys are on different
 * locks.
 *
 * @example
 * import { checkLinearizable, mutexModel } from 'quorate/check';
 *
 * const { verdict } = checkLinearizable(
 *   [
 *     { process: 'a', call: 'acquire', input: undefined, output: 33, start: 0, end: 1 },
 *     { process: 'a', call: 'release', input: 33, output: undefined, start: 2, end: 3 },
 *     { process: 'b', call: 'acquire', input: undefined, output: 33, start: 4, end: 5 },
 *   ],
 *   mutexModel(),
 * );
 * console.log(verdict); // illegal
 */
export function mutexModel(): Model<Lock> {
  return {
    name: 'mutex',
    initial: { isHeld: false, token: undefined, tokenMax: -Infinity },
    isKeyed: true,
    step(lock, operation) {
      if (operation.call === 'acquire') return acquire(lock, operation);
      if (operation.call === 'release') return release(lock, operation);
      throw unknownCall('mutex', operation, 'acquire, release');
    },
    identify: ({ isHeld, token, tokenMax }) => (isHeld ? `held ${token} ${tokenMax}` : tokenMax),
    describe: describeCall,
    isRead: (operation) => isRefused(operation),
  };
}

function acquire(lock: Lock, operation: Operation): Lock | typeof ILLEGAL {
  if (isRefused(operation)) return lock.isHeld ? lock : ILLEGAL;
  if (lock.isHeld) return ILLEGAL;
  const { output } = operation;
  if (isOutputUnknown(operation) || typeof output !== 'number') return { ...lock, isHeld: true, token: undefined };
  return output > lock.tokenMax ? { isHeld: true, token: output, tokenMax: output } : ILLEGAL;
}

function release(lock: Lock, operation: Operation): Lock | typeof ILLEGAL {
  const { input } = operation;
  const isHolder = typeof input !== 'number' || lock.token === input;
  if (isRefused(operation)) return lock.isHeld && isHolder ? ILLEGAL : lock;
  // A holder whose token nobody noted may have had any that was not given out before.
  const isLearnt = typeof input === 'number' && lock.token === undefined && input > lock.tokenMax;
  if (!lock.isHeld || (!isHolder && !isLearnt)) return ILLEGAL;
  return { isHeld: false, token: undefined, tokenMax: isLearnt ? input : lock.tokenMax };
}

function isRefused(operation: Operation): boolean {
  return !isOutputUnknown(operation) && operation.output === false;
}
