import { rangeError } from '../../base/errors.ts';
import { ILLEGAL } from '../model.ts';
import type { Model, RegisterView } from '../model.ts';
import type { Operation } from '../history.ts';
import { describeCall, describeChange, identityOf, isOutputUnknown, mayReturn } from './value.ts';

/**
 * A register that is read, written, and both at once.
 *
 * | call | input | output |
 * |---|---|---|
 * | `read` | - | the value, or `ANY` |
 * | `write` | the value | not looked at |
 * | `exchange` | the value that it writes | the value that it finds, or `ANY` |
 *
 * Values are plain data, compared by what they hold; `null` and `undefined` are values as any other, and differ.
 * Operations of different keys are on different registers.
 *
 * @param initial what a register holds before the first write.
 * @example
 * import { checkLinearizable, registerModel } from 'quorate/check';
 *
 * const { verdict } = checkLinearizable(
 *   [
 *     { process: 'a', call: 'write', input: 1, output: undefined, start: 0, end: 1 },
 *     { process: 'b', call: 'read', input: undefined, output: 0, start: 2, end: 3 },
 *   ],
 *   registerModel(0),
 * );
 * console.log(verdict); // illegal
 */
export function registerModel(initial: unknown = null): Model {
  return {
    name: 'register',
    initial,
    isKeyed: true,
    step(state, operation) {
      if (operation.call === 'write') return operation.input;
      if (operation.call === 'read') return mayReturn(operation, state) ? state : ILLEGAL;
      if (operation.call === 'exchange') return mayReturn(operation, state) ? operation.input : ILLEGAL;
      throw unknownCall('register', operation, 'read, write, exchange');
    },
    identify: identityOf,
    describe: describeRegisterCall,
    isRead: ({ call }) => call === 'read',
    asRegister: registerViewOf,
  };
}

/** A read or write as what it says about a register. */
export function registerViewOf(operation: Operation): RegisterView | undefined {
  if (operation.call === 'write') return { kind: 'write', value: operation.input };
  if (operation.call !== 'read') return undefined;
  return isOutputUnknown(operation) ? { kind: 'nothing' } : { kind: 'read', value: operation.output };
}

/** `write 3` or `read -> 4`. */
export function describeRegisterCall(operation: Operation): string {
  return operation.call === 'write' ? describeChange(operation) : describeCall(operation);
}

/** The caller's mistake of handing over a history of another model. */
export function unknownCall(model: string, { call }: Operation, allowed: string): RangeError {
  const message = `Cannot check a call of ${JSON.stringify(call)}: a ${model} knows ${allowed}`;
  return rangeError('ERR_QUORATE_INVALID_ARGUMENT', message);
}
