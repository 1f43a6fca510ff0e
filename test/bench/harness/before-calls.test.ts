import { describe, expect, it } from 'vitest';
import { atomicsOf, openAtomicsCounter } from '../../../bench/harness/atomics-count.ts';
import { beforeCalls } from '../../../bench/harness/before-calls.ts';

describe('Passes that count', () => {
  it('A method still does what it does, and every call of it is noted first', () => {
    const notes: string[] = [];
    const target = {
      total: 1,
      add(by: number): number {
        notes.push('add');
        return (this.total += by);
      },
    };
    beforeCalls(target, 'add', () => notes.push('note'));
    expect(target.add(2)).toBe(3);
    expect(notes).toEqual(['note', 'add']);
    expect(() => beforeCalls(target, 'total', () => notes.push('note'))).toThrow('Cannot find the method total');
  });

  it('Atomics are added up by the role of the thread, once somebody counts', () => {
    expect(atomicsOf('replica')).toBeUndefined();
    const replicas = [openAtomicsCounter('replica'), openAtomicsCounter('replica')];
    openAtomicsCounter('client').count(true);
    for (const replica of replicas) replica.count(false);
    replicas[1]!.count(true);
    expect(atomicsOf('replica')).toEqual({ all: 3, exchanges: 1 });
    expect(atomicsOf('client')).toEqual({ all: 1, exchanges: 1 });
    expect(atomicsOf('other')).toEqual({ all: 0, exchanges: 0 });
  });
});
