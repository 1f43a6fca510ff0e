import { describe, expect, it } from 'vitest';
import { ClusterBoard, createBoard } from '../../src/cluster/board.ts';
import type { Configuration } from '../../src/quorum/configuration.ts';
import { registerQuorums } from '../../src/quorum/index.ts';
import { sharedMemory } from '../../src/ring/memory.ts';

function configuration(number: number, replicas: number): Configuration {
  return { number, phase: 'stable', current: { members: 2 ** replicas - 1, quorums: registerQuorums({ replicas }) } };
}

describe('The configuration in shared memory', () => {
  it('is the one that was published last, on every view of it', () => {
    const board = createBoard(15);
    const writer = new ClusterBoard(sharedMemory(board)).configurations;
    const reader = new ClusterBoard(sharedMemory(board)).configurations;
    for (let number = 0; number < 40; number++) {
      const published = configuration(number, 1 + (number % 15));
      writer.publish(published);
      expect(reader.number()).toBe(number);
      expect(reader.read()).toEqual(published);
    }
  });

  it('is read again where two more were published while it was read', () => {
    const board = createBoard(15);
    const writer = new ClusterBoard(sharedMemory(board)).configurations;
    writer.publish(configuration(0, 3));
    const memory = sharedMemory(board);
    let loads = 0;
    const load = (words: Int32Array, index: number): number => {
      // In the middle of the record: another two take its place.
      if (++loads === 10) for (const number of [1, 2]) writer.publish(configuration(number, 5 + number));
      return memory.atomics.load(words, index);
    };
    const atomics = new Proxy(memory.atomics, {
      get: (target, name): unknown => (name === 'load' ? load : Reflect.get(target, name)),
    });
    const reader = new ClusterBoard({ ...memory, atomics }).configurations;
    loads = 0;
    expect(reader.read()).toEqual(configuration(2, 7));
    expect(loads).toBeGreaterThan(10);
  });
});
