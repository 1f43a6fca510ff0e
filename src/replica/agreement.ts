// A quorum system that an application brings along: it is asked once about every set of voters, before anything leaves.
// Were it asked about votes as they arrive, what it throws would end the thread of its client, and a promise that it
// gives would pass for a yes.
import { lowestBits } from '../base/bits.ts';
import { integerOption, typeError } from '../base/errors.ts';
import { errorText } from '../base/error-text.ts';
import type { PollRule } from '../protocol/poll.ts';

/**
 * What it says, as a table: 2^voters entries.
 *
 * @throws {TypeError | RangeError} `ERR_QUORATE_INVALID_ARGUMENT` where it is not one of so many voters, does not
 *   answer true or false, is not monotone, or takes nobody for enough, or all of them for too few.
 */
export function agreementOf(quorum: unknown, replicas: number): PollRule['system'] {
  if (!isSystem(quorum)) throw mistaken(`a ${typeof quorum}`, 'a quorum system');
  const voters = integerOption('voters of quorum', quorum.voters, { min: replicas, max: replicas });
  const everyone = lowestBits(voters);
  const isEnough = Uint8Array.from({ length: everyone + 1 }, (_, mask) => (asked(quorum, mask) ? 1 : 0));
  if (isEnough[0] === 1) throw mistaken('a system by which nobody is enough', 'one that asks for somebody');
  if (isEnough[everyone] === 0) throw mistaken('a system by which all are too few', 'one by which all are enough');
  requireMonotone(isEnough, voters);
  return { voters, isQuorum: (mask) => isEnough[mask & everyone] === 1 };
}

interface System {
  readonly voters: number;
  isQuorum(mask: number): unknown;
}

function isSystem(quorum: unknown): quorum is System {
  return typeof quorum === 'object' && quorum !== null && typeof Reflect.get(quorum, 'isQuorum') === 'function';
}

function asked(quorum: System, mask: number): boolean {
  const what = `a system whose isQuorum(${mask})`;
  let answer: unknown;
  try {
    answer = quorum.isQuorum(mask);
  } catch (cause) {
    throw Object.assign(mistaken(`${what} throws ${errorText(cause)}`, 'one that answers'), { cause });
  }
  if (typeof answer === 'boolean') return answer;
  throw mistaken(`${what} gives a ${typeof answer}`, 'one that answers true or false');
}

/** More than enough is enough. */
function requireMonotone(isEnough: Uint8Array, voters: number): void {
  for (let mask = 0; mask < isEnough.length; mask++) {
    for (let voter = 0; voter < voters; voter++) {
      const more = mask | (1 << voter);
      if (isEnough[mask]! <= isEnough[more]!) continue;
      throw mistaken(`a system by which ${mask} is enough and ${more} is not`, 'monotone: more than enough is enough');
    }
  }
}

function mistaken(given: string, allowed: string): TypeError {
  return typeError('ERR_QUORATE_INVALID_ARGUMENT', `Cannot use ${given} as quorum: it must be ${allowed}`);
}
