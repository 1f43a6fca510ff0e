import { ILLEGAL } from '../model.ts';
import type { Model } from '../model.ts';
import { unknownCall } from './register.ts';
import { describeCall, describeChange, isOutputUnknown, mayReturn } from './value.ts';

/**
 * A counter.
 *
 * | call | input | output |
 * |---|---|---|
 * | `add` | the number added, negative to subtract | the count after it when it is a number, else not looked at |
 * | `read` | - | the count, or `ANY` |
 *
 * Operations of different keys are on different counters.
 *
 * @param initial the count at first.
 * @example
 * import { checkLinearizable, counterModel } from 'quorate/check';
 *
 * const { verdict } = checkLinearizable(
 *   [
 *     { process: 'a', call: 'add', input: 2, output: undefined, start: 0, end: Infinity },
 *     { process: 'b', call: 'read', input: undefined, output: 2, start: 1, end: 2 },
 *     { process: 'b', call: 'read', input: undefined, output: 0, start: 3, end: 4 },
 *   ],
 *   counterModel(),
 * );
 * console.log(verdict); // illegal
 */
export function counterModel(initial = 0): Model<number> {
  return {
    name: 'counter',
    initial,
    isKeyed: true,
    step(count, operation) {
      const { call, input, output } = operation;
      if (call === 'read') return mayReturn(operation, count) ? count : ILLEGAL;
      if (call !== 'add') throw unknownCall('counter', operation, 'add, read');
      if (typeof input !== 'number') throw unknownCall('counter', operation, 'add of a number');
      const after = count + input;
      return isOutputUnknown(operation) || typeof output !== 'number' || output === after ? after : ILLEGAL;
    },
    identify: (count) => count,
    describe: (operation) => (operation.call === 'add' ? describeChange(operation) : describeCall(operation)),
    isRead: ({ call, input }) => call === 'read' || input === 0,
  };
}
