import { ANY, ILLEGAL } from '../model.ts';
import type { Model, QueueView } from '../model.ts';
import type { Operation } from '../history.ts';
import { unknownCall } from './register.ts';
import { describeCall, describeChange, isOutputUnknown, mayReturn, textOf } from './value.ts';

/** The items, the oldest first. */
type Items = readonly unknown[];

/**
 * A queue, first in, first out.
 *
 * | call | input | output |
 * |---|---|---|
 * | `enqueue` | the item | not looked at |
 * | `dequeue` | - | the oldest item, which is gone then; or `ANY`. Never of an empty queue: that is `empty` -> `true` |
 * | `empty` | - | `true` or `false`; or `ANY`. A dequeue that found nothing is `empty` -> `true` |
 *
 * Items are plain data, compared by what they hold. Operations of different keys are on different queues.
 *
 * @param initial the items at first, the oldest first.
 * @example
 * import { checkLinearizable, queueModel } from 'quorate/check';
 *
 * const { verdict } = checkLinearizable(
 *   [
 *     { process: 'a', call: 'enqueue', input: 1, output: undefined, start: 0, end: 1 },
 *     { process: 'a', call: 'enqueue', input: 2, output: undefined, start: 2, end: 3 },
 *     { process: 'b', call: 'dequeue', input: undefined, output: 2, start: 4, end: 5 },
 *   ],
 *   queueModel(),
 * );
 * console.log(verdict); // illegal
 */
export function queueModel(initial: readonly unknown[] = []): Model<Items> {
  return {
    name: 'queue',
    initial,
    isKeyed: true,
    step: stepQueue,
    identify: textOf,
    describe: (operation) => (operation.call === 'enqueue' ? describeChange(operation) : describeCall(operation)),
    isRead: ({ call }) => call === 'empty',
    ...(initial.length === 0 ? { asQueue: queueViewOf } : {}),
  };
}

function queueViewOf(operation: Operation): QueueView | undefined {
  const { call, input, output, end } = operation;
  if (call === 'enqueue') return { kind: 'enqueue', item: input };
  if (call === 'dequeue' && end === Infinity) return { kind: 'take' };
  if (call === 'dequeue') return output === ANY ? undefined : { kind: 'dequeue', item: output };
  if (call !== 'empty') return undefined;
  if (isOutputUnknown(operation)) return { kind: 'nothing' };
  return output === true ? { kind: 'empty' } : undefined;
}

function stepQueue(items: Items, operation: Operation): Items | typeof ILLEGAL {
  switch (operation.call) {
    case 'enqueue':
      return [...items, operation.input];
    case 'dequeue':
      return items.length > 0 && mayReturn(operation, items[0]) ? items.slice(1) : ILLEGAL;
    case 'empty':
      return isOutputUnknown(operation) || operation.output === (items.length === 0) ? items : ILLEGAL;
    default:
      throw unknownCall('queue', operation, 'enqueue, dequeue, empty');
  }
}
