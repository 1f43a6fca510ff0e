import { afterEach, describe, expect, it, vi } from 'vitest';
import { Collector } from '../../src/torture/collector.ts';
import { STATES, SharedLedger } from '../../src/torture/ledger.ts';
import type { Ticket } from '../../src/torture/ledger.ts';
import { SHAPE, begun } from './records.ts';

const ALIVE = [1, 2, 3];

function newRun(): { readonly ledger: SharedLedger; readonly collector: Collector } {
  const ledger = new SharedLedger(SHAPE);
  return { ledger, collector: new Collector(ledger) };
}

/** Puts that return, on a slot. */
function done(ledger: SharedLedger, slot: number, count: number): void {
  for (let index = 0; index < count; index++) ledger.end(begun(ledger, slot, 'put'), STATES.DONE);
}

describe('A key is taken out', () => {
  it('when all its operations have returned, in order, and at most so many', () => {
    const { ledger, collector } = newRun();
    done(ledger, 0, 7);
    expect(collector.collect(ALIVE, 10)).toEqual([]);
    done(ledger, 0, 10);
    done(ledger, 2, 4);
    expect(collector.collect(ALIVE, 1).map(({ key }) => key)).toEqual(['key 0.0']);
    expect(collector.collect(ALIVE, 10).map(({ key }) => key)).toEqual(['key 0.1', 'key 2.0']);
  });

  it('not while a call of a live thread is under way, but when that thread is gone', () => {
    const { ledger, collector } = newRun();
    begun(ledger, 0, 'put', 2, 1);
    done(ledger, 0, 7);
    expect(collector.collect(ALIVE, 10)).toEqual([]);
    expect(collector.waitedMs()).toBeGreaterThanOrEqual(0);
    expect(collector.collect([1, 4, 3], 10)).toMatchObject([{ key: 'key 0.0' }]);
  });

  it.each<[string, (ledger: SharedLedger) => readonly (number | undefined)[]]>([
    [
      'when every thread has begun another operation since',
      (ledger) => {
        ALIVE.forEach((owner, client) => begun(ledger, 1, 'get', owner, client));
        return ALIVE;
      },
    ],
    [
      'when the threads that have not are gone',
      (ledger) => {
        begun(ledger, 1, 'get', 1, 0);
        return [1, undefined, 9];
      },
    ],
  ])('where a ticket was taken and nothing begun with it, %s', (_, goOn) => {
    const { ledger, collector } = newRun();
    ledger.take(0); // Its thread was killed before it wrote anything, or is about to write.
    done(ledger, 0, 7);
    expect(collector.collect(ALIVE, 10)).toEqual([]);
    expect(collector.collect(ALIVE, 10)).toEqual([]);
    expect(collector.collect(goOn(ledger), 10)).toMatchObject([{ key: 'key 0.0' }]);
  });

  it('not while its last ticket is written down: what a thread has begun since may be that one', () => {
    let late: (() => void) | undefined;
    class Raced extends SharedLedger {
      override begun(client: number): number {
        late?.();
        late = undefined;
        return super.begun(client);
      }
    }
    const ledger = new Raced(SHAPE);
    const collector = new Collector(ledger);
    const ticket = ledger.take(0)!;
    done(ledger, 0, 7);
    expect(collector.collect([1], 10)).toEqual([]);
    late = () => ledger.begin(ticket, 'put', { client: 0, owner: 1, process: 9 });
    expect(collector.collect([1], 10)).toEqual([]);
    ledger.end(ticket, STATES.DONE);
    expect(collector.collect([1], 10)).toMatchObject([{ key: 'key 0.0' }]);
  });

  it('when the run is over, full or not', () => {
    const { ledger, collector } = newRun();
    done(ledger, 0, 9);
    done(ledger, 2, 1);
    expect(collector.finish().map(({ key }) => key)).toEqual(['key 0.0', 'key 0.1', 'key 2.0']);
    expect(collector.finish()).toEqual([]);
  });

  it('with the tick at which the state was lost, if it was in use then', () => {
    const { ledger, collector } = newRun();
    done(ledger, 0, 9);
    const lossTick = ledger.tick();
    const open: Ticket = begun(ledger, 0, 'put');
    collector.retireAll(lossTick);
    ledger.end(open, STATES.DONE);
    done(ledger, 0, 8);
    const losses = collector.collect([], 10).map(({ key, lossTick: tick }) => [key, tick] as const);
    expect(new Map(losses)).toEqual(
      new Map([
        ['key 0.0', lossTick],
        ['key 0.1', lossTick],
        ['key 0.2', undefined],
        ['key 1.0', lossTick],
        ['key 2.0', lossTick],
      ]),
    );
  });
});

describe('A silence', () => {
  afterEach(() => vi.restoreAllMocks());

  it('lasts until a call is answered, and is forgiven where the state was lost', () => {
    let now = 1000;
    vi.spyOn(performance, 'now').mockImplementation(() => now);
    const { ledger, collector } = newRun();
    expect(collector.silentMs()).toBe(0);
    now += 500;
    ledger.end(begun(ledger, 0, 'get'), STATES.VOID);
    expect(collector.silentMs()).toBe(500);
    done(ledger, 0, 1);
    expect(collector.silentMs()).toBe(0);
    now += 700;
    expect(collector.silentMs()).toBe(700);
    collector.retireAll(ledger.tick());
    expect(collector.silentMs()).toBe(0);
  });
});
