// The rules of the register, each of which some schedule breaks it without. Production uses RULES; a test takes one
// rule away and must then find the violation, which shows that the tests can fail (docs/TESTING.md, "Seeded bugs").

/** Each field names a rule of the register; `true` keeps it. */
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
  /** An acceptor keeps its entry against an older one, whatever it answers. */
  readonly keepsEntries: boolean;
  /** A refused write has happened only once the entry that overtook it is stable. */
  readonly finishesOnStable: boolean;
  /** The answers without those that hold the newest entry are a read only if there are enough of them. */
  readonly countsOthersAlone: boolean;
  /** An acceptor notes what it promises. */
  readonly remembersPromises: boolean;
  /** An acceptor refuses to promise a ballot below its promise. */
  readonly promisesUpwards: boolean;
  /** An acceptor promises again what it has promised: the first answer may be lost. */
  readonly promisesRepeats: boolean;
  /** An acceptor grants again what it has granted: the first answer may be lost. */
  readonly grantsRepeats: boolean;
  /** Of two reports the newer entry is adopted by a recovering replica. */
  readonly adoptsNewest: boolean;
  /** One answerer counts once for a recovering replica, however often it answers. */
  readonly countsAnswererOnce: boolean;
  /** An answer to a recovering replica is whole only where no entry before its end is missing. */
  readonly noticesGaps: boolean;
  /** An answer to a recovering replica is whole only with its last chunk. */
  readonly awaitsLastChunk: boolean;
  /** Positions in the answer of one incarnation mean nothing in that of the next. */
  readonly scansEachIncarnation: boolean;
  /** A deleted key is adopted by a recovering replica like any other. */
  readonly adoptsTombstones: boolean;
  /** A deleted key is reported with the ballot of its deletion, not like a key that never was. */
  readonly reportsTombstones: boolean;
  /** Of the answers to a question the newest entry is kept, in whatever order they come. */
  readonly keepsNewest: boolean;
  /** What an incarnation said is forgotten once its successor answers the same question. */
  readonly forgetsPredecessors: boolean;
  /** An answer counts only for the question that it answers, not for the next one in its slot. */
  readonly checksGenerations: boolean;
  /** A question begins without the answers to the question before it. */
  readonly asksAfresh: boolean;
  /** A refusal is no acknowledgement. */
  readonly countsOnlyGrants: boolean;
  /** A refusal is no promise. */
  readonly countsOnlyPromises: boolean;
  /** A read waits for R answers, even where enough agree before. */
  readonly waitsForReads: boolean;
  /** What a read returns is written back at the ballot that it has, so that newer entries are not overwritten. */
  readonly writesBackInPlace: boolean;
  /** What was written back in vain, because of a promise, is proposed again under a ballot of its own. */
  readonly leavesVainWriteBacks: boolean;
  /** A read that had to prepare returns what it found only once that is accepted. */
  readonly finishesReads: boolean;
  /** A value that is proposed again keeps its root, which says when it was written. */
  readonly keepsRoots: boolean;
  /** A write whose value has landed is not proposed again. */
  readonly proposesOnce: boolean;
  /** A prepare takes a fresh ballot even where its operation has prepared before. */
  readonly takesFreshBallots: boolean;
  /** Each write of a batch has a tag of its own. */
  readonly spreadsTags: boolean;
  /** The tags of a batch carry into the upper word. */
  readonly carriesTags: boolean;
  /** A level above the quorum waits for as many acknowledgements as it names. */
  readonly heedsLevels: boolean;
  /** A write that ran out of time after a frame has left is unknown, not failed. */
  readonly admitsUnknown: boolean;
  /** A cancelled write of which a frame has left is unknown, not undone. */
  readonly admitsCancelled: boolean;
  /** A write that lacked memory at too many replicas has failed only once nobody can have stored it. */
  readonly asksAllForMemory: boolean;
  /** Who is silent is asked again. */
  readonly asksAgain: boolean;
  /** The memory of a large value is used again only when no replica holds it any more. */
  readonly sparesHeldValues: boolean;
  /** A client carries nothing of a lost state into the next one: neither operations nor unknown writes. */
  readonly forgetsLostState: boolean;
  /** A change that is tried again looks for its earlier try in the newest value. */
  readonly looksForItself: boolean;
  /** A change over which a blind write has come is not tried again: nobody can say whether it happened. */
  readonly heedsFloors: boolean;
  /** A client drops changes of its own from a lineage only once they are decided. */
  readonly keepsUndecided: boolean;
  /** A lineage says up to where it has forgotten. */
  readonly notesForgotten: boolean;
  /** A recovering replica takes over the lineage of a value. */
  readonly recoversLineages: boolean;
  /** An accept that is granted again promises the next ballot as well. */
  readonly promisesNextAgain: boolean;
  /** What a change has compared with is stable before it says that it did not match. */
  readonly keepsOnlyStable: boolean;
  /** What a change is told to have come to is what it came to in the try that has landed. */
  readonly remembersResults: boolean;
  /** A change that came after its round had asked is not answered with what was promised before it came. */
  readonly confirmsLatecomers: boolean;
  /** A round of changes ends when nobody waits for what it comes to, also where others wait for the next one. */
  readonly leavesRounds: boolean;
  /** A promise of the next ballot is used only if a prepare quorum gave it. */
  readonly countsPromises: boolean;
  /** A read of a session returns nothing older than what its session has seen. */
  readonly readsAsNewAsSession: boolean;
  /** A session notes the versions that it writes. */
  readonly notesOwnWrites: boolean;
  /** A session notes of which version the absence of a key is. */
  readonly versionsAbsence: boolean;
  /** A change of a session first makes decided what its session knows of the key. */
  readonly settlesBeforeChanges: boolean;
  /** A session forgets only what is decided. */
  readonly pinsUndecided: boolean;
  /** A session that takes over another doubts what only one of them remembers: the other may have forgotten newer. */
  readonly doubtsMerged: boolean;
  /** The token of a session says that it has forgotten something. */
  readonly keepsFloors: boolean;
  /** A cached value is served only while it is no older than its reader allows. */
  readonly agesCached: boolean;
  /** A cached value is as old as the beginning of the read that has found it. */
  readonly agesFromBegin: boolean;
  /** Where a reader allows so many newer versions, a cached value is served only while no more writes have begun. */
  readonly countsCached: boolean;
  /** They are counted from a fence on: what was under way before it cannot be decided as it is any more. */
  readonly fencesCached: boolean;
  /** A write of a client's own drops what the client has cached of the key. */
  readonly dropsOwnWrites: boolean;
  /** A read that a write of its client's own has overtaken is not cached. */
  readonly voidsOvertaken: boolean;
  /** What a change of a client's own has found, and left as it is, drops what is cached of before. */
  readonly heedsConflicts: boolean;
  /** A cached value is served only until it expires. */
  readonly expiresCached: boolean;
  /** What is cached of a lost state is forgotten. */
  readonly cachesOneState: boolean;
  /** A session takes from the cache only what is as new as what it has seen. */
  readonly cachesAsNewAsSession: boolean;
  /** A replica that has erased a deletion refuses everything that is as old. */
  readonly refusesErased: boolean;
  /** A write that is as old as what may have been erased is not proposed again: nobody can say whether it happened. */
  readonly heedsErased: boolean;
  /** That a key has no value because it has expired is said only once its deletion is decided. */
  readonly deletesExpired: boolean;
  /** A deletion is erased only once every replica has voted for it. */
  readonly erasesConfirmed: boolean;
  /** A replica erases only the deletion that was confirmed, not what has come since. */
  readonly erasesExactly: boolean;
  /** A replica that has lost its memory takes over up to where the others may have erased. */
  readonly recoversErased: boolean;
  /** What one of its answerers did not report of a key, that one may have erased: it is promised up to the floor. */
  readonly coversUnreported: boolean;
  /** A session takes a key of which nothing is left for deleted only where no replica has anything of it. */
  readonly asksAllForErased: boolean;
  /** Nor for what one replica alone had, once any has lost its memory since. */
  readonly heedsLosses: boolean;
  /** Of a key that was erased, it goes on from what it has seen, not from up to where deletions may be erased. */
  readonly keepsSeen: boolean;
  /** A repair ends only once every replica that it is for holds the entry. */
  readonly repairsAll: boolean;
  /** What a repair hands on is the newest entry of all. */
  readonly repairsNewest: boolean;
  /** A repair hands on a tombstone like any other entry. */
  readonly repairsTombstones: boolean;
  /** A repair that proposes an entry again has asked everybody who is up for a newer one. */
  readonly repairsHeedAll: boolean;
  /** The digests by which replicas are compared count tombstones. */
  readonly digestsTombstones: boolean;
  /** What had no room in a replica's ring is handed to it later. */
  readonly keepsOmissions: boolean;
  /** A replica lists the keys that it has deleted, too: that alone decides nothing. */
  readonly listsDeleted: boolean;
  /** A scan leaves a key out unread only where its deletion is stable. */
  readonly leavesOutDecided: boolean;
  /** A scan asks R replicas for their keys. */
  readonly listsAtQuorum: boolean;
  /** A page of a scan ends where one of the lists that it was made of was cut. */
  readonly endsAtCuts: boolean;
  /** A key has as many homes as it has copies: no thread counts for two. */
  readonly placesApart: boolean;
  /** Only homes of a key are asked for it. */
  readonly asksHomes: boolean;
  /** Who has to hear of every key, as recovering replicas, scans and watches have, hears enough homes of each. */
  readonly hearsAllGroups: boolean;
  /** Whoever first writes a key that remembers who changed it is named as nobody was. */
  readonly namesActorsAnew: boolean;
  /** A client finishes what it has taken over as a hint. */
  readonly finishesHints: boolean;
  /** Where systems of quorums are given, they decide, and not how many votes there are. */
  readonly heedsSystems: boolean;
  /** A voter judges a proposal only once it has applied every decision before its place. */
  readonly judgesCaughtUp: boolean;
  /** A voter knows the proposals that were decided, and does not vote on one again. */
  readonly knowsDecided: boolean;
  /** A voter applies decisions in the order of their places. */
  readonly appliesInOrder: boolean;
  /** A voter applies a decision once, however often it is told. */
  readonly appliesOnce: boolean;
  /** A voter that lost its memory hears of the decisions before it votes again. */
  readonly hearsOfDecisions: boolean;
  /** A vote on a proposal counts only for the place and ballot that were asked about. */
  readonly pollsAfresh: boolean;
  /** A proposer whose voters all lack decisions that it knows of tells them once more. */
  readonly tellsAgain: boolean;
  /** A vote on a proposal counts only while its voter's incarnation lives. */
  readonly countsLiveVotes: boolean;
  /** A vote on a proposal counts only in the configuration in which it was asked for. */
  readonly pollsMembers: boolean;
  /** What is decided stands in the register of its place before anybody is told. */
  readonly recordsDecisions: boolean;
  /** A replica notes what it stores for those who watch. */
  readonly notesStored: boolean;
  /** A watch reads a key until it finds what a replica has told of, or that replica has died. */
  readonly readsWhatWasTold: boolean;
  /** A watch lists the keys of a replica that restarts, or has forgotten what it stored. */
  readonly listsAfterGaps: boolean;
  /** A watch takes a list for all that there was only once another replica has told of what was erased before it. */
  readonly doubtsLists: boolean;
  /** Answers and votes count only under the configuration under which they were asked for. */
  readonly voidsOldVotes: boolean;
  /** A replica stores and answers nothing that was asked under another configuration than the one it knows of. */
  readonly refusesOldFrames: boolean;
  /** While members change, what decides is a quorum of the old members and one of the new ones. */
  readonly decidesJointly: boolean;
  /** Nothing is erased while members change. */
  readonly erasesWhenStable: boolean;
  /** A replica forgets the keys that it holds no longer. */
  readonly forgetsMovedKeys: boolean;
  /** The new members decide alone only once they hold what the old ones had decided. */
  readonly rescansRegisters: boolean;
  /** Who is compared meets every prepare quorum of the old members too, and every read quorum of the new ones. */
  readonly comparesPromised: boolean;
  /** What was proposed before both memberships decided is stored by nobody who does not hold it by then. */
  readonly barsOldBallots: boolean;
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
  keepsEntries: true,
  finishesOnStable: true,
  countsOthersAlone: true,
  remembersPromises: true,
  promisesUpwards: true,
  promisesRepeats: true,
  grantsRepeats: true,
  adoptsNewest: true,
  countsAnswererOnce: true,
  noticesGaps: true,
  awaitsLastChunk: true,
  scansEachIncarnation: true,
  adoptsTombstones: true,
  reportsTombstones: true,
  keepsNewest: true,
  forgetsPredecessors: true,
  checksGenerations: true,
  asksAfresh: true,
  countsOnlyGrants: true,
  countsOnlyPromises: true,
  waitsForReads: true,
  writesBackInPlace: true,
  leavesVainWriteBacks: true,
  finishesReads: true,
  keepsRoots: true,
  proposesOnce: true,
  takesFreshBallots: true,
  spreadsTags: true,
  carriesTags: true,
  heedsLevels: true,
  admitsUnknown: true,
  admitsCancelled: true,
  asksAllForMemory: true,
  asksAgain: true,
  sparesHeldValues: true,
  forgetsLostState: true,
  looksForItself: true,
  heedsFloors: true,
  keepsUndecided: true,
  notesForgotten: true,
  recoversLineages: true,
  promisesNextAgain: true,
  keepsOnlyStable: true,
  remembersResults: true,
  confirmsLatecomers: true,
  leavesRounds: true,
  countsPromises: true,
  readsAsNewAsSession: true,
  notesOwnWrites: true,
  versionsAbsence: true,
  settlesBeforeChanges: true,
  pinsUndecided: true,
  doubtsMerged: true,
  keepsFloors: true,
  agesCached: true,
  agesFromBegin: true,
  countsCached: true,
  fencesCached: true,
  dropsOwnWrites: true,
  voidsOvertaken: true,
  heedsConflicts: true,
  expiresCached: true,
  cachesOneState: true,
  cachesAsNewAsSession: true,
  refusesErased: true,
  heedsErased: true,
  deletesExpired: true,
  erasesConfirmed: true,
  erasesExactly: true,
  recoversErased: true,
  coversUnreported: true,
  asksAllForErased: true,
  heedsLosses: true,
  keepsSeen: true,
  repairsAll: true,
  repairsNewest: true,
  repairsTombstones: true,
  repairsHeedAll: true,
  digestsTombstones: true,
  keepsOmissions: true,
  listsDeleted: true,
  leavesOutDecided: true,
  listsAtQuorum: true,
  endsAtCuts: true,
  placesApart: true,
  asksHomes: true,
  hearsAllGroups: true,
  namesActorsAnew: true,
  finishesHints: true,
  heedsSystems: true,
  judgesCaughtUp: true,
  knowsDecided: true,
  appliesInOrder: true,
  appliesOnce: true,
  hearsOfDecisions: true,
  pollsAfresh: true,
  tellsAgain: true,
  countsLiveVotes: true,
  pollsMembers: true,
  recordsDecisions: true,
  notesStored: true,
  readsWhatWasTold: true,
  listsAfterGaps: true,
  doubtsLists: true,
  voidsOldVotes: true,
  refusesOldFrames: true,
  decidesJointly: true,
  erasesWhenStable: true,
  forgetsMovedKeys: true,
  rescansRegisters: true,
  comparesPromised: true,
  barsOldBallots: true,
});
