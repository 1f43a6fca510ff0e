// What `quorate check` does with one file, most often in a thread of the pool: it reads the history, checks its part,
// and says what it found in words and pictures. The file is read where it is checked, because sending operations costs
// more than parsing them.
import { readFileSync } from 'node:fs';
import { nowMs } from '../../base/clock.ts';
import { detectFormat, parseHistory } from '../../check/formats/parse-history.ts';
import type { HistoryFormat } from '../../check/formats/parse-history.ts';
import type { Explanation, Operation, Verdict } from '../../check/history.ts';
import { checkLinearizable } from '../../check/linearizability.ts';
import type { SearchLimits } from '../../check/model.ts';
import { textOf } from '../../check/models/value.ts';
import { timelineHtml, timelineSvg } from '../../check/timeline.ts';
import type { TimelineOptions } from '../../check/timeline.ts';
import { checkTransactions } from '../../check/transactions/check-transactions.ts';
import type { Isolation } from '../../check/transactions/isolation.ts';
import type { TaskTable } from '../../offload/tasks.ts';
import { modelOf } from './model-of.ts';

/** The model of transactions, which are not checked object by object. */
export const LIST_APPEND = 'list-append';

/** What is to be checked, and how: as on the command line. */
export interface CheckRequest {
  readonly path: string;
  readonly model: string;
  readonly format: HistoryFormat | undefined;
  readonly initial: string | undefined;
  readonly isolation: Isolation | undefined;
  readonly picture: 'svg' | 'html' | undefined;
  /** Which keys: every `of`th from number `index`, numbered as they are first called. */
  readonly share: { readonly index: number; readonly of: number };
  readonly limits: SearchLimits;
}

/** What was found in one share of a history. */
export interface CheckReply {
  readonly verdict: Verdict['verdict'];
  readonly format: HistoryFormat;
  /** Operations of the whole history. */
  readonly operations: number;
  /** From before the file was read, in this thread. */
  readonly milliseconds: number;
  /** Why nothing is known, or what is illegal. */
  readonly text: string | undefined;
  readonly picture: string | undefined;
  /** Where the wrong object stands when objects are ordered as one thread checks them: operations, then first call. */
  readonly rank: readonly [operations: number, firstIndex: number];
}

/** The tasks of the pool that checks histories. */
export interface CheckTasks extends TaskTable {
  readonly check: (request: CheckRequest) => CheckReply;
}

export const CHECK_TASKS: CheckTasks = { check };

/** Reads one history and checks its share. Blocks: in a thread of the pool, unless file and limits are small. */
export function check(request: CheckRequest): CheckReply {
  const startedMs = nowMs();
  const text = readFileSync(request.path, 'utf8');
  const format = request.format ?? detectFormat(text);
  const history = parseHistory(text, format);
  const found = request.model === LIST_APPEND ? checkLists(request, history) : checkObjects(request, format, history);
  return { ...found, format, operations: history.length, milliseconds: nowMs() - startedMs };
}

type Found = Pick<CheckReply, 'verdict' | 'text' | 'picture' | 'rank'>;

function checkObjects(request: CheckRequest, format: HistoryFormat, history: readonly Operation[]): Found {
  const { initial, share, limits } = request;
  const model = modelOf(request.model, { initial, format, history });
  const verdict = checkLinearizable(shareOf(history, share), model, limits);
  return foundOf(request, verdict, history, { describe: (operation) => model.describe(operation), history });
}

function checkLists(request: CheckRequest, history: readonly Operation[]): Found {
  const { isolation } = request;
  const verdict = checkTransactions(history, isolation === undefined ? {} : { isolation });
  const cycle = verdict.verdict === 'illegal' ? (verdict.anomalies[0]?.cycle ?? []) : [];
  return foundOf(request, verdict, history, { describe: describeTransaction, cycle });
}

/** The operations of every `of`th key, from number `index`. */
function shareOf(history: readonly Operation[], { index, of }: CheckRequest['share']): readonly Operation[] {
  if (of === 1) return history;
  const numbers = new Map<string | undefined, number>();
  return history.filter(({ key }) => {
    const number = numbers.get(key) ?? numbers.size;
    numbers.set(key, number);
    return number % of === index;
  });
}

function foundOf(
  { picture }: CheckRequest,
  verdict: Verdict,
  history: readonly Operation[],
  options: TimelineOptions,
): Found {
  const none: Found = { verdict: verdict.verdict, text: undefined, picture: undefined, rank: [0, 0] };
  if (verdict.verdict === 'ok') return none;
  if (verdict.verdict === 'unknown') return { ...none, text: verdict.reason };
  const { explanation } = verdict;
  const drawn = picture === undefined ? undefined : PICTURES[picture](explanation, options);
  return { ...none, text: explanation.text, picture: drawn, rank: rankOf(explanation, history) };
}

const PICTURES = { svg: timelineSvg, html: timelineHtml } as const;

function rankOf({ key }: Explanation, history: readonly Operation[]): readonly [number, number] {
  const operations = history.reduce((count, operation) => (operation.key === key ? count + 1 : count), 0);
  return [operations, history.findIndex((operation) => operation.key === key)];
}

/** The steps that a transaction did, or else those that it was asked to do. */
function describeTransaction({ input, output, end }: Operation): string {
  const steps: unknown = Array.isArray(output) ? output : input;
  const state = end === Infinity ? ' -> never returned' : Array.isArray(output) ? '' : ' -> failed';
  if (!Array.isArray(steps)) return textOf(steps);
  const words = steps.map((step: unknown) => (Array.isArray(step) ? step.map(wordOf).join(' ') : textOf(step)));
  return `${words.join(', ')}${state}`;
}

/** Names of steps stand without quotes. */
function wordOf(part: unknown, at: number): string {
  return at === 0 ? String(part) : textOf(part);
}
