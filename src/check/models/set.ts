import { ILLEGAL } from '../model.ts';
import type { Model } from '../model.ts';
import type { Operation } from '../history.ts';
import { unknownCall } from './register.ts';
import { describeCall, describeChange, identityOf, isOutputUnknown } from './value.ts';
import type { Identity } from './value.ts';

/** The elements that are present: bit i is the i-th element that the model has met. Sets of thousands stay cheap. */
type Elements = bigint;

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
  const numbers = new ElementNumbers();
  return {
    name: 'set',
    initial: numbers.maskOf(initial),
    isKeyed: true,
    step: (elements, operation) => stepSet(numbers, elements, operation),
    identify: (elements) => elements.toString(16),
    describe: (operation) => (isReadOf(operation) ? describeCall(operation) : describeChange(operation)),
    isRead: (operation) => isReadOf(operation) || (operation.output === false && !isOutputUnknown(operation)),
  };
}

/** Numbers the elements in the order in which the model meets them. */
class ElementNumbers {
  readonly #bits = new Map<Identity, bigint>();
  /** What each read returned: a search looks at it again and again. */
  readonly #reads = new WeakMap<Operation, Elements>();

  /** The element as a set of its own. */
  bitOf(element: unknown): Elements {
    const identity = identityOf(element);
    let bit = this.#bits.get(identity);
    if (bit === undefined) this.#bits.set(identity, (bit = 1n << BigInt(this.#bits.size)));
    return bit;
  }

  maskOf(elements: Iterable<unknown>): Elements {
    let mask = 0n;
    for (const element of elements) mask |= this.bitOf(element);
    return mask;
  }

  readOf(operation: Operation): Elements {
    let mask = this.#reads.get(operation);
    if (mask !== undefined) return mask;
    const { output } = operation;
    if (!Array.isArray(output) && !(output instanceof Set)) {
      throw unknownCall('set', operation, 'read with an array or Set as its output');
    }
    this.#reads.set(operation, (mask = this.maskOf(output)));
    return mask;
  }
}

function isReadOf({ call }: Operation): boolean {
  return call === 'read' || call === 'contains';
}

function stepSet(numbers: ElementNumbers, elements: Elements, operation: Operation): Elements | typeof ILLEGAL {
  const { call, input, output } = operation;
  const isUnknown = isOutputUnknown(operation);
  if (call === 'read') return isUnknown || numbers.readOf(operation) === elements ? elements : ILLEGAL;
  const bit = numbers.bitOf(input);
  const isPresent = (elements & bit) !== 0n;
  const isChecked = !isUnknown && typeof output === 'boolean';
  switch (call) {
    case 'contains':
      return isUnknown || output === isPresent ? elements : ILLEGAL;
    case 'add':
      return isChecked && output === isPresent ? ILLEGAL : elements | bit;
    case 'remove':
      return isChecked && output !== isPresent ? ILLEGAL : elements & ~bit;
    default:
      throw unknownCall('set', operation, 'add, remove, contains, read');
  }
}
