// What runs are asked about keys that keep siblings or merge, so that a condition that is never true is seen.
import type { Engine } from '../engine/engine.ts';
import type { ConflictCall } from './sim-conflicts.ts';

/** Notes what was reached in one run. */
export function noteConflicts(engine: Engine, calls: readonly ConflictCall[]): void {
  const some = (name: string, holds: (call: ConflictCall) => boolean): void =>
    engine.sometimes(name, calls.some(holds));
  some('a key has siblings', ({ plan, seen }) => plan.bucket === 'siblings' && (seen?.numbers.length ?? 0) > 1);
  some('a key is full of siblings', ({ outcome }) => outcome === 'full');
  some('siblings are replaced by who has seen them', ({ covers, outcome }) => covers.length > 1 && outcome === 'ok');
  some('a copy is merged back', ({ plan, outcome }) => plan.call === 'copy' && outcome === 'ok');
  some('an unknown merge is resolved', ({ finishes, plan, outcome }) => {
    return finishes !== undefined && finishes.plan.bucket !== 'siblings' && plan.call === 'resolve' && outcome === 'ok';
  });
  some('an unknown sibling is resolved', ({ finishes, outcome }) => {
    return finishes?.plan.bucket === 'siblings' && outcome === 'ok';
  });
}
