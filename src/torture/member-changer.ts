// Changes the members of a cluster again and again while it is harmed, and keeps account of what came of it: a change
// that cannot be made in time is taken back, which is an outcome like any other.
import { nowMs } from '../base/clock.ts';
import { isQuorateError } from '../base/errors.ts';
import { unitOf } from '../base/random.ts';
import type { Random } from '../base/random.ts';
import type { ClusterStatus, ReconfigureOptions } from '../cluster/options.ts';
import type { RegisterQuorums } from '../quorum/register-quorums.ts';
import { MEMBER_CHANGES, MemberChoice } from './member-choice.ts';
import type { MemberChange } from './member-choice.ts';

/** The part of a cluster that is changed. */
export interface ChangedCluster {
  inspect(): Pick<ClusterStatus, 'configuration' | 'replicationFactor' | 'places'>;
  reconfigure(options: ReconfigureOptions): Promise<unknown>;
}

/** What has come of all changes. */
export interface MemberChangeCount {
  readonly done: number;
  /** Taken back. */
  readonly undone: number;
  /** The longest time that one took, in milliseconds, whatever came of it. */
  readonly msMax: number;
  /** Those that are done, by kind. */
  readonly kinds: Readonly<Record<MemberChange, number>>;
}

/** Options of {@link MemberChanger}. */
export interface MemberChangerOptions {
  readonly cluster: ChangedCluster;
  /** What the cluster was opened with. */
  readonly base: RegisterQuorums;
  readonly random: Random;
  /** Waits so many milliseconds; rejects when `signal` fires. */
  readonly delay: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Called after each change with those who are members then. */
  readonly onMembers?: (members: readonly number[]) => void;
}

/** Longest time for one change: replicas die meanwhile, and those that hang are found out late on a busy machine. */
const CHANGE_MS_MAX = 15_000;
/** Outcomes of a change beside its having come about: it was late, or in the way of another, or all was lost. */
const UNDONE_CODES: ReadonlySet<string> = new Set([
  'ERR_QUORATE_TIMEOUT',
  'ERR_QUORATE_CHANGING',
  'ERR_QUORATE_STATE_LOST',
]);

/** Makes changes, one at a time. The thread that opened the cluster. */
export class MemberChanger {
  readonly #done: Record<MemberChange, number> = { replace: 0, grow: 0, shrink: 0, quorums: 0, copies: 0 };
  readonly #options: MemberChangerOptions;
  readonly #choice: MemberChoice;
  #undone = 0;
  #msMax = 0;

  constructor(options: MemberChangerOptions) {
    this.#options = options;
    this.#choice = new MemberChoice(options.base, options.random);
  }

  get count(): MemberChangeCount {
    const done = MEMBER_CHANGES.reduce((sum, kind) => sum + this.#done[kind], 0);
    return { done, undone: this.#undone, msMax: this.#msMax, kinds: { ...this.#done } };
  }

  /** Makes one after another until `signal` fires, so many a second on average; then ends the one under way. */
  async run(perSecond: number, signal: AbortSignal): Promise<void> {
    if (perSecond === 0) return;
    const { random, delay } = this.#options;
    const gapMs = 1000 / perSecond;
    let dueMs = nowMs() + unitOf(random) * gapMs;
    while (!signal.aborted) {
      await delay(Math.max(0, dueMs - nowMs()), signal).catch(() => undefined); // It ends early when all is to end.
      if (signal.aborted) return;
      await this.change();
      dueMs = Math.max(dueMs + gapMs * (0.2 + 1.6 * unitOf(random)), nowMs());
    }
  }

  /** Makes one change, where one can be asked for. @throws what is no outcome of a change. */
  async change(): Promise<void> {
    const { cluster } = this.#options;
    const { configuration, replicationFactor, places } = cluster.inspect();
    const chosen = this.#choice.next({ members: configuration.members, replicationFactor, places });
    if (chosen === undefined) return;
    const beganMs = nowMs();
    try {
      await cluster.reconfigure({ ...chosen.options, timeoutMs: CHANGE_MS_MAX });
      this.#done[chosen.kind] += 1;
    } catch (error) {
      if (!isQuorateError(error) || !UNDONE_CODES.has(error.code)) throw error;
      this.#undone += 1;
    }
    this.#msMax = Math.max(this.#msMax, nowMs() - beganMs);
    this.#options.onMembers?.(cluster.inspect().configuration.members);
  }
}
