// Termination detection on a ring. Source: Dijkstra, Feijen and van Gasteren, "Derivation of a termination detection
// algorithm for distributed computations" (EWD 840, 1983), as in the module EWD840 of the TLA+ Examples.
import { unreachable } from '../../../../src/base/assert.ts';
import type { StateModel } from '../../../../src/sim/explorer/explore.ts';

/** Masks have a bit per node. */
export interface Ring {
  readonly active: number;
  readonly black: number;
  readonly token: number;
  readonly isTokenBlack: boolean;
}

type Action =
  | { readonly kind: 'probe' }
  | { readonly kind: 'pass' | 'stop'; readonly node: number }
  | { readonly kind: 'send'; readonly node: number; readonly to: number };

/** The model of a ring of `nodes`. */
export function terminationRing(nodes: number): StateModel<Ring, Action> {
  const all = Array.from({ length: nodes }, (_, node) => node);
  const masks = Array.from({ length: 2 ** nodes }, (_, mask) => mask);
  return {
    // Any activity, any colours, and a black token anywhere.
    initial: masks.flatMap((active) =>
      masks.flatMap((black) => all.map((token) => ({ active, black, token, isTokenBlack: true }))),
    ),
    actions: ({ active, black, token, isTokenBlack }) => {
      const actions: Action[] = [];
      if (token === 0 && (isTokenBlack || (black & 1) !== 0)) actions.push({ kind: 'probe' });
      for (const node of all) {
        const isActive = ((active >>> node) & 1) === 1;
        const mayPass = !isActive || ((black >>> node) & 1) === 1 || isTokenBlack;
        if (node > 0 && token === node && mayPass) actions.push({ kind: 'pass', node });
        if (!isActive) continue;
        actions.push({ kind: 'stop', node });
        for (const to of all) if (to !== node) actions.push({ kind: 'send', node, to });
      }
      return actions;
    },
    apply: (ring, action) => {
      const { active, black, isTokenBlack } = ring;
      switch (action.kind) {
        case 'probe':
          return { active, black: black & ~1, token: nodes - 1, isTokenBlack: false };
        case 'pass': {
          const bit = 1 << action.node;
          const isBlack = isTokenBlack || (black & bit) !== 0;
          return { active, black: black & ~bit, token: action.node - 1, isTokenBlack: isBlack };
        }
        case 'stop':
          return { ...ring, active: active & ~(1 << action.node) };
        case 'send': {
          const painted = action.to > action.node ? black | (1 << action.node) : black;
          return { ...ring, active: active | (1 << action.to), black: painted };
        }
        default:
          return unreachable(action);
      }
    },
    identify: ({ active, black, token, isTokenBlack }) => `${active},${black},${token},${isTokenBlack}`,
    judge: ({ active, black, token, isTokenBlack }) => {
      const isDetected = token === 0 && !isTokenBlack && (black & 1) === 0 && (active & 1) === 0;
      return isDetected && active !== 0 ? 'Termination is detected while a node is active' : undefined;
    },
  };
}
