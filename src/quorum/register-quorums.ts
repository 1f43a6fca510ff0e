// The sizes of a replicated register: three that are chosen (R, W, P) and three that follow (S, M and how many may be
// down). Each says which other quorum it has to meet. Where systems are chosen, the sizes are those of their smallest
// quorums, and `quorumSets` says which sets are quorums.
import { rangeError, integerOption } from '../base/errors.ts';
import { REPLICAS_MAX } from '../base/limits.ts';
import { disjointQuorums } from './disjoint-quorums.ts';
import { smallestQuorum } from './minimal-quorums.ts';
import { choose, majorityOf } from './quorum-system.ts';
import { agreeingSystem, listed, mayCachePromises, registerSystems } from './register-systems.ts';
import type { RegisterSystemOptions, RegisterSystems } from './register-systems.ts';

/** What a register is configured with. */
export interface RegisterOptions {
  /** Replicas of a register (N), an integer from 1 to 15. */
  readonly replicas: number;
  /** Threads that registers are spread over (T), from N to 15; default N, so that each holds all of them. */
  readonly threads?: number | undefined;
  /** Replicas that a read asks (R), from 1 to N; default a majority. */
  readonly read?: number | undefined;
  /** Replicas that must accept a write (W), from 1 to N; default a majority. */
  readonly write?: number | undefined;
  /** Replicas that must promise (P), from 1 to N; default a majority, or more where P + W > N asks for it. */
  readonly prepare?: number | undefined;
  /**
   * Systems of `replicas` voters in place of the three sizes; only where every thread holds every register (T = N),
   * whose homes then are the voters, in their order.
   */
  readonly quorum?: RegisterSystemOptions | undefined;
}

/** The quorum sizes of a register: plain data, so that it crosses threads. Made by {@link registerQuorums}. */
export interface RegisterQuorums {
  /** N: the threads that hold a register, its homes. */
  readonly replicas: number;
  /** T, at least N: all threads. */
  readonly threads: number;
  /** R. Invariant: R + W > N, so that a read meets every completed write; or with `systems`, which see to that. */
  readonly read: number;
  /** W. */
  readonly write: number;
  /** P. Invariant: P + W > N, so that a prepare meets every completed write; or with `systems`, which see to that. */
  readonly prepare: number;
  /**
   * S: replicas that must have voted for an entry before a read returns it in one round trip; may exceed R.
   * Invariant: S > N - R and S > N - P, so that every later read and prepare meets the set; and S > N - W where
   * promises are cached, because an accept quorum then stands for a prepare quorum.
   */
  readonly agreeing: number;
  /**
   * Whether a change may ask that its coordinator's next ballot be promised with its accept, so that the next change
   * takes one round trip: where 2 W > N, or any two write quorums of the systems meet.
   */
  readonly cachesPromises: boolean;
  /**
   * T - N + M: other operational threads that one without memory must hear before it takes part again.
   * Invariant: of the N - 1 other homes of any register it hears M, since N - 1 - M threads at most are not heard; and
   * M > N - min(P, W, S), so that it learns of every promise, write and read that it was part of.
   */
  readonly recoverFrom: number;
  /** Threads that may be down or recovering at once, N - M; one more, and the state is lost, or may be, of systems. */
  readonly downMax: number;
  /** Where systems were given: read, prepare and accept quorums. The sizes above are those of the smallest of them. */
  readonly systems?: RegisterSystems | undefined;
}

/**
 * Checks the quorum sizes of a register and derives the rest. Any thread; never blocks.
 *
 * A single replica is allowed: it has nobody to recover from, so its first death loses the state (`downMax` 0).
 *
 * @throws {TypeError | RangeError} `ERR_QUORATE_INVALID_ARGUMENT` when a size is no integer in its range, or a system
 * none of `replicas` voters; `ERR_QUORATE_CONFIGURATION` when R + W <= N, when P + W <= N, when a read or prepare
 * quorum of the systems misses a write quorum, or when a replica could never recover.
 *
 * Source: read and write quorums, Gifford, "Weighted Voting for Replicated Data" (SOSP 1979), section 2; recovery
 * without a disk, Michael et al., "Recovering Shared Objects Without Stable Storage" (DISC 2017), section 4.
 * @example
 * ```ts
 * import { grid, registerQuorums } from 'quorate/quorum';
 *
 * const { prepare, agreeing, recoverFrom, downMax } = registerQuorums({ replicas: 5, read: 3, write: 4 });
 * console.log(prepare, agreeing, recoverFrom, downMax); // 3 3 3 2
 * const { reads, writes } = grid(3, 3);
 * const nine = registerQuorums({ replicas: 9, quorum: { read: reads, write: writes } });
 * console.log(nine.read, nine.write, nine.recoverFrom, nine.downMax); // 3 5 5 4
 * ```
 */
export function registerQuorums(options: RegisterOptions): RegisterQuorums {
  const replicas = integerOption('replicas', options.replicas, { min: 1, max: REPLICAS_MAX });
  const threads = integerOption('threads', options.threads ?? replicas, { min: replicas, max: REPLICAS_MAX });
  if (options.quorum !== undefined) return quorumsOfSystems({ ...options, threads }, options.quorum);
  const size = { min: 1, max: replicas };
  const read = integerOption('read quorum', options.read ?? majorityOf(replicas), size);
  const write = integerOption('write quorum', options.write ?? majorityOf(replicas), size);
  const prepareDefault = Math.max(majorityOf(replicas), replicas - write + 1);
  const prepare = integerOption('prepare quorum', options.prepare ?? prepareDefault, size);
  requireMeeting(replicas, write, { name: 'read', letter: 'R', size: read });
  requireMeeting(replicas, write, { name: 'prepare', letter: 'P', size: prepare });
  const cachesPromises = 2 * write > replicas;
  const agreeing = agreeingSize(replicas, Math.min(read, prepare, cachesPromises ? write : replicas));
  const heard = heardBy({ replicas, prepare, write, agreeing });
  if (replicas > 1) requireRecovery(replicas, heard, { write, prepare });
  const recoverFrom = threads - replicas + heard;
  const downMax = replicas - heard;
  return { replicas, threads, read, write, prepare, agreeing, cachesPromises, recoverFrom, downMax };
}

/** Of systems: what holds for any so many replicas, whichever they are. */
function quorumsOfSystems(options: RegisterOptions, given: RegisterSystemOptions): RegisterQuorums {
  const { replicas, threads = replicas, read, write, prepare } = options;
  for (const [name, size] of Object.entries({ read, write, prepare })) {
    if (size !== undefined) throw contradiction(`${name} quorum ${size} beside quorum`, 'give one or the other');
  }
  if (threads !== replicas) {
    const allowed = 'the homes of a register are its voters, so every thread must hold every register';
    throw contradiction(`quorum with ${threads} threads and ${replicas} copies`, allowed);
  }
  const systems = registerSystems(replicas, given);
  const sizes = {
    read: smallestQuorum(systems.read),
    write: smallestQuorum(systems.write),
    prepare: smallestQuorum(systems.prepare),
    agreeing: smallestQuorum(agreeingSystem(systems)),
  };
  const recoverFrom = heardBy({ replicas, ...sizes });
  const cachesPromises = mayCachePromises(systems);
  return { replicas, threads, ...sizes, cachesPromises, recoverFrom, downMax: replicas - recoverFrom, systems };
}

/** M: so many of the other homes that one of every quorum of at least the smallest size is among them. */
function heardBy(sizes: {
  readonly replicas: number;
  readonly prepare: number;
  readonly write: number;
  readonly agreeing: number;
}): number {
  return sizes.replicas - Math.min(sizes.prepare, sizes.write, sizes.agreeing) + 1;
}

/** The smallest S that meets every quorum of at least `met`, though never 1 of several: see the comment. */
function agreeingSize(replicas: number, met: number): number {
  const smallest = replicas - met + 1;
  // When every read and prepare asks all replicas (2 of 2), one voter would do for reads; but M > N - 1 would then
  // forbid all recovery, while a second voter, who is asked anyway, lets the other replica recover from one.
  return Math.min(replicas, Math.max(smallest, 2));
}

function requireMeeting(
  replicas: number,
  write: number,
  other: { readonly name: string; readonly letter: string; readonly size: number },
): void {
  const apart = disjointQuorums(choose(other.size, replicas), choose(write, replicas));
  if (apart === undefined) return;
  const { name, letter, size } = other;
  throw rangeError(
    'ERR_QUORATE_CONFIGURATION',
    `Cannot use ${name} quorum ${size} with write quorum ${write} of ${replicas} replicas: ` +
      `${letter} + W must be at least ${replicas + 1}, else a ${name} at ${listed(apart.left)} ` +
      `misses a write at ${listed(apart.right)}`,
  );
}

function requireRecovery(
  replicas: number,
  recoverFrom: number,
  sizes: { readonly write: number; readonly prepare: number },
): void {
  if (recoverFrom <= replicas - 1) return;
  throw rangeError(
    'ERR_QUORATE_CONFIGURATION',
    `Cannot use write quorum ${sizes.write} and prepare quorum ${sizes.prepare} of ${replicas} replicas: ` +
      `a restarted replica would have to hear ${recoverFrom} others and there are ${replicas - 1}; ` +
      'each must be at least 2',
  );
}

function contradiction(given: string, allowed: string): RangeError {
  return rangeError('ERR_QUORATE_CONFIGURATION', `Cannot use ${given}: ${allowed}`);
}
