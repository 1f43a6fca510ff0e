// The public entry `quorate/quorum`: quorum systems as values, counting votes, and the sizes of a register.
export { choose, disjointQuorums, majority, majorityOf, readWrite, unanimous, votersIn } from './quorum-system.ts';
export type { DisjointQuorums, QuorumSystem, ReadWrite, Threshold } from './quorum-system.ts';
export { shareOf, weighted } from './weighted.ts';
export type { Weighted } from './weighted.ts';
export { NO_VOTES, outcomeOf, withVote } from './tally.ts';
export type { Tally, TallyOutcome } from './tally.ts';
export { registerQuorums } from './register-quorums.ts';
export type { RegisterOptions, RegisterQuorums } from './register-quorums.ts';
