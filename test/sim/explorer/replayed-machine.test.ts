import { describe, expect, it } from 'vitest';
import { below, seededRandom } from '../../../src/base/random.ts';
import { ReplayedMachine } from '../../../src/sim/explorer/replayed-machine.ts';
import type { Reactor } from '../../../src/sim/explorer/replayed-machine.ts';
import { replayCommand, testSeed } from '../../support/seed.ts';

/** A stack that answers a push by its height, and a pop (0) by what it held. */
class Stack implements Reactor<number, number> {
  readonly #values: number[] = [];
  identify?: () => string;

  constructor(isTelling: boolean) {
    if (isTelling) this.identify = () => this.#values.join();
  }

  react(input: number): number {
    return input === 0 ? (this.#values.pop() ?? -1) : this.#values.push(input);
  }
}

function stateAfter(machine: ReplayedMachine<number, number>, inputs: readonly number[]): number {
  return inputs.reduce((state, input) => machine.step(state, `${input}`, input).state, machine.start);
}

describe('A replayed machine', () => {
  it.each([true, false])('answers as its reactor does along any path, taken in any order; it identifies: %s', (is) => {
    const seed = testSeed();
    const random = seededRandom(seed);
    const machine = new ReplayedMachine(() => new Stack(is));
    const paths = Array.from({ length: 20 }, () => ({ state: machine.start, stack: new Stack(false) }));
    for (let step = 0; step < 400; step++) {
      const path = paths[below(random, paths.length)]!;
      const input = below(random, 3);
      const { state, output } = machine.step(path.state, `${input}`, input);
      expect(output, replayCommand('test/sim/explorer/replayed-machine.test.ts', seed)).toBe(path.stack.react(input));
      path.state = state;
    }
  });

  it('has one state for inputs that lead to what identifies alike, and else one for each sequence of inputs', () => {
    const telling = new ReplayedMachine(() => new Stack(true));
    const silent = new ReplayedMachine(() => new Stack(false));
    expect(stateAfter(telling, [1, 2, 0])).toBe(stateAfter(telling, [1]));
    expect(stateAfter(silent, [1, 2, 0])).not.toBe(stateAfter(silent, [1]));
  });

  it('runs the reactor once for each state and input', () => {
    const machine = new ReplayedMachine(() => new Stack(true));
    const once = machine.step(machine.start, '1', 1);
    expect(machine.step(machine.start, '1', 1)).toBe(once);
    expect(machine.reactions).toBe(1);
  });

  it('makes another reactor when one has thrown', () => {
    const machine = new ReplayedMachine<string, number>(() => {
      let handled = 0;
      return {
        react: (input) => {
          handled++;
          if (input === 'bad') throw new Error('bad');
          return handled;
        },
      };
    });
    const first = machine.step(machine.start, 'good', 'good');
    expect(() => machine.step(first.state, 'bad', 'bad')).toThrow('bad');
    expect(machine.step(first.state, 'good', 'good').output).toBe(2);
  });
});
