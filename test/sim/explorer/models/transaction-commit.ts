// What two-phase commit implements. Source: Gray and Lamport, "Consensus on Transaction Commit" (2006), section 2: the
// module TCommit.
import type { StateModel } from '../../../../src/sim/explorer/explore.ts';

type Action = readonly ['prepare' | 'commit' | 'abort', number];

/** A state is a letter for each resource manager: `w`orking, `p`repared, `c`ommitted, `a`borted. */
export function transactionCommit(count: number): StateModel<string, Action> {
  return {
    initial: ['w'.repeat(count)],
    actions: (state) => {
      const actions: Action[] = [];
      for (let index = 0; index < count; index++) {
        const manager = state[index]!;
        if (manager === 'w') actions.push(['prepare', index]);
        if (manager === 'p' && /^[pc]*$/.test(state)) actions.push(['commit', index]);
        if ('wp'.includes(manager) && !state.includes('c')) actions.push(['abort', index]);
      }
      return actions;
    },
    apply: (state, [kind, index]) => state.slice(0, index) + kind[0]! + state.slice(index + 1),
    identify: (state) => state,
    judge: (state) => (state.includes('a') && state.includes('c') ? 'One aborts, another commits' : undefined),
    judgeEnd: (state) => (/^(a*|c*)$/.test(state) ? undefined : 'Not everybody has decided'),
  };
}
