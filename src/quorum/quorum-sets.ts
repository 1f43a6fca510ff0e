// What a register asks of its quorums, as predicates over masks of its homes: counted where only sizes matter, looked
// up in tables where systems are given. Either way one question costs no allocation.
import { lowestBits, popcount } from '../base/bits.ts';
import { predicateOf, tableOf } from './predicate.ts';
import type { RegisterQuorums } from './register-quorums.ts';
import { agreeingSystem } from './register-systems.ts';
import type { RegisterSystems } from './register-systems.ts';

/** The quorums of a register. Masks are of positions: the homes of a register, numbered from 0 to N - 1. */
export interface QuorumSets {
  isRead(mask: number): boolean;
  isWrite(mask: number): boolean;
  isPrepare(mask: number): boolean;
  /** The set meets every read and every prepare quorum, and every write quorum where promises are cached (S). */
  isAgreeing(mask: number): boolean;
  /**
   * Whether `self`, which lost its memory, may take part again once it has heard `heard`: of every write, prepare or
   * agreeing quorum that it may have been part of it has heard somebody.
   */
  mayRecover(self: number, heard: number): boolean;
  /** Whether the state is lost once all of `gone` have lost their memory: they are a whole quorum of some kind. */
  isLost(gone: number): boolean;
  /** Sizes of the smallest quorums: with fewer votes nothing is decided. */
  readonly fewest: {
    readonly read: number;
    readonly write: number;
    readonly prepare: number;
    readonly agreeing: number;
  };
  readonly cachesPromises: boolean;
}

/** The predicates of a register's quorums. Pure; up to 15 replicas with systems it makes five tables of 4 KiB. */
export function quorumSets(quorums: RegisterQuorums): QuorumSets {
  const { systems, read, write, prepare, agreeing, cachesPromises } = quorums;
  const sets = systems === undefined ? sizedSets(quorums) : systemSets(systems);
  return { ...sets, fewest: { read, write, prepare, agreeing }, cachesPromises };
}

type Predicates = Omit<QuorumSets, 'fewest' | 'cachesPromises'>;

function sizedSets(quorums: RegisterQuorums): Predicates {
  const { replicas, threads, read, write, prepare, agreeing, recoverFrom, downMax } = quorums;
  const everyone = lowestBits(replicas);
  const heardMin = recoverFrom - (threads - replicas); // M.
  return {
    isRead: (mask) => popcount(mask & everyone) >= read,
    isWrite: (mask) => popcount(mask & everyone) >= write,
    isPrepare: (mask) => popcount(mask & everyone) >= prepare,
    isAgreeing: (mask) => popcount(mask & everyone) >= agreeing,
    mayRecover: (self, heard) => popcount(heard & everyone & ~(1 << self)) >= heardMin,
    isLost: (gone) => popcount(gone & everyone) > downMax,
  };
}

/** Made once per value, as predicates are: the threads of a simulation share it. */
const setsOfSystems = new WeakMap<RegisterSystems, Predicates>();

function systemSets(systems: RegisterSystems): Predicates {
  const made = setsOfSystems.get(systems) ?? compiledSets(systems);
  setsOfSystems.set(systems, made);
  return made;
}

function compiledSets(systems: RegisterSystems): Predicates {
  const isRead = predicateOf(systems.read);
  const isWrite = predicateOf(systems.write);
  const isPrepare = predicateOf(systems.prepare);
  const isAgreeing = predicateOf(agreeingSystem(systems));
  const { voters } = systems.write;
  const everyone = lowestBits(voters);
  const isLost = tableOf(voters, (mask) => isWrite(mask) || isPrepare(mask) || isAgreeing(mask));
  // Whoever was not heard may be all that a quorum with `self` was made of, and down for as long as `self` votes again.
  const mayRecover = (self: number, heard: number): boolean => !isLost((everyone & ~heard) | (1 << self));
  return { isRead, isWrite, isPrepare, isAgreeing, mayRecover, isLost };
}
