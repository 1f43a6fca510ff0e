// What the user of a simulated cluster has to say about it.
import { typeError } from '../base/errors.ts';
import { textOf } from '../check/models/value.ts';
import { probeOf } from './cluster/probe.ts';
import type { ClusterProbe } from './cluster/probe.ts';

/** Looks at a simulated cluster and says what is wrong with it, if anything; what it throws is wrong, too. */
export type SimCheck = (probe: ClusterProbe) => string | undefined;

type Cluster = Parameters<typeof probeOf>[0];

/** A check as the run calls it; a run throws nothing, so that a check which is none is noted. */
export class NotedCheck {
  readonly #check: SimCheck;
  #mistake: Error | undefined;

  /** @throws {TypeError} `ERR_QUORATE_INVALID_ARGUMENT` when it is no function. */
  constructor(check: SimCheck) {
    if (typeof check !== 'function') throw mistake(check, 'it must be a function');
    this.#check = check;
  }

  /** What is wrong with the cluster. */
  readonly look = (cluster: Cluster): string | undefined => {
    try {
      const said: unknown = this.#check(probeOf(cluster));
      if (said === undefined || typeof said === 'string') return said;
      if (said instanceof Promise) said.catch(() => undefined); // Nobody else waits for it.
      const given = said instanceof Promise ? 'that returns a promise' : `that returns ${textOf(said)}`;
      this.#mistake = mistake(given, 'it must return a text that says what is wrong, or undefined, at once');
      return undefined;
    } catch (error) {
      return String(error);
    }
  };

  /** @throws {TypeError} `ERR_QUORATE_INVALID_ARGUMENT` when the check returned what it must not. */
  confirm(): void {
    if (this.#mistake !== undefined) throw this.#mistake;
  }
}

function mistake(given: unknown, allowed: string): TypeError {
  return typeError('ERR_QUORATE_INVALID_ARGUMENT', `Cannot use a check ${String(given)}: ${allowed}`);
}
