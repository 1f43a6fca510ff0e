// Seeded bugs of the replicated register: quorum sizes, tags, epochs, acceptors, recovery.
import { RULES } from '../../src/protocol/rules.ts';
import type { Rules } from '../../src/protocol/rules.ts';
import { registerQuorums } from '../../src/quorum/register-quorums.ts';
import type { RegisterQuorums } from '../../src/quorum/register-quorums.ts';
import { PUT_AND_CRASH, explored } from './explorer-catcher.ts';
import { judgeBallots, judgeDetours } from './judges.ts';
import type { Catcher, Mutant } from './mutant.ts';
import {
  answerInChunks,
  answerInTwoLives,
  answerTwice,
  bumpLate,
  loseAcknowledgements,
  loseAnEntry,
  losePromises,
  ofBook,
  promiseAgainstARead,
  promiseDownwards,
  restartTheAnswerer,
  reuseTheBallot,
} from './schedules.ts';
import { simulated } from './sim-catcher.ts';
import { atRandom, byDirection, onDetours } from './world-catchers.ts';
import type { Broken } from './world-catchers.ts';

const THREE = registerQuorums({ replicas: 3 });
const FIVE: Broken = { quorums: registerQuorums({ replicas: 5 }) };

/** Production without one rule. */
export function without(rule: keyof Rules): Broken {
  return { rules: { ...RULES, [rule]: false } };
}

/** The schedule of the book whose title begins so, with what it takes away. */
export function fromBook(title: string): Catcher {
  const { play, kept, removed } = ofBook(title);
  return byDirection(play, { kept, broken: removed });
}

/** Tags whose lower word wraps in the midst of a schedule. */
const BEFORE_THE_WRAP: Broken = { tagsFrom: { high: 0, low: -6 } };

/** An answer to a recovering replica has one entry a chunk. */
const IN_CHUNKS: Broken = { chunkEntries: 1 };

/** Tags whose lower word changes its sign in the midst of a schedule. */
const BEFORE_THE_SIGN: Broken = { tagsFrom: { high: 0, low: 0x7fff_fffa } };
/** To order tags with one bit flipped as production does is to order the tags by their signed words. */
const ORDERED_BY_SIGN: Broken = {
  ...BEFORE_THE_SIGN,
  readsTags: ({ high, low }) => ({ high, low: low ^ 0x8000_0000 }),
};

const withSizes = (wrong: Partial<RegisterQuorums>, quorums = THREE): Broken => ({ quorums: { ...quorums, ...wrong } });

export const REGISTER_MUTANTS: readonly Mutant[] = [
  {
    bug: 'A read quorum need not meet a write quorum: half of the replicas is called a majority',
    layer: 'quorum',
    removed: 'R + W > N',
    catchers: [
      atRandom(withSizes({ read: 2, write: 2, prepare: 2, agreeing: 2 }, registerQuorums({ replicas: 4 })), {
        quorums: registerQuorums({ replicas: 4 }),
      }),
    ],
  },
  {
    bug: 'A prepare quorum need not meet a write quorum',
    layer: 'quorum',
    removed: 'P + W > N',
    catchers: [onDetours(withSizes({ prepare: 1 }))],
  },
  {
    bug: 'The set that agrees on what a read returns need not meet every read and prepare quorum',
    layer: 'quorum',
    removed: 'S > N - min(R, P)',
    source: 'register-schedules 9',
    catchers: [fromBook('9. Quorum sizes: a read of N5 R2 W4')],
  },
  {
    bug: 'A replica without memory takes part again after too few answers',
    layer: 'quorum',
    removed: 'M > N - min(P, W, S)',
    source: 'register-schedules 5',
    catchers: [fromBook('5. Too few answers: N5 R3 W3')],
  },
  {
    bug: 'A client counts its tags itself, and a new one begins again at the first',
    layer: 'tags',
    removed: 'one TagCounter for all',
    source: 'version-vector amnesia, Riak kv679',
    catchers: [atRandom({ sharesTags: true })],
  },
  {
    bug: 'The tags of a batch are taken before its operations were submitted',
    layer: 'tags',
    removed: 'TagCounter after submission',
    source: 'register-schedules 10',
    catchers: [fromBook('10. Own ids: a tag reserved')],
  },
  {
    bug: 'All writes of a batch share one tag',
    layer: 'tags',
    removed: 'rule spreadsTags',
    catchers: [atRandom(without('spreadsTags'))],
  },
  {
    bug: 'The tags of a batch do not carry into the upper word',
    layer: 'tags',
    removed: 'rule carriesTags',
    catchers: [atRandom({ ...without('carriesTags'), ...BEFORE_THE_WRAP }, BEFORE_THE_WRAP)],
  },
  {
    bug: 'Ballots are compared by signed words: those from 2^31 on are older than those before',
    layer: 'tags',
    removed: 'unsigned order of tags',
    catchers: [atRandom(ORDERED_BY_SIGN, BEFORE_THE_SIGN)],
  },
  {
    bug: 'An operation prepares again under a ballot that it has used for another value',
    layer: 'tags',
    removed: 'rule takesFreshBallots',
    source: 'gryadka, Proposer.js, commitValue',
    catchers: [byDirection(reuseTheBallot, { broken: without('takesFreshBallots'), kept: FIVE })],
  },
  {
    bug: 'Votes of dead incarnations count',
    layer: 'epochs',
    removed: 'rule checksEpochs',
    source: 'register-schedules 8',
    catchers: [explored('checksEpochs', PUT_AND_CRASH), onDetours(without('checksEpochs'))],
  },
  {
    bug: 'Epochs are looked at before the last vote arrived',
    layer: 'epochs',
    removed: 'Epochs as of the vote before',
    source: 'register-schedules 8',
    catchers: [fromBook('8. Epochs looked at before')],
  },
  {
    bug: 'The supervisor bumps the epoch after the new incarnation has begun',
    layer: 'epochs',
    removed: 'Epochs before the start',
    catchers: [byDirection(bumpLate, { broken: { bumpsLate: true } })],
  },
  {
    bug: 'What an incarnation said still counts once its successor answers the same question',
    layer: 'epochs',
    removed: 'rule forgetsPredecessors',
    catchers: [byDirection(answerInTwoLives, { broken: without('forgetsPredecessors') })],
  },
  {
    bug: 'An acceptor stores what is below its promise',
    layer: 'acceptor',
    removed: 'rule keepsPromises',
    catchers: [onDetours(without('keepsPromises'))],
  },
  {
    bug: 'An acceptor does not note what it promised',
    layer: 'acceptor',
    removed: 'rule remembersPromises',
    catchers: [onDetours(without('remembersPromises'))],
  },
  {
    bug: 'An acceptor promises a ballot below its promise',
    layer: 'acceptor',
    removed: 'rule promisesUpwards',
    catchers: [byDirection(promiseDownwards, { broken: without('promisesUpwards') })],
  },
  {
    bug: 'An acceptor stores a ballot below its entry',
    layer: 'acceptor',
    removed: 'rule keepsEntries',
    catchers: [atRandom(without('keepsEntries'))],
  },
  {
    bug: 'An acceptor grants a ballot below its entry',
    layer: 'acceptor',
    removed: 'rule refusesOlder',
    catchers: [onDetours(without('refusesOlder'))],
  },
  {
    bug: 'An acceptor refuses what it has granted before: a lost answer costs the fast path',
    layer: 'acceptor',
    removed: 'rule grantsRepeats',
    catchers: [byDirection(loseAcknowledgements, { broken: without('grantsRepeats'), wrong: judgeDetours })],
  },
  {
    bug: 'An acceptor refuses what it has promised before: a lost answer costs a ballot',
    layer: 'acceptor',
    removed: 'rule promisesRepeats',
    catchers: [byDirection(losePromises, { broken: without('promisesRepeats'), wrong: judgeBallots })],
  },
  {
    bug: 'An entry that was inherited counts as a vote',
    layer: 'acceptor',
    removed: 'rule inheritedIsNoVote',
    source: 'register-schedules 2',
    catchers: [onDetours(without('inheritedIsNoVote'))],
  },
  {
    bug: 'A read that had to prepare returns what it found before that is accepted',
    layer: 'coordinator',
    removed: 'rule finishesReads',
    catchers: [byDirection(promiseAgainstARead, { broken: without('finishesReads') })],
  },
  {
    bug: 'A deleted key is reported like one that never was: an older put comes back',
    layer: 'acceptor',
    removed: 'rule reportsTombstones',
    catchers: [simulated('reportsTombstones', 300), atRandom(without('reportsTombstones'))],
  },
  {
    bug: 'A replica without memory answers before it has caught up',
    layer: 'recovery',
    removed: 'rule silentUntilCaughtUp',
    catchers: [explored('silentUntilCaughtUp', PUT_AND_CRASH), atRandom(without('silentUntilCaughtUp'))],
  },
  {
    bug: 'Recovery takes over entries but no promises',
    layer: 'recovery',
    removed: 'rule recoversPromises',
    catchers: [onDetours(without('recoversPromises'))],
  },
  {
    bug: 'Recovery counts answers to an earlier incarnation',
    layer: 'recovery',
    removed: 'rule answersNameEpoch',
    source: 'register-schedules 4',
    catchers: [fromBook('4. Recovery answers')],
  },
  {
    bug: 'Recovery adopts the first entry that it hears of, not the newest',
    layer: 'recovery',
    removed: 'rule adoptsNewest',
    catchers: [simulated('adoptsNewest', 600), atRandom(without('adoptsNewest'))],
  },
  {
    bug: 'Recovery skips deleted keys',
    layer: 'recovery',
    removed: 'rule adoptsTombstones',
    catchers: [atRandom(without('adoptsTombstones'))],
  },
  {
    bug: 'Recovery counts one answerer twice',
    layer: 'recovery',
    removed: 'rule countsAnswererOnce',
    catchers: [byDirection(answerTwice, { broken: without('countsAnswererOnce') })],
  },
  {
    bug: 'Recovery believes the end of an answer although entries before it are missing',
    layer: 'recovery',
    removed: 'rule noticesGaps',
    catchers: [byDirection(loseAnEntry, { broken: without('noticesGaps') })],
  },
  {
    bug: 'Recovery believes an answer before its last chunk',
    layer: 'recovery',
    removed: 'rule awaitsLastChunk',
    catchers: [
      atRandom({ ...without('awaitsLastChunk'), ...IN_CHUNKS }, IN_CHUNKS),
      byDirection(answerInChunks, { broken: without('awaitsLastChunk'), kept: IN_CHUNKS }),
    ],
  },
  {
    bug: 'Recovery goes on in the answer of a new incarnation where that of the old one broke off',
    layer: 'recovery',
    removed: 'rule scansEachIncarnation',
    catchers: [byDirection(restartTheAnswerer, { broken: without('scansEachIncarnation'), kept: FIVE })],
  },
];
