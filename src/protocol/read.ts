// When a read may return. Source: consistent-quorum reads as in RMWPaxos (Skrzypczak, Schintke, Schuett 2020), section
// 3, with the sizes of DESIGN section 4: the set that voted for the newest entry must meet every read and every
// prepare quorum, or a later operation could miss what this read returned.

/** The answers to a read so far, counted over replicas whose epoch is still theirs. */
export interface ReadAnswers {
  /** Replicas that answered. */
  readonly answered: number;
  /** Those that voted for the newest entry among the answers; an empty register counts as voted by all. */
  readonly agreeing: number;
}

/** What a read at a level needs. */
export interface ReadNeeds {
  /** Answers to wait for (R). */
  readonly read: number;
  /** Size of the agreeing set (S); 0 at levels that do not ask for stability. */
  readonly agree: number;
}

/** Return it, wait for more answers, or make the newest entry stable first. */
export type ReadVerdict = 'return' | 'wait' | 'stabilise';

/** Judges a read. `isComplete`: everybody who was asked has answered, or is not waited for any more. */
export function judgeRead(answers: ReadAnswers, needs: ReadNeeds, isComplete: boolean): ReadVerdict {
  if (answers.answered < needs.read) return 'wait';
  if (answers.agreeing >= needs.agree) return 'return';
  return isComplete ? 'stabilise' : 'wait';
}
