// The rules of the register that were added because a schedule broke it without them. Production uses RULES; a test
// takes one rule away and must then find the violation, which shows that the tests can fail.

/** Each field names a rule of DESIGN section 4; `true` keeps it. */
export interface Rules {
  /** A read returns only a value that is stable, and makes it stable first where it is not. */
  readonly readsStable: boolean;
  /** A voter counts once in a quorum, however often its vote arrives. */
  readonly countsVoterOnce: boolean;
  /** A vote counts only if its epoch is that of its replica, looked at after the last vote of the quorum arrived. */
  readonly checksEpochs: boolean;
  /** A recovering replica answers nothing until it has merged enough answers. */
  readonly silentUntilCaughtUp: boolean;
  /** A recovering replica takes over the promises that it hears of, not only the entries. */
  readonly recoversPromises: boolean;
  /** An adopted entry below the merged promise is reported, but is no vote. */
  readonly inheritedIsNoVote: boolean;
  /** An answer to a recovering replica counts only for the epoch that asked. */
  readonly answersNameEpoch: boolean;
  /** Whether a refused blind write has landed is decided by its first tag, which stays its id. */
  readonly comparesFirstTag: boolean;
  /** An acceptor refuses ballots below its promise. */
  readonly keepsPromises: boolean;
  /** An acceptor refuses ballots below its entry: that a write was overtaken at one replica acknowledges nothing. */
  readonly refusesOlder: boolean;
  /** A refused write has happened only once the entry that overtook it is stable. */
  readonly finishesOnStable: boolean;
  /** The answers without those that hold the newest entry are a read only if there are enough of them. */
  readonly countsOthersAlone: boolean;
}

/** All rules kept: what production runs. */
export const RULES: Rules = Object.freeze({
  readsStable: true,
  countsVoterOnce: true,
  checksEpochs: true,
  silentUntilCaughtUp: true,
  recoversPromises: true,
  inheritedIsNoVote: true,
  answersNameEpoch: true,
  comparesFirstTag: true,
  keepsPromises: true,
  refusesOlder: true,
  finishesOnStable: true,
  countsOthersAlone: true,
});
