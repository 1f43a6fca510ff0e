import { ILLEGAL } from '../model.ts';
import type { Model, RegisterView } from '../model.ts';
import type { Operation } from '../history.ts';
import { unknownCall } from './register.ts';
import { describeCall, identityOf, isOutputUnknown, isSame, mayReturn, textOf } from './value.ts';

/**
 * A store of strings by key; the key is the operation's `key`.
 *
 * | call | input | output |
 * |---|---|---|
 * | `get` | - | the string, `''` where the key is absent; or `ANY` |
 * | `put` | the string | not looked at |
 * | `append` | the string that is put behind what is there | not looked at |
 * | `delete` | - | not looked at; the key is absent then, as if `''` had been put |
 *
 * @param initial what every key holds at first.
 * @example
 * import { checkLinearizable, kvModel } from 'quorate/check';
 *
 * const { verdict } = checkLinearizable(
 *   [
 *     { process: 1, key: 'a', call: 'append', input: 'x', output: undefined, start: 0, end: 1 },
 *     { process: 1, key: 'a', call: 'append', input: 'y', output: undefined, start: 2, end: 3 },
 *     { process: 2, key: 'a', call: 'get', input: undefined, output: 'xy', start: 4, end: 5 },
 *     { process: 2, key: 'b', call: 'get', input: undefined, output: '', start: 6, end: 7 },
 *   ],
 *   kvModel(),
 * );
 * console.log(verdict); // ok
 */
export function kvModel(initial = ''): Model {
  return {
    name: 'kv',
    initial,
    isKeyed: true,
    step(state, operation) {
      switch (operation.call) {
        case 'get':
          return mayReturn(operation, state) ? state : ILLEGAL;
        case 'put':
          return operation.input;
        case 'append':
          return `${String(state)}${String(operation.input)}`;
        case 'delete':
          return '';
        default:
          throw unknownCall('kv store', operation, 'get, put, append, delete');
      }
    },
    identify: identityOf,
    describe: describeKv,
    isRead: (operation) => operation.call === 'get' || (operation.call === 'append' && isSame(operation.input, '')),
    asRegister,
  };
}

function asRegister(operation: Operation): RegisterView | undefined {
  if (operation.call === 'put') return { kind: 'write', value: operation.input };
  if (operation.call !== 'get') return undefined;
  return isOutputUnknown(operation) ? { kind: 'nothing' } : { kind: 'read', value: operation.output };
}

function describeKv(operation: Operation): string {
  const key = operation.key === undefined ? '' : ` ${textOf(operation.key)}`;
  const shown = operation.call === 'get' ? operation : { ...operation, output: undefined };
  return describeCall({ ...shown, call: `${operation.call}${key}` });
}
