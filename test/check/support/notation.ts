// Histories as a line each: calls and returns in their order, such as `a write 1` and, later, `a ok`.
import type { Operation } from '../../../src/check/history.ts';

/**
 * `a:write:1` calls, `a=5` returns 5, `a` alone returns nothing: one after the other, separated by spaces. Values are
 * JSON; what has no return never returned.
 */
export function historyOf(line: string): readonly Operation[] {
  const operations: Operation[] = [];
  const open = new Map<string, number>();
  for (const [position, event] of line.split(/\s+/).entries()) {
    const called = /^(\w+):(\w+)(?::(.+))?$/.exec(event);
    const [process = '', output] = called === null ? splitOnce(event) : [called[1]!];
    if (called !== null) {
      open.set(process, operations.length);
      const call = { process, call: called[2]!, input: valueOf(called[3]), output: undefined };
      operations.push({ ...call, start: position, end: Infinity });
      continue;
    }
    const index = open.get(process)!;
    open.delete(process);
    operations[index] = { ...operations[index]!, output: valueOf(output), end: position };
  }
  return operations;
}

function splitOnce(event: string): readonly [string, string | undefined] {
  const at = event.indexOf('=');
  return at < 0 ? [event, undefined] : [event.slice(0, at), event.slice(at + 1)];
}

function valueOf(text: string | undefined): unknown {
  return text === undefined ? undefined : JSON.parse(text);
}
