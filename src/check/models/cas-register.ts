import { ILLEGAL } from '../model.ts';
import type { Model } from '../model.ts';
import type { Operation } from '../history.ts';
import { describeRegisterCall, registerViewOf, unknownCall } from './register.ts';
import { identityOf, isOutputUnknown, isSame, mayReturn } from './value.ts';

/**
 * A register that is read, written, and compared and set.
 *
 * | call | input | output |
 * |---|---|---|
 * | `read` | - | the value, or `ANY` |
 * | `write` | the value | not looked at |
 * | `cas` | `[from, to]` | `true`: it held `from` and holds `to` now; `false`: it held something else; or `ANY` |
 *
 * Values are plain data, compared by what they hold; `null` and `undefined` are values as any other, and differ.
 * Operations of different keys are on different registers.
 *
 * @param initial what a register holds before the first write.
 * @example
 * import { casRegisterModel, checkLinearizable } from 'quorate/check';
 *
 * const { verdict } = checkLinearizable(
 *   [
 *     { process: 'a', call: 'cas', input: [0, 1], output: true, start: 0, end: 2 },
 *     { process: 'b', call: 'cas', input: [0, 2], output: true, start: 1, end: 3 },
 *   ],
 *   casRegisterModel(0),
 * );
 * console.log(verdict); // illegal
 */
export function casRegisterModel(initial: unknown = null): Model {
  return {
    name: 'cas-register',
    initial,
    isKeyed: true,
    step(state, operation) {
      switch (operation.call) {
        case 'read':
          return mayReturn(operation, state) ? state : ILLEGAL;
        case 'write':
          return operation.input;
        case 'cas':
          return compareAndSet(state, operation);
        default:
          throw unknownCall('cas-register', operation, 'read, write, cas');
      }
    },
    identify: identityOf,
    describe: describeRegisterCall,
    isRead: (operation) => operation.call === 'read' || (operation.output === false && !isOutputUnknown(operation)),
    asRegister: registerViewOf,
  };
}

function compareAndSet(state: unknown, operation: Operation): unknown {
  if (!isPair(operation.input)) throw unknownCall('cas-register', operation, 'cas of [from, to]');
  const [from, to] = operation.input;
  const isHeld = isSame(state, from);
  if (!mayReturn(operation, isHeld)) return ILLEGAL;
  return isHeld ? to : state;
}

function isPair(input: unknown): input is readonly [unknown, unknown] {
  return Array.isArray(input) && input.length === 2;
}
