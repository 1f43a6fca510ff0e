import { describe, expect, it } from 'vitest';
import { NO_EXPIRY } from '../../src/replica/expiry.ts';
import { ChangeLines, PROMISES_MAX } from '../../src/replica/change-lines.ts';
import type { ChangeLine } from '../../src/replica/change-lines.ts';
import { Operation } from '../../src/replica/operation.ts';
import { PendingChange, Round } from '../../src/replica/round.ts';

/** Lines, and the operations that they gave back. */
function makeLines(): { readonly lines: ChangeLines; readonly released: Operation[] } {
  const released: Operation[] = [];
  return { lines: new ChangeLines((operation) => released.push(operation)), released };
}

/** Lets a line rest with a promise. */
function restPromised(lines: ChangeLines, key: string): ChangeLine {
  const line = lines.of(key);
  line.promised = new Operation();
  lines.rest(line);
  return line;
}

function fill(lines: ChangeLines, prefix: string, count: number): void {
  for (let index = 0; index < count; index++) restPromised(lines, `${prefix}${index}`);
}

function change(key: string): PendingChange {
  const expiry = NO_EXPIRY;
  return new PendingChange({
    key,
    step: () => 'conflict',
    timeoutMs: 1,
    writeNeeded: 1,
    sizes: { write: 1 },
    tellsValue: false,
    expiry,
  });
}

describe('A line', () => {
  it('A line at rest stays where it is for its promise, which is taken once', () => {
    const { lines, released } = makeLines();
    const line = restPromised(lines, 'a');
    const { promised } = line;
    expect(lines.of('a')).toBe(line);
    expect(lines.take(line)).toBe(promised);
    expect(lines.take(line)).toBeUndefined();
    expect(released).toEqual([]);
  });

  it('A line at rest without a promise is forgotten', () => {
    const { lines } = makeLines();
    const line = lines.of('a');
    lines.rest(line);
    expect(lines.get('a')).toBeUndefined();
    expect(lines.of('a')).not.toBe(line);
  });

  it('A line at rest holds nothing of its rounds, so that what they were can be collected', () => {
    const { lines } = makeLines();
    const line = lines.of('a');
    line.running = new Round('a');
    line.again.push(new Round('a'));
    line.waiting = [change('a')];
    restPromised(lines, 'a');
    expect(line).toMatchObject({ running: undefined, again: [], waiting: [] });
  });
});

describe('One promise too many', () => {
  it('The promise that rested longest is given back, and its line forgotten', () => {
    const { lines, released } = makeLines();
    const { promised } = restPromised(lines, 'first');
    fill(lines, 'k', PROMISES_MAX - 1);
    expect(released).toEqual([]);
    restPromised(lines, 'last');
    expect(released).toEqual([promised]);
    expect(lines.get('first')).toBeUndefined();
    expect([...lines.values()]).toHaveLength(PROMISES_MAX);
  });

  it('A promise that is used again and again outlives those of keys that pass by', () => {
    const { lines } = makeLines();
    const hot = restPromised(lines, 'hot');
    for (let turn = 0; turn < 8; turn++) {
      fill(lines, `${turn}-`, PROMISES_MAX / 2);
      expect(lines.get('hot')).toBe(hot);
      hot.promised = lines.take(hot);
      lines.rest(hot);
    }
  });

  it('A line whose round is under way is passed by', () => {
    const { lines } = makeLines();
    const busy = restPromised(lines, 'busy');
    lines.take(busy);
    busy.running = new Round('busy');
    fill(lines, 'k', 3 * PROMISES_MAX);
    expect(lines.get('busy')).toBe(busy);
  });
});

it('Clearing gives back all promises, and says which changes were in the lines', () => {
  const { lines, released } = makeLines();
  restPromised(lines, 'a');
  const line = lines.of('b');
  line.running = new Round('b');
  const [member, resumed, again, waiting] = Array.from({ length: 4 }, () => change('b')) as [
    PendingChange,
    PendingChange,
    PendingChange,
    PendingChange,
  ];
  line.running.members = [member];
  line.running.resumed.push(resumed);
  line.again.push(new Round('b'));
  line.again[0]!.members = [again];
  line.waiting.push(waiting);
  expect(lines.clear()).toEqual([member, resumed, again, waiting]);
  expect(released).toHaveLength(1);
  expect([...lines.values()]).toEqual([]);
});
