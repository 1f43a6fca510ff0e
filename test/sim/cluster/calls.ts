// Calls of a simulated cluster that never ran, for what judges them.
import { drawPlan } from '../../../src/sim/cluster/draw-plan.ts';
import type { Call } from '../../../src/sim/cluster/client.ts';
import type { OperationPlan } from '../../../src/sim/cluster/plan.ts';
import { runPlan } from '../../../src/sim/cluster/run-plan.ts';

/** What a test says about a call; by default a put or get at level `quorum` of client 0 that ended as `ok`. */
export interface Told extends Partial<Omit<Call, 'plan' | 'kind'>> {
  readonly call: OperationPlan['call'];
  readonly level?: OperationPlan['level'];
}

const [TEMPLATE] = runPlan(drawPlan(1, 'scramble')).calls;

/** Calls of one key; each starts and ends where it says, or else after the one before it. */
export function callsOf(...told: readonly Told[]): Call[] {
  return told.map(({ call, level = 'quorum', ...fields }, index) => {
    const { client = 0, value = 0, start = 2 * index, end = start + 1 } = fields;
    const kind = call === 'get' ? 'get' : 'put';
    const plan: OperationPlan = { ...TEMPLATE!.plan, client, call, level, value, key: 'k' };
    const outcome = kind === 'get' && value === 0 ? 'absent' : 'ok';
    const known = { client, process: `c${client}`, plan, kind, key: 'k', value, outcome } as const;
    const rest = {
      finishes: undefined,
      version: undefined,
      corruption: undefined,
      start,
      end,
      atUs: 10 * start,
      endUs: 10 * end,
    };
    return Object.assign({}, TEMPLATE!, known, rest, fields);
  });
}

/** The same calls, of which the second finishes the first. */
export function resolved([first, second, ...others]: readonly Call[]): Call[] {
  return [first!, { ...second!, finishes: first }, ...others];
}
