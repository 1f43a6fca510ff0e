// Checks histories off the main thread while a run goes on, and keeps what was found.
import { writeHistory } from '../check/formats/quorate.ts';
import { Offload } from '../offload/offload.ts';
import type { TaskTable } from '../offload/tasks.ts';
import type { CheckTasks, KeyVerdict } from './check-task.ts';
import { historyOf } from './history.ts';
import type { KeyRecords } from './history.ts';
import type { Finding } from './options.ts';
import { programUrl } from './program-url.ts';

/** Histories that may wait before clients have to: then their keys' records are not freed. */
const WAITING_MAX = 64;
/** Longest check of one history, in milliseconds. */
const CHECK_MS_MAX = 60_000;
/** Findings that are kept in full. */
const FINDINGS_MAX = 10;

/** The checker's end of a run. Main thread. */
export class HistoryChecks {
  readonly findings: Finding[] = [];
  histories = 0;
  violations = 0;
  unknown = 0;
  readonly #pool = new Offload<CheckTasks & TaskTable>({ threadsMax: 1, program: programUrl('torture-check') });
  readonly #waiting = new Set<Promise<void>>();

  /** Histories that are not checked yet. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Histories that may be submitted now. */
  get room(): number {
    return Math.max(0, WAITING_MAX - this.#waiting.size);
  }

  /** What makes a run worthless that has checked nothing; `undefined` when it has checked something. */
  get complaint(): string | undefined {
    return this.histories === 0 ? 'No call was answered: no history was there to be checked' : undefined;
  }

  submit(key: KeyRecords): void {
    const check = this.#check(key).finally(() => this.#waiting.delete(check));
    this.#waiting.add(check);
  }

  /** Settles when nothing waits. */
  async drained(): Promise<void> {
    await Promise.all(this.#waiting);
  }

  async close(): Promise<void> {
    await this.#pool.close();
  }

  async #check(key: KeyRecords): Promise<void> {
    let result: KeyVerdict;
    try {
      result = await this.#pool.run('checkKey', key, { timeoutMs: CHECK_MS_MAX });
    } catch (error) {
      result = { verdict: 'unknown', operations: 0, text: error instanceof Error ? error.message : String(error) };
    }
    const { verdict, operations, text } = result;
    if (verdict !== 'unknown' && operations === 0) return; // Nothing happened on the key, or all of it is void.
    this.histories += 1;
    if (verdict === 'ok') return;
    if (verdict === 'illegal') this.violations += 1;
    else this.unknown += 1;
    if (this.findings.length >= FINDINGS_MAX) return;
    this.findings.push({ key: key.key, verdict, text, history: writeHistory(historyOf(key)) });
  }
}
