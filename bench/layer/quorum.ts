// Counting votes as a pure function: three votes of five, then the outcome.
//
//     main: 3 x withVote, outcomeOf, no other thread
import { majority } from '../../src/quorum/quorum-system.ts';
import { NO_VOTES, outcomeOf, withVote } from '../../src/quorum/tally.ts';
import { inThread } from '../harness/in-thread.ts';
import { expectAnswer } from '../harness/subject.ts';
import type { Contender, Subject } from '../harness/subject.ts';

const OPERATIONS = 10_000;

export const subjects: readonly Subject[] = [
  { question: 'decide a vote of 5', subject: 'quorum', unit: 'ops/s', open: openQuorum },
];

function openQuorum(): Promise<Contender> {
  const system = majority(5);
  const decide = (first: number): boolean => {
    let tally = withVote(NO_VOTES, first, 'granted');
    tally = withVote(tally, (first + 1) % 5, 'granted');
    return outcomeOf(system, withVote(tally, (first + 2) % 5, 'granted')) === 'won';
  };
  const run = (): void => {
    let won = 0;
    for (let index = 0; index < OPERATIONS; index++) if (decide(index % 5)) won++;
    expectAnswer(won, OPERATIONS, 'the number of votes that are won');
  };
  return inThread({ check: run, run, operations: OPERATIONS });
}
