// The systems of a register that is configured with systems instead of sizes: which are given, which follow, and
// whether they are sound together.
import { integerOption, rangeError, typeError } from '../base/errors.ts';
import { and } from './choice.ts';
import { disjointQuorums } from './disjoint-quorums.ts';
import { dual } from './dual.ts';
import { smallestQuorum } from './minimal-quorums.ts';
import { isQuorumOf } from './predicate.ts';
import type { QuorumData } from './quorum-data.ts';
import { choose, majorityOf, quorumSystem, votersIn } from './quorum-system.ts';

/** Systems of a register, over its replicas 0 to N - 1; at least `read` or `write` is given. */
export interface RegisterSystemOptions {
  /** Whom a read must hear; default the dual of `write`, the least that misses no write. */
  readonly read?: QuorumData | undefined;
  /** Who must accept a write; default the dual of `read`. */
  readonly write?: QuorumData | undefined;
  /**
   * Who must promise; default the dual of `write`, and at least as many replicas as accept the smallest write, or as
   * are a majority where that is fewer.
   */
  readonly prepare?: QuorumData | undefined;
}

/** The systems of a register, as plain data. Invariant: all read and all prepare quorums meet all write quorums. */
export interface RegisterSystems {
  readonly read: QuorumData;
  readonly write: QuorumData;
  readonly prepare: QuorumData;
}

/**
 * Checks the systems of a register and adds those that are not given.
 *
 * @throws {TypeError | RangeError} `ERR_QUORATE_INVALID_ARGUMENT` when one is no system of `replicas` voters;
 * `ERR_QUORATE_CONFIGURATION` when a read or prepare can miss a write, or a replica could never recover.
 */
export function registerSystems(replicas: number, options: RegisterSystemOptions): RegisterSystems {
  if (typeof options !== 'object' || options === null) {
    throw typeError('ERR_QUORATE_INVALID_ARGUMENT', `Cannot use quorum ${String(options)}: it must be an object`);
  }
  const given = { read: checked(replicas, options.read), write: checked(replicas, options.write) };
  const write = given.write ?? dualOf(given.read);
  const read = given.read ?? dualOf(given.write);
  const prepare = checked(replicas, options.prepare) ?? prepareDefault(replicas, write);
  requireMeeting('read', read, write);
  requireMeeting('prepare', prepare, write);
  if (replicas > 1) {
    requireRecovery('write', write);
    requireRecovery('prepare', prepare);
  }
  return { read, write, prepare };
}

/** Whether an accept quorum may stand for a prepare quorum: any two of them meet. */
export function mayCachePromises({ write }: RegisterSystems): boolean {
  return disjointQuorums(write, write) === undefined;
}

/**
 * The sets that no later operation can miss: they meet every read and every prepare quorum, and every write quorum
 * where promises are cached. Never one replica of several: who lost its memory would have to hear itself.
 */
export function agreeingSystem(systems: RegisterSystems): QuorumData {
  const { read, write, prepare } = systems;
  const { voters } = write;
  const met = mayCachePromises(systems) ? [read, prepare, write] : [read, prepare];
  return and(...met.map(dual), choose(Math.min(2, voters), voters));
}

function checked(replicas: number, system: QuorumData | undefined): QuorumData | undefined {
  if (system === undefined) return undefined;
  const own = quorumSystem(system);
  integerOption('voters of quorum', own.voters, { min: replicas, max: replicas });
  return own;
}

function dualOf(system: QuorumData | undefined): QuorumData {
  if (system !== undefined) return dual(system);
  throw typeError('ERR_QUORATE_INVALID_ARGUMENT', 'Cannot use quorum without systems: it must have read or write');
}

/** The rule for sizes, "a majority, or more where P + W > N asks for it", in words that hold for all systems. */
function prepareDefault(replicas: number, write: QuorumData): QuorumData {
  const least = dual(write);
  const size = Math.min(majorityOf(replicas), smallestQuorum(write));
  return smallestQuorum(least) >= size ? least : and(least, choose(size, replicas));
}

function requireMeeting(name: string, system: QuorumData, write: QuorumData): void {
  const apart = disjointQuorums(system, write);
  if (apart === undefined) return;
  throw rangeError(
    'ERR_QUORATE_CONFIGURATION',
    `Cannot use ${name} and write systems that do not always meet: a ${name} at ${listed(apart.left)} ` +
      `misses a write at ${listed(apart.right)}`,
  );
}

function requireRecovery(name: string, system: QuorumData): void {
  const masks = Array.from({ length: system.voters }, (_, voter) => 1 << voter);
  const alone = masks.find((mask) => isQuorumOf(system, mask));
  if (alone === undefined) return;
  throw rangeError(
    'ERR_QUORATE_CONFIGURATION',
    `Cannot use a ${name} quorum of ${listed(alone)} alone: a restarted replica would have to hear from itself; ` +
      'each must be of at least 2',
  );
}

/** "replicas 0, 1 and 4", for people. */
export function listed(mask: number): string {
  const voters = votersIn(mask);
  const last = voters.pop();
  return voters.length === 0 ? `replica ${last}` : `replicas ${voters.join(', ')} and ${last}`;
}
