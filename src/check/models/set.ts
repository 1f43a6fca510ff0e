import { ILLEGAL } from '../model.ts';
import type { Model } from '../model.ts';
import type { Operation } from '../history.ts';
import { unknownCall } from './register.ts';
import { describeCall, describeChange, identityOf, isOutputUnknown, textOf } from './value.ts';
import type { Identity } from './value.ts';

/** The elements, by what they hold. */
type Elements = ReadonlySet<Identity>;

/**
 * A set of elements.
 *
 * | call | input | output |
 * |---|---|---|
 * | `add` | the element | `true` or `false`: whether it was absent; anything else is not looked at |
 * | `remove` | the element | `true` or `false`: whether it was present; anything else is not looked at |
 * | `contains` | the element | `true` or `false`; or `ANY` |
 * | `read` | - | all elements, as an array in any order or a Set; or `ANY` |
 *
 * Elements are plain data, compared by what they hold. Operations of different keys are on different sets.
 *
 * @param initial the elements at first.
 * @example
 * import { checkLinearizable, setModel } from 'quorate/check';
 *
 * const { verdict } = checkLinearizable(
 *   [
 *     { process: 'a', call: 'add', input: 7, output: undefined, start: 0, end: 1 },
 *     { process: 'b', call: 'read', input: undefined, output: [], start: 2, end: 3 },
 *   ],
 *   setModel(),
 * );
 * console.log(verdict); // illegal
 */
export function setModel(initial: readonly unknown[] = []): Model<Elements> {
  return {
    name: 'set',
    initial: new Set(initial.map(identityOf)),
    isKeyed: true,
    step: stepSet,
    identify: textOf,
    describe: (operation) => (isReadOf(operation) ? describeCall(operation) : describeChange(operation)),
    isRead: (operation) => isReadOf(operation) || (operation.output === false && !isOutputUnknown(operation)),
  };
}

function isReadOf({ call }: Operation): boolean {
  return call === 'read' || call === 'contains';
}

function stepSet(elements: Elements, operation: Operation): Elements | typeof ILLEGAL {
  const { call, input, output } = operation;
  const isUnknown = isOutputUnknown(operation);
  if (call === 'read') return isUnknown || isAllOf(elements, operation) ? elements : ILLEGAL;
  const element = identityOf(input);
  const isPresent = elements.has(element);
  const isChecked = !isUnknown && typeof output === 'boolean';
  switch (call) {
    case 'contains':
      return isUnknown || output === isPresent ? elements : ILLEGAL;
    case 'add':
      if (isChecked && output === isPresent) return ILLEGAL;
      return isPresent ? elements : new Set([...elements, element]);
    case 'remove':
      if (isChecked && output !== isPresent) return ILLEGAL;
      return isPresent ? new Set([...elements].filter((other) => other !== element)) : elements;
    default:
      throw unknownCall('set', operation, 'add, remove, contains, read');
  }
}

function isAllOf(elements: Elements, operation: Operation): boolean {
  const { output } = operation;
  if (!Array.isArray(output) && !(output instanceof Set)) {
    throw unknownCall('set', operation, 'read with an array or Set as its output');
  }
  const seen = new Set<Identity>();
  for (const element of output) seen.add(identityOf(element));
  if (seen.size !== elements.size) return false;
  for (const element of seen) if (!elements.has(element)) return false;
  return true;
}
