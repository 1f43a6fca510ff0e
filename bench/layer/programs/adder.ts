// The actor of actor.ts.
import { actor } from '../../../src/actor/definition.ts';
import { layout } from '../../../src/mailbox/body-layout.ts';

export default actor(import.meta.url, {
  start: (): null => null,
  on: {
    add: (_state, { a, b }: { readonly a: number; readonly b: number }): number => a + b,
    addPair: (_state, [a, b]: readonly [number, number]): number => a + b,
  },
  layouts: { add: layout({ a: 'f64', b: 'f64' }) },
});
