// Checks files in the threads of the pool: several files at once, and the keys of a large file apart. What is small is
// tried here first, because a thread takes longer to start than most histories to check.
import { setImmediate } from 'node:timers/promises';
import { isQuorateError, QuorateError } from '../../base/errors.ts';
import { Offload } from '../../offload/offload.ts';
import { check } from './check-task.ts';
import type { CheckReply, CheckRequest, CheckTasks } from './check-task.ts';
import type { HistoryFile } from './history-files.ts';
import { isKeyedModel } from './model-of.ts';

/** What is asked of every file. */
export type CheckPlan = Omit<CheckRequest, 'path' | 'share' | 'limits'>;

/** How the work is divided. */
export interface CheckThreads {
  /** Most threads, from 1 to OFFLOAD_THREADS_MAX. */
  readonly threads: number;
  /** Bytes of the longest file that is tried in this thread, within few steps: what signals then wait for. */
  readonly directBytesMax: number;
  /** Bytes of the shortest file whose keys are checked apart. */
  readonly splitBytesMin: number;
  readonly signal: AbortSignal;
}

/** What was found in a file. */
export interface CheckResult extends Omit<CheckReply, 'rank' | 'format'> {
  readonly path: string;
}

/** Some milliseconds. */
const DIRECT_LIMITS = { stepsMax: 20_000, memoBytesMax: 8 * 1024 * 1024 };

/**
 * Checks each file, and yields what was found in the order of the files. A thread that dies of its memory leaves the
 * verdict unknown.
 *
 * @throws {QuorateError} `ERR_QUORATE_TRACE` when a file does not parse, `ERR_QUORATE_ABORTED` when `signal` fires.
 * @throws {RangeError} `ERR_QUORATE_INVALID_ARGUMENT` when the model does not know an operation of the history.
 */
export async function* checkFiles(
  files: readonly HistoryFile[],
  plan: CheckPlan,
  options: CheckThreads,
): AsyncGenerator<CheckResult, void, undefined> {
  const { threads, signal } = options;
  const offload = new Offload<CheckTasks>({ threadsMax: threads, program: programUrl() });
  try {
    const pending: Promise<CheckResult>[] = [];
    for (let next = 0; next < files.length || pending.length > 0;) {
      // One file more than there are threads, so that none waits while we print.
      while (next < files.length && pending.length <= threads) {
        const result = checkFile(offload, files[next++]!, plan, options);
        result.catch(() => {}); // Awaited below, but perhaps after another one has failed.
        pending.push(result);
      }
      yield await pending.shift()!;
      await setImmediate(); // Lets a signal in between files that are checked here.
      signal.throwIfAborted();
    }
  } finally {
    await offload.close();
  }
}

async function checkFile(
  offload: Offload<CheckTasks>,
  { path, bytes }: HistoryFile,
  plan: CheckPlan,
  { threads, directBytesMax, splitBytesMin, signal }: CheckThreads,
): Promise<CheckResult> {
  if (bytes <= directBytesMax) {
    const reply = checkHere(path, plan);
    if (reply.verdict !== 'unknown') return { path, ...merged([reply]) };
  }
  const of = bytes < splitBytesMin || !isKeyedModel(plan.model) ? 1 : threads;
  const shares = Array.from({ length: of }, (_, index) => ({ ...plan, path, share: { index, of }, limits: {} }));
  try {
    const replies = await Promise.all(shares.map((request) => offload.run('check', request, { signal })));
    return { path, ...merged(replies) };
  } catch (error) {
    if (isQuorateError(error) && error.code === 'ERR_QUORATE_ACTOR_DEAD') {
      return { path, ...GAVE_UP, text: `The checking thread died, most likely of its memory: ${error.message}` };
    }
    throw nameFile(error, path);
  }
}

function checkHere(path: string, plan: CheckPlan): CheckReply {
  try {
    return check({ ...plan, path, share: { index: 0, of: 1 }, limits: DIRECT_LIMITS });
  } catch (error) {
    throw nameFile(error, path);
  }
}

const GAVE_UP = { verdict: 'unknown', operations: 0, milliseconds: 0, picture: undefined } as const;

/** One verdict of all shares: as one thread would have found it, which checks the smallest objects first. */
function merged(replies: readonly CheckReply[]): Omit<CheckResult, 'path'> {
  const illegal = replies.filter(({ verdict }) => verdict === 'illegal').sort((a, b) => compare(a.rank, b.rank));
  const found = illegal[0] ?? replies.find(({ verdict }) => verdict === 'unknown') ?? replies[0]!;
  const { verdict, operations, text, picture } = found;
  const milliseconds = Math.max(...replies.map((reply) => reply.milliseconds));
  return { verdict, operations, milliseconds, text, picture };
}

function compare([operationsA, firstA]: CheckReply['rank'], [operationsB, firstB]: CheckReply['rank']): number {
  return operationsA - operationsB || firstA - firstB;
}

/** Says which file it was that did not parse. */
function nameFile(error: unknown, path: string): unknown {
  if (!isQuorateError(error) || error.code !== 'ERR_QUORATE_TRACE') return error;
  const fields = { ...error.fields, path };
  return new QuorateError(error.code, `${error.message}, in ${path}`, { cause: error, fields });
}

// Natively stripped TypeScript in the checkout, JavaScript in the package: the program has this file's extension.
function programUrl(): URL {
  const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
  return new URL(`../../../actors/check-task${extension}`, import.meta.url);
}
