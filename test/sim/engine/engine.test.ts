import { describe, expect, it } from 'vitest';
import { exponentialOf, happens, mixWords, streamOf } from '../../../src/sim/engine/chance.ts';
import { Engine } from '../../../src/sim/engine/engine.ts';

/** Nodes that wake each other at random, and what they did in order. */
function chatter(seed: number, silent = -1): { readonly hash: string; readonly order: readonly string[] } {
  const engine = new Engine({ seed });
  const order: string[] = [];
  for (let node = 0; node < 3; node++) {
    if (node === silent) continue;
    const random = engine.random(node, 'pace');
    const wake = (): void => {
      order.push(`${node}@${engine.nowUs}`);
      engine.note(node, order.length);
      if (engine.nowUs < 1000) engine.schedule(1 + (random.nextUint32() % 100), node, wake);
    };
    engine.schedule(0, node, wake);
  }
  engine.run();
  return { hash: engine.hash, order };
}

describe('A world', () => {
  it('is the same for the same seed, twice', () => {
    for (let seed = 0; seed < 100; seed++) expect(chatter(seed)).toEqual(chatter(seed));
  });

  it('differs between seeds', () => {
    expect(new Set(Array.from({ length: 200 }, (_, seed) => chatter(seed).hash)).size).toBe(200);
  });

  it('gives the others the same chance when one node falls silent', () => {
    const others = chatter(5).order.filter((each) => !each.startsWith('1'));
    expect(chatter(5, 1).order.toSorted()).toEqual(others.toSorted());
  });

  it('orders the events of one moment by seed, not by insertion', () => {
    const orders = new Set<string>();
    for (let seed = 0; seed < 50; seed++) {
      const engine = new Engine({ seed });
      let order = '';
      for (const name of 'abc') engine.schedule(10, 0, () => (order += name));
      engine.run();
      orders.add(order);
    }
    expect(orders.size).toBe(6);
  });

  it('lets time jump, stops before its limit, and goes on from there', () => {
    const engine = new Engine({ seed: 1 });
    const seen: number[] = [];
    for (const afterUs of [3e9, 10, 20]) engine.schedule(afterUs, 0, () => seen.push(engine.nowUs));
    expect(engine.run({ untilUs: 20 })).toBe('time');
    expect([engine.nowUs, engine.nowMs, seen]).toEqual([20, 0.02, [10]]);
    expect(engine.run({ eventsMax: 1 })).toBe('events');
    expect(engine.run()).toBe('idle');
    expect(seen).toEqual([10, 20, 3e9]);
  });

  it('forgets what was cancelled', () => {
    const engine = new Engine({ seed: 1 });
    engine.schedule(1, 0, () => expect.unreachable()).run = undefined;
    expect([engine.run(), engine.events]).toEqual(['idle', 0]);
  });

  it('knows what was reached, and what was only looked for', () => {
    const engine = new Engine({ seed: 1 });
    engine.sometimes('conflict', false);
    engine.sometimes('commit', true);
    engine.sometimes('commit', false);
    engine.countFault('crash');
    engine.countFault('crash');
    expect([engine.reached, engine.faults]).toEqual([{ conflict: false, commit: true }, { crash: 2 }]);
  });

  it('keeps a trace only when asked', () => {
    const [kept, none] = [true, false].map((isTraced) => {
      const engine = new Engine({ seed: 1, isTraced });
      engine.trace.add({ atUs: 0, kind: 'note', from: engine.addNode({ name: 'A0', kind: 'replica' }), text: 'hello' });
      return engine.trace.records;
    });
    expect([kept, none]).toEqual([[{ atUs: 0, kind: 'note', from: 0, to: 0, message: 0, text: 'hello' }], []]);
  });
});

describe('Chance', () => {
  it('has the same streams on every version of Node', () => {
    const random = streamOf(7, 2, 'delay');
    const words = [random.nextUint32(), random.nextUint32(), mixWords(1, 2)];
    expect(words).toMatchInlineSnapshot(`
      [
        2675335314,
        903733897,
        3395609146,
      ]
    `);
    expect([0, 1, 0x7fff_ffff, 0xffff_fffe, 0xffff_ffff].map(exponentialOf)).toMatchInlineSnapshot(`
      [
        22.18070967111809,
        21.487562490558144,
        0.6931470737597852,
        2.328306436809747e-10,
        0,
      ]
    `);
  });

  it('draws exponential numbers of mean 1 that agree with the logarithm', () => {
    const random = streamOf(1, 0, 'mean');
    let sum = 0;
    for (let draw = 0; draw < 20_000; draw++) {
      const word = random.nextUint32();
      sum += exponentialOf(word);
      expect(exponentialOf(word)).toBeCloseTo(-Math.log((word + 1) / 2 ** 32), 5);
    }
    expect(sum / 20_000).toBeCloseTo(1, 1);
  });

  it('never happens at 0 and always at 1', () => {
    const random = streamOf(1, 0, 'coin');
    for (let draw = 0; draw < 1000; draw++) expect([happens(random, 0), happens(random, 1)]).toEqual([false, true]);
  });
});
