// What a coordinator makes of the answers to a read or prepare: which entry is the newest, and who voted for it.
import { compareBallots, copyBallot, isNone, mutableBallot } from '../protocol/ballot.ts';
import type { Ballot } from '../protocol/ballot.ts';
import type { Rules } from '../protocol/rules.ts';
import type { Epochs, LargeValue } from './environment.ts';
import type { Candidate, Operation } from './operation.ts';
import { REPLY, copyWords, padded, readBallot, valueBytesInFrame } from './wire.ts';
import type { FrameViews } from './wire.ts';

/** Scratch, overwritten per answer. */
const seen = mutableBallot();

/** An answer as it arrived. `large` is its value where that is large; the answer holds it. */
export interface Answer {
  replica: number;
  frame: FrameViews;
  start: number;
  large: LargeValue | undefined;
}

/** Counts an answer to the operation's present question. @returns `false` when it came from a dead incarnation. */
export function noteAnswer(operation: Operation, { replica, frame, start, large }: Answer, rules: Rules): boolean {
  const { words } = frame;
  const at = start >> 2;
  const bit = 1 << replica;
  const epoch = words[at + REPLY.EPOCH]!;
  if ((operation.answered & bit) !== 0) {
    if (epoch < operation.epochs[replica]!) {
      large?.release();
      return false;
    }
    // The predecessor's vote died with it.
    if (epoch > operation.epochs[replica]! && rules.forgetsPredecessors) withdraw(operation, bit);
  }
  readBallot(words, at + REPLY.ACCEPTED, seen);
  const isDistrusted = operation.repair !== undefined && operation.repair.distrusts(bit, seen);
  const candidate = isDistrusted ? undefined : candidateOf(operation, seen, rules);
  // Its value is here already, or not needed.
  if (candidate === undefined || candidate.holders !== 0) large?.release();
  else keepEntry(candidate, frame, start, large);
  if (candidate !== undefined) {
    candidate.holders |= bit;
    if (words[at + REPLY.VOTED] === 1 || isNone(seen)) candidate.agreeing |= bit;
  }
  if ((operation.answered & bit) === 0 || !rules.countsVoterOnce) operation.answers++;
  operation.answered |= bit;
  operation.epochs[replica] = epoch;
  return true;
}

/** Forgets answers of replicas that have restarted since; the newest entry stays, since it was proposed. */
export function dropVoidAnswers(operation: Operation, epochs: Epochs): void {
  for (let replica = 0; operation.answered >>> replica !== 0; replica++) {
    const bit = 1 << replica;
    if ((operation.answered & bit) === 0 || operation.epochs[replica] === epochs.epochOf(replica)) continue;
    operation.answered &= ~bit;
    withdraw(operation, bit);
    operation.answers--;
  }
}

function keepEntry(candidate: Candidate, frame: FrameViews, start: number, large: LargeValue | undefined): void {
  const at = start >> 2;
  readBallot(frame.words, at + REPLY.ROOT, candidate.root);
  candidate.valueBytes = frame.words[at + REPLY.VALUE_BYTES]!;
  candidate.large?.release(); // It is here still from a holder that has died.
  candidate.large = large;
  const { lineage, valueBytes } = candidate;
  lineage.length = frame.words[at + REPLY.TAIL_WORDS]!;
  if (lineage.length > 0) {
    const tail = (start + REPLY.BYTES + padded(valueBytesInFrame(valueBytes))) >> 2;
    for (let index = 0; index < lineage.length; index++) lineage.words[index] = frame.words[tail + index]!;
  }
  if (valueBytes <= 0) return;
  candidate.value.reserve(padded(valueBytes), 0);
  copyWords(frame, start + REPLY.BYTES, candidate.value, 0, valueBytes);
}

/** Where an answer with `ballot` counts: the newest entry so far, the second newest, or nowhere. */
function candidateOf(operation: Operation, ballot: Ballot, rules: Rules): Candidate | undefined {
  const { newest, second } = operation;
  if (operation.answered === 0) return startCandidate(newest, ballot);
  const order = compareBallots(ballot, newest.ballot);
  if (order === 0) return newest;
  if (order > 0 && rules.keepsNewest) {
    operation.second = newest;
    operation.newest = second;
    return startCandidate(second, ballot);
  }
  const below = compareBallots(ballot, second.ballot);
  if (below === 0) return second;
  return below > 0 ? startCandidate(second, ballot) : undefined;
}

function startCandidate(candidate: Candidate, ballot: Ballot): Candidate {
  candidate.clear();
  copyBallot(candidate.ballot, ballot);
  return candidate;
}

/** Takes back what a replica's answer counted for. */
function withdraw({ newest, second }: Operation, bit: number): void {
  newest.holders &= ~bit;
  newest.agreeing &= ~bit;
  second.holders &= ~bit;
  second.agreeing &= ~bit;
}
