import { ANY, ILLEGAL } from '../model.ts';
import type { Model } from '../model.ts';
import type { Operation } from '../history.ts';
import { unknownCall } from './register.ts';
import { describeCall, isOutputUnknown, isSame, textOf } from './value.ts';

/** One access of a transaction: `['read', key, value]` or `['write', key, value]`; keys 1 and '1' are the same. */
export type Access = readonly [call: 'read' | 'write', key: string | number, value?: unknown];

/** What the registers hold, by key. */
type Registers = ReadonlyMap<string, unknown>;

/**
 * Several registers that are read and written in transactions, each atomic, its accesses in order.
 *
 * | call | input | output |
 * |---|---|---|
 * | `txn` | accesses: `['read', key]`, `['write', key, value]` | the same with what was read: `['read', key, value]` |
 *
 * The output may be `ANY`, and so may each value read. The operation's own `key` is not looked at: the registers are
 * one object.
 *
 * @param initial what registers hold at first, by key; others hold `null`.
 * @example
 * import { checkLinearizable, multiRegisterModel } from 'quorate/check';
 *
 * const swap = [['write', 'x', 1], ['write', 'y', 1]];
 * const half = [['read', 'x', 1], ['read', 'y', 0]];
 * const { verdict } = checkLinearizable(
 *   [
 *     { process: 'a', call: 'txn', input: swap, output: swap, start: 0, end: 3 },
 *     { process: 'b', call: 'txn', input: half, output: half, start: 1, end: 2 },
 *   ],
 *   multiRegisterModel({ x: 0, y: 0 }),
 * );
 * console.log(verdict); // illegal
 */
export function multiRegisterModel(initial: Readonly<Record<string, unknown>> = {}): Model<Registers> {
  return {
    name: 'multi-register',
    initial: new Map(Object.entries(initial).filter(([, value]) => value !== null)),
    isKeyed: false,
    step: stepTransaction,
    identify: textOf,
    describe: (operation) =>
      describeCall({
        ...operation,
        input: isOutputUnknown(operation) ? operation.input : operation.output,
        output: undefined,
      }),
    isRead: (operation) => accessesOf(operation, operation.input).every(([call]) => call === 'read'),
  };
}

function stepTransaction(registers: Registers, operation: Operation): Registers | typeof ILLEGAL {
  const input = accessesOf(operation, operation.input);
  const output = isOutputUnknown(operation) ? undefined : accessesOf(operation, operation.output);
  let after: Map<string, unknown> | undefined;
  for (const [index, [call, name, value]] of input.entries()) {
    const key = String(name);
    if (call === 'write') {
      after ??= new Map(registers);
      // Holding null is what registers do that nobody wrote: equal states are written in one way only.
      if (value === null) after.delete(key);
      else after.set(key, value);
    } else if (output !== undefined) {
      const seen = output[index]?.[2];
      if (seen !== ANY && !isSame((after ?? registers).get(key) ?? null, seen)) return ILLEGAL;
    }
  }
  return after ?? registers;
}

function accessesOf(operation: Operation, accesses: unknown): readonly Access[] {
  if (operation.call !== 'txn') throw unknownCall('multi-register', operation, 'txn');
  if (!Array.isArray(accesses) || !accesses.every(isAccess)) {
    throw unknownCall('multi-register', operation, 'txn of [read | write, key, value] each');
  }
  return accesses;
}

function isAccess(access: unknown): access is Access {
  return Array.isArray(access) && (access[0] === 'read' || access[0] === 'write');
}
