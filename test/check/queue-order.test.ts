// What is seen of a queue without a search; that it agrees with trying all orders: linearizability-random.test.ts.
import { describe, expect, it } from 'vitest';
import { below, seededRandom } from '../../src/base/random.ts';
import type { Operation } from '../../src/check/history.ts';
import { checkLinearizable } from '../../src/check/linearizability.ts';
import { queueModel } from '../../src/check/models/queue.ts';
import { checkQueueOrder } from '../../src/check/queue-order.ts';
import { replayCommand, testSeed } from '../support/seed.ts';
import { historyOf } from './support/notation.ts';

describe('Items that all differ', () => {
  it.each<readonly [sentence: string, among: number | 'ok' | 'search', line: string]>([
    ['an item comes out that nobody put in', 1, 'a:enqueue:1 a b:dequeue b=2'],
    ['an item comes out before it is put in', 2, 'b:dequeue b=1 a:enqueue:1 a'],
    ['an item comes out twice', 3, 'a:enqueue:1 a b:dequeue b=1 b:dequeue b=1'],
    ['a later item comes out before', 4, 'a:enqueue:1 a a:enqueue:2 a b:dequeue b=2 b:dequeue b=1'],
    ['a later item comes out, and this one never', 3, 'a:enqueue:1 a a:enqueue:2 a b:dequeue b=2'],
    ['this one may have been taken', 'ok', 'a:enqueue:1 a c:dequeue a:enqueue:2 a b:dequeue b=2'],
    ['two were lost, and one call may have taken one', 5, `${enqueued(3)} c:dequeue b:dequeue b=3`],
    ['the call that may have taken it came too late', 3, 'a:enqueue:1 a a:enqueue:2 a b:dequeue b=2 c:dequeue'],
    [
      'empty while one of two is always in it',
      5,
      'a:enqueue:1 a b:empty a:enqueue:2 a c:dequeue c=1 b=true d:dequeue d=2',
    ],
    ['empty between the two', 'ok', 'a:enqueue:1 a b:empty c:dequeue a:enqueue:2 a c=1 b=true'],
    ['empty because of a call that never returned', 'ok', 'a:enqueue:1 a c:dequeue b:empty b=true'],
    [
      'which item such a call took decides',
      'search',
      'a:enqueue:1 a b:empty d:dequeue c:enqueue:2 c e:dequeue e=1 b=true',
    ],
    ['an item is put in twice', 'search', 'a:enqueue:1 a a:enqueue:1 a'],
    ['it is seen not to be empty', 'search', 'a:enqueue:1 a b:empty b=false'],
  ])('%s: %j', (_sentence, expected, line) => {
    const history = historyOf(line);
    const found = checkQueueOrder(history, queueModel());
    const among = found?.kind === 'illegal' ? found.among : undefined;
    expect(among?.length ?? found?.kind ?? 'search').toBe(expected);
    // They are illegal by themselves, also to a search.
    const searched = { ...queueModel(), asQueue: () => undefined };
    if (among !== undefined) expect(checkLinearizable(among, searched).verdict).toBe('illegal');
  });

  it('A queue that holds something at first is searched', () => {
    expect(checkQueueOrder(historyOf('a:dequeue a=7'), queueModel([7]))).toBeUndefined();
    expect(checkLinearizable(historyOf('a:dequeue a=7'), queueModel([7])).verdict).toBe('ok');
  });
});

describe('A history of twenty clients, whose calls may be lost', () => {
  const seed = testSeed();
  it.each([0, 20])('is settled however many overlap, with %d of a thousand lost', (lostPerMille) => {
    const history = recordedQueue(seed, lostPerMille);
    const replay = replayCommand('test/check/queue-order.test.ts', seed);
    expect(checkLinearizable(history, queueModel(), { stepsMax: 0 }).verdict, replay).toBe('ok');
    const returned = history.filter(({ call, end }) => call === 'dequeue' && end !== Infinity);
    const [early, late] = [returned.at(100)!, returned.at(-100)!];
    const swapped = [...history];
    swapped[history.indexOf(early)] = { ...early, output: late.output };
    swapped[history.indexOf(late)] = { ...late, output: early.output };
    expect(checkLinearizable(swapped, queueModel(), { stepsMax: 10_000 }).verdict, replay).toBe('illegal');
  });
});

function enqueued(count: number): string {
  return Array.from({ length: count }, (_, at) => `a:enqueue:${at + 1} a`).join(' ');
}

/** What the clients of a correct queue note: each call takes effect at some moment between call and return. */
function recordedQueue(seed: number, lostPerMille: number): readonly Operation[] {
  const random = seededRandom(seed);
  const items: number[] = [];
  const open: (number | undefined)[] = Array.from({ length: 20 });
  const history: Operation[] = [];
  const effective = new Set<number>();
  for (let position = 0; position < 20_000; position++) {
    const client = below(random, open.length);
    const index = open[client];
    if (index === undefined) {
      const isEnqueue = below(random, 2) === 0;
      open[client] = history.length;
      const call = isEnqueue ? 'enqueue' : items.length === 0 ? 'empty' : 'dequeue';
      const input = isEnqueue ? history.length : undefined;
      history.push({ process: position, call, input, output: undefined, start: position, end: Infinity });
      continue;
    }
    const operation = history[index]!;
    if (effective.delete(index)) {
      open[client] = undefined;
      history[index] = { ...operation, end: position };
      continue;
    }
    // A dequeue that finds nothing, or an emptiness that is over, is called anew as what it has become.
    const call = operation.call === 'enqueue' ? 'enqueue' : items.length === 0 ? 'empty' : 'dequeue';
    const output = call === 'enqueue' ? undefined : call === 'empty' ? true : items.shift();
    if (call === 'enqueue') items.push(index);
    effective.add(index);
    history[index] = { ...operation, call, output };
    if (below(random, 1000) >= lostPerMille) continue;
    effective.delete(index);
    open[client] = undefined;
    history[index] = { ...operation, call, output: undefined };
  }
  return history;
}
