// Seeded bugs of the coordinator: what it counts, what it proposes, what it tells its caller.
import { registerQuorums } from '../../src/quorum/register-quorums.ts';
import { PUT_AND_GET, explored } from './explorer-catcher.ts';
import { judgeAll, judgeFailures } from './judges.ts';
import type { Mutant } from './mutant.ts';
import { fromBook, without } from './register-mutants.ts';
import { agreeTooSoon, storeLate, writeToAllButOne } from './schedules.ts';
import { simulated } from './sim-catcher.ts';
import { atRandom, byDirection, onDetours } from './world-catchers.ts';

const N5_R4_W2 = { quorums: registerQuorums({ replicas: 5, read: 4, write: 2 }) };

export const COORDINATOR_MUTANTS: readonly Mutant[] = [
  {
    bug: 'A read returns what is not stable',
    layer: 'coordinator',
    removed: 'rule readsStable',
    catchers: [explored('readsStable', PUT_AND_GET), atRandom(without('readsStable'))],
  },
  {
    bug: 'A read takes the first answer, not the newest',
    layer: 'coordinator',
    removed: 'rule keepsNewest',
    catchers: [explored('keepsNewest', PUT_AND_GET), atRandom(without('keepsNewest'))],
  },
  {
    bug: 'A read returns what enough agree on before R have answered',
    layer: 'coordinator',
    removed: 'rule waitsForReads',
    catchers: [byDirection(agreeTooSoon, { broken: without('waitsForReads'), kept: N5_R4_W2 })],
  },
  {
    bug: 'A read that sets the newest entry aside counts the answers that hold it',
    layer: 'coordinator',
    removed: 'rule countsOthersAlone',
    catchers: [fromBook('Read again: a read judges the answers without')],
  },
  {
    bug: 'A read writes back under a new tag, over newer writes',
    layer: 'coordinator',
    removed: 'rule writesBackInPlace',
    catchers: [atRandom(without('writesBackInPlace'))],
  },
  {
    bug: 'A read whose write-back is refused writes back for ever',
    layer: 'coordinator',
    removed: 'rule leavesVainWriteBacks',
    catchers: [atRandom(without('leavesVainWriteBacks'))],
  },
  {
    bug: 'A vote that arrives twice counts twice',
    layer: 'coordinator',
    removed: 'rule countsVoterOnce',
    catchers: [atRandom(without('countsVoterOnce'))],
  },
  {
    bug: 'An answer to an earlier question in the slot counts for the present one',
    layer: 'coordinator',
    removed: 'rule checksGenerations',
    catchers: [atRandom(without('checksGenerations'))],
  },
  {
    bug: 'Answers to the read before count as promises',
    layer: 'coordinator',
    removed: 'rule asksAfresh',
    catchers: [simulated('asksAfresh', 300), atRandom(without('asksAfresh'))],
  },
  {
    bug: 'A refusal counts as an acknowledgement',
    layer: 'coordinator',
    removed: 'rule countsOnlyGrants',
    catchers: [onDetours(without('countsOnlyGrants'))],
  },
  {
    bug: 'A refusal counts as an empty promise',
    layer: 'coordinator',
    removed: 'rule countsOnlyPromises',
    catchers: [simulated('countsOnlyPromises', 1000), onDetours(without('countsOnlyPromises'))],
  },
  {
    bug: 'What the promises report is ignored: a write that has landed is proposed again',
    layer: 'coordinator',
    removed: 'rule proposesOnce',
    catchers: [atRandom(without('proposesOnce'))],
  },
  {
    bug: 'A refused write looks for its latest tag, not for its first',
    layer: 'coordinator',
    removed: 'rule comparesFirstTag',
    source: 'register-schedules 10',
    catchers: [atRandom(without('comparesFirstTag'))],
  },
  {
    bug: 'A value that is proposed again gets a new root: older writes take it for a later one',
    layer: 'coordinator',
    removed: 'rule keepsRoots',
    catchers: [atRandom(without('keepsRoots'))],
  },
  {
    bug: 'A refused write ends on an entry that few replicas hold',
    layer: 'coordinator',
    removed: 'rule finishesOnStable',
    catchers: [onDetours(without('finishesOnStable'))],
  },
  {
    bug: 'A write at level all ends with a quorum',
    layer: 'coordinator',
    removed: 'rule heedsLevels',
    catchers: [byDirection(writeToAllButOne, { broken: without('heedsLevels'), wrong: judgeAll })],
  },
  {
    bug: 'A write that ran out of time is called failed although its frames have left',
    layer: 'coordinator',
    removed: 'rule admitsUnknown',
    catchers: [atRandom(without('admitsUnknown'))],
  },
  {
    bug: 'A cancelled write is called undone although its frames have left',
    layer: 'coordinator',
    removed: 'rule admitsCancelled',
    catchers: [simulated('admitsCancelled', 300)],
  },
  {
    bug: 'The memory of a large value is used again while replicas hold it',
    layer: 'coordinator',
    removed: 'rule sparesHeldValues',
    catchers: [simulated('sparesHeldValues', 300)],
  },
  {
    bug: 'A client carries what it began in a lost state into the next one',
    layer: 'coordinator',
    removed: 'rule forgetsLostState',
    catchers: [simulated('forgetsLostState', 3000)],
  },
  {
    bug: 'A write for which memory lacked is called failed although a replica may still store it',
    layer: 'coordinator',
    removed: 'rule asksAllForMemory',
    catchers: [
      byDirection(storeLate, { broken: without('asksAllForMemory'), kept: { bytesMax: 300 }, wrong: judgeFailures }),
    ],
  },
  {
    bug: 'Who is silent is never asked again',
    layer: 'coordinator',
    removed: 'rule asksAgain',
    catchers: [atRandom(without('asksAgain'))],
  },
];
