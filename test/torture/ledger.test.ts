import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { GENERATIONS_KEPT, STATES, SharedLedger, keyOf } from '../../src/torture/ledger.ts';
import { SHAPE, begun } from './records.ts';

describe('A ledger', () => {
  it('gives every operation on a slot a record of its own, and so many of them to one key', () => {
    const ledger = new SharedLedger(SHAPE);
    const tickets = Array.from({ length: 20 }, () => ledger.take(1)!);
    expect(new Set(tickets.map(({ at }) => at)).size).toBe(20);
    expect(tickets.map(({ generation }) => generation)).toEqual([...Array(8).fill(0), ...Array(8).fill(1), 2, 2, 2, 2]);
    expect(tickets.map(({ number }) => number).slice(0, 9)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 1]);
    expect(keyOf(1, 2)).toBe('key 1.2');
  });

  it('gives no ticket whose record is still in use, and gives it when that is freed', () => {
    const ledger = new SharedLedger(SHAPE);
    let taken = 0;
    while (ledger.take(0) !== undefined) taken++;
    expect(taken).toBe(GENERATIONS_KEPT * SHAPE.busyOperations);
    ledger.free(0, 0);
    expect(ledger.take(0)).toMatchObject({ slot: 0, generation: GENERATIONS_KEPT, number: 1 });
  });

  it('gives no ticket beyond, also where the last key that has records is retired just then', () => {
    let isRetired = false;
    class Raced extends SharedLedger {
      override tickets(slot: number): number {
        const taken = super.tickets(slot);
        if (taken === (GENERATIONS_KEPT - 1) * SHAPE.busyOperations && !isRetired) {
          isRetired = true;
          this.retire(slot); // By another thread, between a look and a step.
        }
        return taken;
      }
    }
    const ledger = new Raced(SHAPE);
    const tickets = Array.from({ length: GENERATIONS_KEPT * SHAPE.busyOperations }, () => ledger.take(0));
    expect(isRetired).toBe(true);
    expect(tickets.filter((ticket) => ticket !== undefined)).toHaveLength(
      (GENERATIONS_KEPT - 1) * SHAPE.busyOperations,
    );
  });

  it('counts the calls that were answered', () => {
    const ledger = new SharedLedger(SHAPE);
    for (const state of ['DONE', 'OPEN', 'VOID', 'DONE'] as const) ledger.end(begun(ledger, 0, 'put'), STATES[state]);
    expect(ledger.answered).toBe(2);
  });

  it('orders calls and returns, and keeps what a thread that dies has written', () => {
    const ledger = new SharedLedger(SHAPE);
    const first = begun(ledger, 0, 'put');
    const second = begun(ledger, 0, 'get');
    ledger.end(first, STATES.DONE);
    const records = new SharedLedger(SHAPE, ledger.buffer).records(0, 0);
    expect(Array.from(records.subarray(0, 7))).toEqual([STATES.DONE, 2, 0, 1, 1, 0, 2]);
    expect(Array.from(records.subarray(8, 15))).toEqual([STATES.CALLED, 1, 1, 1, 0, 1, 0]);
    expect(second.at).toBe(first.at + 8);
  });

  it('counts changes, conflicts and what nobody will ever know, of all threads', () => {
    const ledger = new SharedLedger(SHAPE);
    ledger.count('changes');
    new SharedLedger(SHAPE, ledger.buffer).count('changes');
    ledger.count('finals');
    expect((['changes', 'conflicts', 'finals'] as const).map((tally) => ledger.counted(tally))).toEqual([2, 0, 1]);
  });

  it('retires a key before it is full', () => {
    const ledger = new SharedLedger(SHAPE);
    ledger.take(2);
    expect(ledger.retire(2)).toBe(1);
    expect(ledger.take(2)).toMatchObject({ generation: 1, number: 1 });
  });

  it('hands an order to its client once', () => {
    const ledger = new SharedLedger(SHAPE);
    ledger.order(1, 50);
    expect([ledger.takeOrder(0), ledger.takeOrder(1), ledger.takeOrder(1)]).toEqual([0, 50, 0]);
  });

  it('gives no tick and no ticket twice, whatever the threads', async () => {
    const ledger = new SharedLedger({ ...SHAPE, busyOperations: 4096 });
    const program = `
      const { parentPort, workerData } = require('node:worker_threads');
      import(workerData.file).then(({ SharedLedger }) => {
        const ledger = new SharedLedger(workerData.shape, workerData.buffer);
        const got = Array.from({ length: 3000 }, () => [ledger.tick(), ledger.take(0).at]);
        parentPort.postMessage(got);
      });`;
    const file = new URL('../../src/torture/ledger.ts', import.meta.url).href;
    const workerData = { file, shape: ledger.shape, buffer: ledger.buffer };
    const workers = [1, 2, 3].map(() => new Worker(program, { eval: true, workerData }));
    const got = (await Promise.all(workers.map((worker) => once(worker, 'message')))).flat(2) as [number, number][];
    expect(new Set(got.map(([tick]) => tick)).size).toBe(9000);
    expect(new Set(got.map(([, at]) => at)).size).toBe(9000);
  });
});
