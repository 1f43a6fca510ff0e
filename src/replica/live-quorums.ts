// The configuration that is in force, as one thread knows it. It is looked at again whenever an epoch has moved, or a
// configuration: both move the same counter, so that the hot path has one word to compare.
import type { Rules } from '../protocol/rules.ts';
import { RULES } from '../protocol/rules.ts';
import { lowestBits } from '../base/bits.ts';
import type { Configuration } from '../quorum/configuration.ts';
import type { RegisterQuorums } from '../quorum/register-quorums.ts';
import { Electorate } from './electorate.ts';

/** The shared words that hold the configuration in force. */
export interface Configurations {
  /** Its number. */
  number(): number;
  read(): Configuration;
}

/** The configuration in force. Its sizes are those of the moment: of each the greater one, while two sides decide. */
export class LiveQuorums implements RegisterQuorums {
  electorate: Electorate;
  readonly #source: Configurations;
  readonly #rules: Rules;

  constructor(source: Configurations, rules: Rules = RULES) {
    this.#source = source;
    this.#rules = rules;
    this.electorate = new Electorate(source.read(), rules);
  }

  /** `quorums` as what is in force: as they are, where they change by themselves; else for ever, of all threads. */
  static of(quorums: RegisterQuorums, rules: Rules = RULES): LiveQuorums {
    return quorums instanceof LiveQuorums ? quorums : new LiveQuorums(fixedConfiguration(quorums), rules);
  }

  /** Looks again. @returns whether another configuration is in force. */
  refresh(): boolean {
    if (this.#source.number() === this.electorate.number) return false;
    this.electorate = new Electorate(this.#source.read(), this.#rules);
    return true;
  }

  get replicas(): number {
    return this.electorate.sizes.replicas;
  }

  get threads(): number {
    return this.electorate.sizes.threads;
  }

  get read(): number {
    return this.electorate.sizes.read;
  }

  get write(): number {
    return this.electorate.sizes.write;
  }

  get prepare(): number {
    return this.electorate.sizes.prepare;
  }

  get agreeing(): number {
    return this.electorate.sizes.agreeing;
  }

  get cachesPromises(): boolean {
    return this.electorate.sizes.cachesPromises;
  }

  get systems(): RegisterQuorums['systems'] {
    return this.electorate.sizes.systems;
  }

  get recoverFrom(): number {
    return this.electorate.sizes.recoverFrom;
  }

  get downMax(): number {
    return this.electorate.sizes.downMax;
  }
}

/** One configuration for ever, of all threads. */
export function fixedConfiguration(quorums: RegisterQuorums): Configurations {
  const current = { members: lowestBits(quorums.threads), quorums };
  return { number: () => 0, read: () => ({ number: 0, phase: 'stable', current }) };
}
