// What inquiries are answered from, and by whom: see inquiry-desk.ts.
import type { MutableBallot } from '../protocol/ballot.ts';
import type { Rules } from '../protocol/rules.ts';
import type { DigestTree } from './digest-tree.ts';
import type { KeyTable } from './key-table.ts';
import type { FrameViews } from './wire.ts';

/** The voters of a replica, as inquiries ask them; see topic-desk.ts. Each gives the length of its answer in bytes. */
export interface VoterAnswers {
  judge(question: Question, answer: FrameViews): number;
  tell(question: Question, answer: FrameViews): number;
}

/** What answers are made from. */
export interface Holdings {
  readonly table: KeyTable;
  readonly rules: Rules;
  readonly quorums: { readonly electorate: { readonly isStable: boolean } };
  /** What every key that the table does not hold is promised to: it may have been erased. */
  readonly floor: MutableBallot;
  /** Made when somebody asks for digests. */
  digests?: DigestTree;
  /** Its voters, where the cluster has topics. */
  readonly topics?: VoterAnswers | undefined;
}

/** A question as it lies in a frame. */
export interface Question {
  frame: FrameViews;
  /** First byte and length of its text. */
  textStart: number;
  textBytes: number;
  /** Index of its first word in the frame, and their number. */
  wordsStart: number;
  wordCount: number;
}

/**
 * Answers one subject: writes at most INQUIRY_BYTES_MAX from the start of `answer`.
 *
 * @returns how many bytes it wrote; negative where it cannot say yet: then it is asked again.
 */
export type Answerer = (holdings: Holdings, question: Question, answer: FrameViews) => number;
