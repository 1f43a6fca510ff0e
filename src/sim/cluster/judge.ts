// What a run is judged by: its histories must be linearizable, every value whole, every register as the protocol says.
import type { Operation as HistoryOperation, Verdict } from '../../check/history.ts';
import { checkLinearizable } from '../../check/linearizability.ts';
import { registerModel } from '../../check/models/register.ts';
import { compareBallots } from '../../protocol/ballot.ts';
import type { Entry } from '../../replica/key-table.ts';
import type { Call } from './client.ts';
import { nameOf } from './client.ts';
import type { SimCluster } from './sim-cluster.ts';

/** What is wrong with a run. */
export interface Violation {
  /** Its class: what the shrinker keeps. */
  readonly kind: 'linearizability' | 'integrity' | 'invariant' | 'liveness' | 'check' | 'crash';
  /** The key whose history or register is wrong, where it is one. */
  readonly key?: string;
  /** For people: what, and where. */
  readonly text: string;
}

/**
 * The history of calls, for the checkers. Weaker operations must not harm the others: a put at level `one` may take
 * effect later or be lost, as if it had no answer; what a get at level `one` returned binds nobody.
 */
export function historyOf(calls: readonly Call[]): HistoryOperation[] {
  const effective = calls.filter((call) => !isWithoutEffect(call));
  const finishers = new Map<Call, number>();
  for (const call of effective) {
    const end = call.finishes === undefined ? undefined : endOf(call);
    if (call.finishes !== undefined && end !== undefined && !finishers.has(call.finishes)) {
      finishers.set(call.finishes, end);
    }
  }
  return effective
    .filter(({ finishes }) => finishes === undefined)
    .map((call) => {
      const { process, key, kind, value, start } = call;
      const end = endOf(call) ?? finishers.get(call) ?? Number.POSITIVE_INFINITY;
      const shown = value === 0 ? null : value;
      return kind === 'get'
        ? { process, key, call: 'read', input: undefined, output: shown, start, end }
        : { process, key, call: 'write', input: shown, output: undefined, start, end };
    });
}

/** When the client heard that it has happened; `undefined` when it does not know. */
function endOf({ kind, plan, finishes, outcome, end }: Call): number | undefined {
  // A write that is resolved keeps its level: at `one`, one replica has it now.
  if (kind === 'put' && (finishes?.plan ?? plan).level === 'one') return undefined;
  return outcome === 'ok' || outcome === 'absent' ? end : undefined;
}

function isWithoutEffect({ kind, plan, outcome }: Call): boolean {
  if (kind === 'get') return plan.level === 'one' || (outcome !== 'ok' && outcome !== 'absent');
  return outcome === 'unavailable' || outcome === 'closed' || outcome === 'state-lost';
}

/** What is wrong with the histories of a run; `undefined` when each is linearizable. */
export function judgeHistory(calls: readonly Call[]): { readonly verdict: Verdict; violation: Violation | undefined } {
  const corrupt = calls.find(({ corruption }) => corruption !== undefined);
  const verdict = checkLinearizable(historyOf(calls), registerModel());
  if (corrupt !== undefined) {
    return { verdict, violation: { kind: 'integrity', text: `${nameOf(corrupt)}: ${corrupt.corruption}` } };
  }
  if (verdict.verdict === 'ok') return { verdict, violation: undefined };
  if (verdict.verdict === 'unknown') {
    return { verdict, violation: { kind: 'linearizability', text: `Not decided: ${verdict.reason}` } };
  }
  const { key, text } = verdict.explanation;
  return { verdict, violation: { kind: 'linearizability', text, ...(key !== undefined && { key }) } };
}

/** What is wrong with the registers that the replicas hold now. */
export function judgeRegisters({ replicas }: SimCluster): Violation | undefined {
  const values = new Map<string, string>();
  for (let index = 0; index < replicas.length; index++) {
    const { replica } = replicas[index]!;
    if (replica?.isOperational !== true) continue;
    for (let position = 0; position < replica.table.size; position++) {
      const wrong = judgeEntry(replica.table.at(position), values);
      if (wrong !== undefined) return { kind: 'invariant', text: `A${index}: ${wrong}` };
    }
  }
  return undefined;
}

function judgeEntry({ register, key, valueBytes, value }: Entry, values: Map<string, string>): string | undefined {
  const { promised, accepted, root, isVoted } = register;
  if (compareBallots(root, accepted) > 0) return 'A root is never newer than its entry';
  if (isVoted && compareBallots(promised, accepted) < 0) return 'A promise is never below an entry that was voted for';
  const place = `${key.join()}@${accepted.high}:${accepted.low}`;
  const held = `${valueBytes}:${valueBytes > 0 ? value[0] : ''}:${root.high}:${root.low}`;
  const before = values.get(place);
  values.set(place, held);
  return before === undefined || before === held ? undefined : 'A ballot is never used for two values';
}
