// Turns what a caller proposes into a proposal, or into the error that says what was wrong with it.
import { integerOption } from '../base/errors.ts';
import { optionsOf } from '../base/given.ts';
import { PROPOSAL_BYTES_MAX, PROPOSAL_RETRIES_MAX, TIMEOUT_MS_DEFAULT, TIMEOUT_MS_MAX } from '../base/limits.ts';
import { NO_BALLOT } from '../protocol/ballot.ts';
import type { ProposeOptions } from '../store/topic.ts';
import { Proposal } from './proposal.ts';
import { checkedProposalId, refuseOthers, requireTopicName, ruleFor } from './topic-rules.ts';
import type { Topics } from './topic-rules.ts';
import { questionWords } from './topic-wire.ts';

const RETRIES_DEFAULT = 3;
const NAMES = ['threshold', 'weights', 'vetoes', 'quorum', 'timeoutMs', 'retries', 'id', 'signal'];

/** What is asked for. `payload` is the proposal's own copy. */
export interface Asked {
  readonly topic: string;
  readonly payload: unknown;
  readonly options: ProposeOptions | undefined;
}

/**
 * A proposal to these voters, a mask of replicas.
 *
 * @throws {TypeError | RangeError} `ERR_QUORATE_INVALID_ARGUMENT` or `_VALUE_TOO_LARGE`;
 * @throws {QuorateError} `ERR_QUORATE_UNSENDABLE`.
 */
export function proposalFor(members: number, topics: Topics, { topic, payload, options: given }: Asked): Proposal {
  const options = optionsOf(given);
  refuseOthers('propose', options, NAMES);
  const ruleAmong = ruleFor(members, requireTopicName(topics, topic), options);
  const { timeoutMs = TIMEOUT_MS_DEFAULT, retries = RETRIES_DEFAULT } = options;
  const id = checkedProposalId(options.id);
  questionWords({ place: 0, ballot: NO_BALLOT }, { id: id ?? '', payload, proposer: 0 }, PROPOSAL_BYTES_MAX);
  return new Proposal({
    topic,
    payload,
    ruleAmong,
    timeoutMs: integerOption('timeoutMs', timeoutMs, { min: 1, max: TIMEOUT_MS_MAX }),
    retries: integerOption('retries', retries, { min: 0, max: PROPOSAL_RETRIES_MAX }),
    id,
  });
}
