// What buckets that keep siblings or merge are promised: whatever was acknowledged is there, once, until a writer who
// had seen it takes it away; then it stays away. What ended as unknown is there once at most.
import { SIBLINGS_MAX } from '../../base/limits.ts';
import type { Operation as HistoryOperation } from '../../check/history.ts';
import { checkSiblings } from '../../check/siblings.ts';
import { nameOfConflict } from './sim-conflicts.ts';
import type { ConflictCall } from './sim-conflicts.ts';
import type { Finding } from './judge-history.ts';

/** What is wrong with what these clients saw; `undefined` when nothing is. */
export function judgeConflicts(calls: readonly ConflictCall[]): Finding | undefined {
  for (const call of calls) {
    const what = call.seen && wrongIn(call, call.seen.numbers);
    if (what !== undefined) return { key: call.key, text: `${nameOfConflict(call)}: ${what}` };
  }
  const verdict = checkSiblings(conflictHistory(calls));
  if (verdict.verdict === 'ok') return undefined;
  return verdict.verdict === 'unknown' ? { key: undefined, text: verdict.reason } : verdict.explanation;
}

/** The history for the checker. A write and what finishes it are one operation. */
export function conflictHistory(calls: readonly ConflictCall[]): HistoryOperation[] {
  const answers = new Map<ConflictCall, ConflictCall>();
  for (const call of calls) {
    const isAnswer = call.outcome === 'ok' || call.outcome === 'full' || call.outcome === 'absent';
    const named = call.finishes ?? call;
    if (isAnswer && !answers.has(named)) answers.set(named, call);
  }
  return calls
    .filter((call) => call.finishes === undefined && !isWithoutEffect(call))
    .map((call): HistoryOperation => {
      const { key, plan, covers, client, start } = call;
      const told = answers.get(call);
      const end = told?.end ?? Number.POSITIVE_INFINITY;
      const output = told?.seen?.numbers;
      const shown = { process: `c${client}`, key, output, start, end } as const;
      const isRead = plan.call === 'get' || told?.outcome === 'full';
      if (isRead) return Object.assign(shown, { call: 'get', input: undefined });
      // A copy that is merged takes nothing away, and adds nothing that was not there.
      if (plan.call !== 'put') return Object.assign(shown, { call: 'delete', input: { covers } });
      return Object.assign(shown, { call: 'put', input: { value: plan.value, covers } });
    });
}

function wrongIn({ outcome, plan, seen }: ConflictCall, numbers: readonly number[]): string | undefined {
  const twice = numbers.find((number, index) => numbers.indexOf(number) !== index);
  if (twice !== undefined) return `v${twice} is there more than once`;
  if (seen?.wrong !== undefined) return seen.wrong;
  if (plan.bucket !== 'siblings') return undefined;
  if (numbers.length > SIBLINGS_MAX) return `there are ${numbers.length} siblings, at most ${SIBLINGS_MAX} may be`;
  return outcome === 'full' && numbers.length < SIBLINGS_MAX ? `full with ${numbers.length} siblings` : undefined;
}

/** A read without a result, or a write of which nothing has left. */
function isWithoutEffect({ outcome, plan }: ConflictCall): boolean {
  if (plan.call === 'get') return outcome !== 'ok' && outcome !== 'absent';
  return outcome === 'failed' || outcome === 'unavailable';
}
