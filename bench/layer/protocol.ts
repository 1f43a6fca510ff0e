// The acceptor of one register: judge an accept and note it.
//
//     main: judgeAccept, store, no other thread
import { mutableBallot } from '../../src/protocol/ballot.ts';
import { emptyRegister, judgeAccept, store } from '../../src/protocol/register.ts';
import { RULES } from '../../src/protocol/rules.ts';
import { inThread } from '../harness/in-thread.ts';
import { expectAnswer } from '../harness/subject.ts';
import type { Contender, Subject } from '../harness/subject.ts';

const OPERATIONS = 10_000;

export const subjects: readonly Subject[] = [
  { question: 'accept a newer ballot', subject: 'protocol', unit: 'ops/s', open: openAcceptor },
];

function openAcceptor(): Promise<Contender> {
  const ballot = mutableBallot();
  const run = (): void => {
    const register = emptyRegister();
    let stored = 0;
    for (let index = 1; index <= OPERATIONS; index++) {
      ballot.low = index;
      if (judgeAccept(register, ballot, RULES) !== 'store') continue;
      store(register, ballot, ballot);
      stored++;
    }
    expectAnswer(stored, OPERATIONS, 'the number of accepts that are stored');
  };
  return inThread({ check: run, run, operations: OPERATIONS });
}
