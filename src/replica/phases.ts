// From question to question: what a coordinator makes of the answers to an operation, and what it asks next. Slots,
// frames and callers are the coordinator's; here is the protocol.
import { unreachable } from '../base/assert.ts';
import { popcount } from '../base/bits.ts';
import { unitOf } from '../base/random.ts';
import type { Random } from '../base/random.ts';
import { compareBallots, copyBallot, isNone, mutableBallot } from '../protocol/ballot.ts';
import type { Ballot } from '../protocol/ballot.ts';
import { judgeChange } from '../protocol/change.ts';
import { mayBeErased } from '../protocol/erased.ts';
import { extendLineage, readVersion } from '../protocol/lineage.ts';
import { judgeRead } from '../protocol/read.ts';
import type { ReadAnswers, ReadNeeds } from '../protocol/read.ts';
import type { Rules } from '../protocol/rules.ts';
import { decideFinish } from '../protocol/write.ts';
import type { Finish } from '../protocol/write.ts';
import { dropVoidAnswers } from './answers.ts';
import { GRANTED, NO_MEMORY, REFUSED, unpackVote } from './environment.ts';
import type { Purpose } from './electorate.ts';
import { judgeInquiry } from './inquiry.ts';
import type { LiveQuorums } from './live-quorums.ts';
import type { CountedTags } from './counted-tags.ts';
import type { Hedging } from './hedging.ts';
import type { Epochs, ErasedFloor, VoteBoard } from './environment.ts';
import { HELD } from './operation.ts';
import type { Candidate, Computed, Operation, Outcome } from './operation.ts';
import {
  REPAIR_TRIES_MAX,
  judgeRepairRead,
  judgeRepairVotes,
  lacksTrust,
  misleadRepair,
  mustOverwrite,
} from './repair-read.ts';
import type { RepairFields } from './repair-aim.ts';
import type { ReplicaWatch } from './replica-watch.ts';
import { NO_VALUE } from './wire.ts';

/** What the phases of an operation need of its coordinator. */
export interface Desk {
  readonly counters: { framesResent: number; hedges: number };
  /** Opens a question in the operation's slot and sends it. */
  ask(operation: Operation, needed: number, asked: number, nowMs: number): void;
  /** Sends the question of its slot to further replicas. */
  send(operation: Operation, replicas: number): void;
  settle(operation: Operation, outcome: Outcome): void;
  /** Whether the operation's configuration is still in force; where it is not, it begins again. */
  heedConfiguration(operation: Operation, nowMs: number): boolean;
}

/** What the phases touch of the world. */
export interface PhaseDoors {
  readonly board: VoteBoard;
  readonly epochs: Epochs;
  readonly tags: CountedTags;
  readonly erased: ErasedFloor;
  readonly random: Random;
  readonly hedging: Hedging;
  /** See `CoordinatorDoors`. */
  begin(operation: Operation): void;
  compute(operation: Operation): Computed;
  readonly owner: number;
  isUndecided(id: Ballot): boolean;
}

/** A silent replica is asked again, and others in its place, after so long; doubled at each further try. */
export const PATIENCE_MS_MIN = 12;
const PATIENCE_MS_MAX = 400;
const BACKOFF_MS_MAX = 40;

/** The protocol of one coordinator. */
export class Phases {
  readonly #desk: Desk;
  readonly #doors: PhaseDoors;
  readonly #watch: ReplicaWatch;
  readonly #quorums: LiveQuorums;
  readonly #rules: Rules;

  constructor(desk: Desk, doors: PhaseDoors, watch: ReplicaWatch, quorums: LiveQuorums, rules: Rules) {
    this.#desk = desk;
    this.#doors = doors;
    this.#watch = watch;
    this.#quorums = quorums;
    this.#rules = rules;
  }

  /** Looks at what has been answered: the question may be decided. */
  evaluate(operation: Operation, nowMs: number): void {
    // Looked at now, after the last vote arrived, as epochs are.
    if (this.#mayHoldVoid(operation) && !this.#desk.heedConfiguration(operation, nowMs)) return;
    switch (operation.phase) {
      case 'accept':
      case 'finish':
      case 'write-back':
        return this.#evaluateAccept(operation, nowMs);
      case 'read':
        return this.#evaluateRead(operation, false, nowMs);
      case 'prepare':
        return this.#evaluatePrepare(operation, nowMs);
      case 'inquire':
        return this.#evaluateInquiry(operation);
      case 'queued':
      case 'back-off':
      case 'pause':
      case 'settled':
        return; // Nothing is asked.
      default:
        return unreachable(operation.phase);
    }
  }

  /**
   * Another configuration is in force: what was asked, answered and promised under the one before counts for nothing.
   * It asks anew, of whoever decides now, and under another ballot.
   */
  beginAgain(operation: Operation, nowMs: number): void {
    operation.isFast = false;
    switch (operation.phase) {
      case 'queued':
      case 'settled':
      case 'back-off':
      case 'pause':
        return; // Nothing is asked.
      case 'inquire':
        return this.#desk.settle(operation, 'unavailable'); // Who asks may ask something else now.
      case 'accept':
      case 'finish':
      case 'write-back':
      case 'read':
      case 'prepare':
        if (operation.repairing !== undefined) return this.#desk.settle(operation, 'unavailable');
        return operation.kind === 'change' ? this.#prepare(operation, nowMs) : this.readAgain(operation, nowMs);
      default:
        return unreachable(operation.phase);
    }
  }

  /** Whether `votes`, of which there are `count`, are at least so many on each side, and a quorum where that is one. */
  #suffices(operation: Operation, purpose: Purpose, votes: number, atLeast: number, count = popcount(votes)): boolean {
    const { electorate } = this.#quorums;
    return electorate.isPlain ? count >= atLeast : electorate.isMet(purpose, votes, operation.hash, atLeast);
  }

  #evaluateAccept(operation: Operation, nowMs: number): void {
    const { board } = this.#doors;
    const granted = this.#validVoters(operation, board.votersOf(operation.slot, GRANTED));
    const repair = operation.repairing;
    if (repair !== undefined) return this.#evaluateRepairVotes(operation, repair, granted, nowMs);
    const counted = this.#rules.countsOnlyGrants ? granted : granted | board.votersOf(operation.slot, REFUSED);
    const needed = this.#acceptsNeeded(operation);
    if (this.#suffices(operation, 'write', counted, needed)) {
      if (operation.kind === 'change') return this.#concludeChange(operation, granted);
      return operation.kind === 'put' ? this.#desk.settle(operation, 'ok') : this.#settleRead(operation, nowMs);
    }
    const outOfMemory = board.votersOf(operation.slot, NO_MEMORY);
    const refused = board.votersOf(operation.slot, REFUSED) | outOfMemory;
    if (this.#suffices(operation, 'write', operation.homes & ~refused, needed)) return; // Still pending.
    if (!this.#suffices(operation, 'write', operation.homes & ~outOfMemory, needed)) {
      const hasAnyStored = operation.phase !== 'accept' || board.votersOf(operation.slot, GRANTED) !== 0;
      if (hasAnyStored) return this.#desk.settle(operation, operation.kind === 'get' ? 'unavailable' : 'unknown');
      const awaited = this.#rules.asksAllForMemory ? this.#watch.awaited(operation.asked) : 0;
      if ((refused & awaited) === awaited) this.#desk.settle(operation, 'memory');
      return; // Until all have answered, one may still have stored it.
    }
    if (operation.kind === 'change') return this.#changeAgain(operation, nowMs);
    this.readAgain(operation, nowMs);
  }

  /**
   * Acknowledgements that the phase under way needs. What others read too is made stable, whatever the write's level.
   */
  #acceptsNeeded({ kind, phase, writeNeeded }: Operation): number {
    const { write } = this.#quorums;
    if (kind === 'get' || !this.#rules.heedsLevels) return write;
    return phase === 'write-back' || kind === 'change' ? Math.max(write, writeNeeded) : writeNeeded;
  }

  /** Whether any replica has restarted since the question was opened: only then can votes or answers to it be void. */
  #mayHoldVoid({ slot }: Operation): boolean {
    const { board, epochs } = this.#doors;
    return this.#rules.checksEpochs && epochs.restarts() !== board.restartsAtOpen(slot);
  }

  /**
   * Those of `voters`, who granted, whose epoch is still that of their replica: looked at now, after the last vote
   * arrived.
   */
  #validVoters(operation: Operation, voters: number): number {
    const { epochs, board } = this.#doors;
    if (!this.#mayHoldVoid(operation)) return voters;
    let valid = 0;
    for (let replica = 0; voters >>> replica !== 0; replica++) {
      const bit = 1 << replica;
      if ((voters & bit) === 0) continue;
      const { vote, epoch } = unpackVote(board.voteOf(operation.slot, replica));
      if (vote === GRANTED && epoch === epochs.epochOf(replica)) valid |= bit;
    }
    return valid;
  }

  #evaluateRead(operation: Operation, isOverdue: boolean, nowMs: number): void {
    if (this.#mayHoldVoid(operation)) dropVoidAnswers(operation, this.#doors.epochs);
    const repair = operation.repairing;
    if (repair !== undefined) return this.#evaluateRepairRead(operation, repair, nowMs);
    const { newest, second, answered } = operation;
    const agree = this.#rules.readsStable ? operation.agreeNeeded : 0;
    const needs = { read: this.#rules.waitsForReads ? operation.readNeeded : 1, agree };
    const awaited = this.#watch.awaited(operation.asked);
    const isComplete = isOverdue || (answered & awaited) === awaited;
    const counted = this.#answersTo(operation, answered, operation.answers, newest, needs);
    const verdict = judgeRead(counted, needs, isComplete);
    if (verdict === 'return') {
      this.#doors.hedging.decided(operation, nowMs);
      return this.#conclude(operation, newest, nowMs);
    }
    // The answers without those that hold the newest entry are a read of their own: under a stream of writes to one
    // key it is often the one that is stable.
    const others = this.#rules.countsOthersAlone ? answered & ~newest.holders : answered;
    const withoutNewest = this.#answersTo(operation, others, popcount(others), second, needs);
    const isOthersRead = agree > 0 && !isNone(second.ballot) && !isTooOld(second, operation.notBefore);
    if (isOthersRead && judgeRead(withoutNewest, needs, false) === 'return') {
      return this.#conclude(operation, second, nowMs);
    }
    if (verdict === 'wait') return;
    if (operation.asked === operation.homes) return this.#stabilise(operation, nowMs);
    this.#askOthers(operation); // It costs no write.
  }

  /**
   * The answers to a read, and who voted for an entry: as many as are needed, or none, where counting will not do.
   */
  #answersTo(
    operation: Operation,
    answered: number,
    count: number,
    { ballot, agreeing }: Candidate,
    needs: ReadNeeds,
  ): ReadAnswers {
    const voters = isNone(ballot) ? answered : agreeing;
    if (this.#quorums.electorate.isPlain) {
      return { answered: count, agreeing: isNone(ballot) ? count : popcount(agreeing) };
    }
    return {
      answered: this.#suffices(operation, 'read', answered, needs.read) ? needs.read : 0,
      agreeing: this.#suffices(operation, 'agreeing', voters, needs.agree) ? needs.agree : 0,
    };
  }

  #evaluateRepairRead(operation: Operation, repair: RepairFields, nowMs: number): void {
    const verdict = judgeRepairRead(operation, repair, this.#watch.up(repair.targets));
    if (verdict === 'wait') return;
    if (lacksTrust(operation, repair)) return this.#desk.settle(operation, 'unavailable');
    if (mustOverwrite(operation, repair)) return this.#prepare(operation, nowMs);
    if (verdict === 'done') return this.#settleRead(operation, nowMs);
    misleadRepair(operation, this.#rules);
    this.#stabilise(operation, nowMs);
  }

  #evaluateRepairVotes(operation: Operation, { targets }: RepairFields, granted: number, nowMs: number): void {
    const { board } = this.#doors;
    dropVoidAnswers(operation, this.#doors.epochs); // A holder that has restarted since may hold it no longer.
    const outOfMemory = board.votersOf(operation.slot, NO_MEMORY);
    const refused = board.votersOf(operation.slot, REFUSED);
    const up = this.#rules.repairsAll ? this.#watch.up(targets) : granted;
    const verdict = judgeRepairVotes(operation, { up, granted, refused: refused | outOfMemory });
    if (verdict === 'wait') return;
    if (verdict === 'done') return this.#settleRead(operation, nowMs);
    const isHopeless = outOfMemory !== 0 || operation.attempts >= REPAIR_TRIES_MAX;
    if (isHopeless) return this.#desk.settle(operation, 'unavailable');
    this.readAgain(operation, nowMs);
  }

  /** Whether a repair that prepares has been told by everybody who is up what they hold. */
  #hasHeardAll({ answered, repairing }: Operation): boolean {
    if (repairing === undefined || !this.#rules.repairsHeedAll) return true;
    const up = this.#watch.up(repairing.targets);
    return (answered & up) === up;
  }

  #askOthers(operation: Operation): void {
    operation.isFast = false;
    this.#widen(operation);
  }

  #widen(operation: Operation): void {
    const { homes } = operation;
    this.#doors.board.ask(operation.slot, homes);
    const rest = homes & ~operation.asked;
    operation.asked = homes;
    this.#desk.send(operation, rest);
  }

  /** A read waits for longer than most: asks everybody else too, where the budget allows it. */
  hedge(operation: Operation, nowMs: number): void {
    if (!this.#rules.asksAgain) return; // It is the same rule: where somebody is silent, others are asked.
    const { hedging } = this.#doors;
    const late = operation.asked & ~operation.answered;
    this.#watch.health.noteLate(late, hedging.delayMs, nowMs);
    if (late === 0 || !hedging.spend(popcount(operation.homes & ~operation.asked))) return; // `retry` asks them later.
    operation.late = late;
    operation.hedgedAtMs = nowMs;
    this.#desk.counters.hedges++;
    this.#widen(operation);
  }

  /** An entry is stable: a read returns it; a write has happened if the entry is its own or a later one. */
  #conclude(operation: Operation, stable: Candidate, nowMs: number): void {
    if (operation.kind === 'put') {
      const finish = this.#decideFinish(operation, stable.root);
      if (finish === 'propose') return this.#prepare(operation, nowMs);
      if (finish === 'lost') return this.#desk.settle(operation, 'lost');
      // Its version is the root under which readers see it: that of a later proposal of its own, where that landed.
      operation.adopts = compareBallots(stable.root, operation.proposed) !== 0;
      if (!operation.adopts) copyBallot(operation.root, stable.root);
      return this.#desk.settle(operation, 'ok');
    }
    if (stable !== operation.newest) {
      operation.second = operation.newest;
      operation.newest = stable;
    }
    this.#settleRead(operation, nowMs);
  }

  /** What becomes of a blind write; looks at what may have been erased, so after the last answer. */
  #decideFinish({ first, ballot }: Operation, newestRoot: Ballot): Finish {
    this.#doors.erased.read(scratch);
    return decideFinish({ first, latest: ballot, erased: scratch }, newestRoot, this.#rules);
  }

  #settleRead(operation: Operation, nowMs: number): void {
    if (isTooOld(operation.newest, operation.notBefore)) {
      if (!this.#isErased(operation)) return this.#lookFurther(operation, nowMs);
      // Nothing has no version. The deletion is as new as what was seen; the floor may be newer than what comes next.
      copyBallot(operation.newest.root, this.#rules.keepsSeen ? operation.notBefore : scratch);
    }
    this.#desk.settle(operation, operation.newest.valueBytes === NO_VALUE ? 'absent' : 'ok');
  }

  /** Whether a read that found nothing may take what its session has seen for deleted; `scratch` is the floor then. */
  #isErased({ notBefore, newest, answered, heldSince, homes }: Operation): boolean {
    const { erased, epochs } = this.#doors;
    erased.read(scratch);
    if (!mayBeErased(notBefore, newest.ballot, scratch)) return false;
    // Or have had it, before it lost its memory.
    if (heldSince !== HELD && heldSince !== epochs.restarts() && this.#rules.heedsLosses) return false;
    // One replica alone may have what a session has written below the quorum.
    return answered === homes || !this.#rules.asksAllForErased;
  }

  /** A read has found only what is older than what its session has seen: others may have that. */
  #lookFurther(operation: Operation, nowMs: number): void {
    operation.isFast = false;
    if (operation.phase === 'read') {
      if (operation.asked !== operation.homes) this.#askOthers(operation);
      return; // Whoever has not answered yet may have it.
    }
    operation.phase = 'pause';
    operation.retryAtMs = nowMs + operation.patienceMs;
  }

  /** What nobody had that has answered may be on its way, or lost; less and less often, until the deadline. */
  #lookAgain(operation: Operation, nowMs: number): void {
    operation.patienceMs = Math.min(2 * operation.patienceMs, PATIENCE_MS_MAX);
    this.readAgain(operation, nowMs);
  }

  #haveAllAnswered({ answered, asked, homes }: Operation): boolean {
    const awaited = this.#watch.awaited(asked);
    return answered !== 0 && asked === homes && (answered & awaited) === awaited;
  }

  /**
   * Writes the newest entry back at its own ballot. Where promises refuse that, an identity read-modify-write follows;
   * where newer entries do, reading again: a stream of blind writes overtakes two round trips for ever, but not one.
   */
  #stabilise(operation: Operation, nowMs: number): void {
    const { newest } = operation;
    operation.isFast = false;
    const isInVain = this.#rules.leavesVainWriteBacks && compareBallots(newest.ballot, operation.wroteBack) === 0;
    const isOlder = operation.kind === 'put' && this.#decideFinish(operation, newest.root) !== 'adopt';
    if (isInVain || isOlder || isNone(newest.ballot)) return this.#prepare(operation, nowMs);
    operation.phase = 'write-back';
    operation.adopts = true;
    copyBallot(operation.wroteBack, newest.ballot);
    copyBallot(operation.ballot, newest.ballot);
    if (!this.#rules.writesBackInPlace) this.#doors.tags.take(1, operation.ballot);
    copyBallot(operation.root, newest.root);
    this.#desk.ask(operation, this.#acceptsNeeded(operation), operation.homes, nowMs);
  }

  /** Reads again from everybody, to see what a refused accept has met. */
  readAgain(operation: Operation, nowMs: number): void {
    operation.isFast = false;
    operation.attempts++;
    operation.phase = 'read';
    operation.clearAnswers();
    if (operation.kind === 'put') {
      // A level above W asks that many replicas to hold the entry, whichever way that is found out.
      operation.readNeeded = Math.max(this.#quorums.read, operation.writeNeeded);
      operation.agreeNeeded = this.#rules.finishesOnStable
        ? Math.max(this.#quorums.agreeing, operation.writeNeeded)
        : 0;
    }
    this.#desk.ask(operation, Math.max(operation.readNeeded, operation.agreeNeeded), operation.homes, nowMs);
  }

  #prepare(operation: Operation, nowMs: number): void {
    operation.isFast = false;
    operation.attempts++;
    if (operation.kind === 'change') {
      operation.change!.isPromised = false;
      this.#doors.begin(operation);
    }
    if (this.#rules.takesFreshBallots || !hasPrepared(operation)) this.#doors.tags.take(1, operation.ballot);
    operation.phase = 'prepare';
    if (this.#rules.asksAfresh) operation.clearAnswers();
    this.#desk.ask(operation, this.#quorums.prepare, operation.homes, nowMs);
  }

  #evaluatePrepare(operation: Operation, nowMs: number): void {
    if (this.#mayHoldVoid(operation)) dropVoidAnswers(operation, this.#doors.epochs);
    const { board } = this.#doors;
    const empty = this.#rules.countsOnlyPromises ? 0 : popcount(board.votersOf(operation.slot, REFUSED));
    const promises = operation.answers + empty;
    const isPromised = this.#suffices(operation, 'prepare', operation.answered, this.#quorums.prepare, promises);
    const hasHeardAll = this.#hasHeardAll(operation);
    if (isPromised && hasHeardAll) return this.#finish(operation, nowMs);
    const refused = board.votersOf(operation.slot, REFUSED) | board.votersOf(operation.slot, NO_MEMORY);
    const isRefused = !hasHeardAll && refused !== 0; // It waits for all: one that has promised more is in the way.
    const isPossible = this.#suffices(operation, 'prepare', operation.homes & ~refused, this.#quorums.prepare);
    if (!isRefused && isPossible) return;
    this.#backOff(operation, nowMs);
  }

  /** Somebody prepares the same key. Tags only grow, so one of us wins; backing off lets it. */
  #backOff(operation: Operation, nowMs: number): void {
    operation.phase = 'back-off';
    const backOffMs = Math.min(2 ** operation.attempts, BACKOFF_MS_MAX) * unitOf(this.#doors.random);
    operation.retryAtMs = nowMs + backOffMs;
  }

  #finish(operation: Operation, nowMs: number): void {
    if (operation.kind === 'change') return this.#apply(operation, nowMs);
    operation.phase = 'finish';
    const repair = operation.repairing;
    if (repair !== undefined) {
      if (lacksTrust(operation, repair)) return this.#desk.settle(operation, 'unavailable');
      misleadRepair(operation, this.#rules);
    }
    const finish = operation.kind === 'get' ? 'adopt' : this.#decideFinish(operation, operation.newest.root);
    if (finish === 'lost') return this.#desk.settle(operation, 'lost');
    operation.adopts = finish === 'adopt';
    // A ballot is never used for two values: the value proposed at it is chosen here, once.
    const keepsRoot = operation.adopts && this.#rules.keepsRoots;
    copyBallot(operation.root, keepsRoot ? operation.newest.root : operation.ballot);
    if (!operation.adopts) copyBallot(operation.proposed, operation.ballot);
    if (operation.adopts && isNone(operation.newest.ballot)) return this.#settleRead(operation, nowMs);
    if (operation.kind === 'get' && !this.#rules.finishesReads) return this.#settleRead(operation, nowMs);
    this.#desk.ask(operation, this.#acceptsNeeded(operation), operation.homes, nowMs);
  }

  // --- changes

  /**
   * Begins a change. `tag` is fresh: its id, and the ballot that it prepares, unless it was promised one already.
   */
  change(operation: Operation, tag: Ballot, nowMs: number): void {
    const change = operation.change!;
    if (!isNone(operation.first)) return this.#prepare(operation, nowMs); // It is tried again, and keeps its id.
    copyBallot(operation.first, tag);
    if (change.isPromised) return this.#apply(operation, nowMs);
    operation.isFast = false;
    copyBallot(operation.ballot, tag);
    this.#doors.begin(operation);
    operation.phase = 'prepare';
    this.#desk.ask(operation, this.#quorums.prepare, operation.homes, nowMs);
  }

  /** The newest entry is known, and nothing older can overtake it: proposes what the change makes of it. */
  #apply(operation: Operation, nowMs: number): void {
    const change = operation.change!;
    const { newest, first, ballot } = operation;
    this.#doors.erased.read(scratch);
    const state = judgeChange({ id: first, floor: change.floor, erased: scratch }, newest, change.applied, this.#rules);
    if (state === 'lost') return this.#desk.settle(operation, 'lost');
    change.hasLanded = state === 'landed';
    const computed = change.hasLanded ? 'confirm' : this.#doors.compute(operation);
    operation.adopts = computed !== 'propose';
    if (operation.adopts) {
      const isConfirmed = computed === 'keep' || !this.#rules.confirmsLatecomers;
      if (isConfirmed && this.#isSettled(operation)) return this.#concludeChange(operation, 0);
      copyBallot(operation.root, newest.root);
    } else {
      // A ballot is never used for two values: the value proposed at it is computed here, once.
      copyBallot(operation.root, this.#rules.keepsRoots ? newest.root : ballot);
      const { owner } = this.#doors;
      const isUndecided = (id: Ballot): boolean => this.#doors.isUndecided(id);
      extendLineage(newest.lineage, { id: first, ballot, owner, isUndecided }, change.lineage, this.#rules);
      copyBallot(change.applied, ballot);
      if (isNone(change.floor)) copyBallot(change.floor, ballot);
    }
    if (this.#quorums.cachesPromises) {
      change.tagsOfOthers = this.#doors.tags.ofOthers; // First: a tag that is taken in between does no harm.
      this.#doors.tags.take(1, change.next);
    }
    operation.phase = 'finish';
    this.#desk.ask(operation, this.#acceptsNeeded(operation), operation.homes, nowMs);
  }

  /**
   * Whether what a change leaves as it is needs no accept round: every later operation sees it, or nothing, and no
   * proposal of an earlier try is left that a later prepare could still find.
   */
  #isSettled(operation: Operation): boolean {
    const { change, newest } = operation;
    if (!isNone(change!.floor)) return false;
    if (!this.#rules.keepsOnlyStable || isNone(newest.ballot)) return true;
    return !change!.isPromised && this.#suffices(operation, 'agreeing', newest.agreeing, this.#quorums.agreeing);
  }

  /** A quorum holds what it decided on. `granted`: who promised its next ballot with that, as a mask. */
  #concludeChange(operation: Operation, granted: number): void {
    const change = operation.change!;
    const isPromised = this.#suffices(operation, 'prepare', granted, this.#quorums.prepare);
    if (!isPromised && this.#rules.countsPromises) change.next.high = change.next.low = 0;
    this.#desk.settle(operation, operation.adopts && !change.hasLanded ? 'kept' : 'ok');
  }

  /** Somebody else has prepared the key, or written it. */
  #changeAgain(operation: Operation, nowMs: number): void {
    if (!operation.change!.isPromised) return this.#backOff(operation, nowMs);
    this.#prepare(operation, nowMs); // Nobody need be in the way now: the promise was of long ago.
  }

  // --- inquiries

  #evaluateInquiry(operation: Operation): void {
    const { board, epochs } = this.#doors;
    if (this.#mayHoldVoid(operation)) dropVoidAnswers(operation, epochs);
    const outcome = judgeInquiry(operation, board, epochs);
    if (outcome !== undefined) this.#desk.settle(operation, outcome);
  }

  // --- silence

  /** Nobody has answered for a while: asks again, and others in their place. */
  retry(operation: Operation, nowMs: number): void {
    if (operation.phase === 'back-off') return this.#prepare(operation, nowMs);
    if (operation.phase === 'pause') return this.#lookAgain(operation, nowMs);
    if (operation.phase === 'inquire') return this.#askAgain(operation, operation.asked, nowMs);
    const { board } = this.#doors;
    // Who refused a ballot refuses it for ever, and who is silent may be down: only a fresh ballot ends that.
    if (operation.phase !== 'read' && board.votersOf(operation.slot, REFUSED) !== 0)
      return this.#backOff(operation, nowMs);
    const isQuestion = operation.phase === 'read' || operation.phase === 'prepare';
    const heard = isQuestion
      ? operation.answered
      : this.#validVoters(operation, board.votersOf(operation.slot, GRANTED)) | board.votersOf(operation.slot, REFUSED);
    if (operation.phase === 'read') {
      this.#watch.health.suspect(operation.asked & ~heard);
      const { generation } = operation;
      this.#evaluateRead(operation, true, nowMs);
      if (operation.phase !== 'read' || operation.generation !== generation) return;
      if (!isNone(operation.notBefore) && this.#haveAllAnswered(operation)) return this.#lookAgain(operation, nowMs);
      board.ask(operation.slot, operation.homes);
      operation.asked = operation.homes;
    }
    this.#askAgain(operation, operation.homes & ~heard, nowMs);
  }

  #askAgain(operation: Operation, replicas: number, nowMs: number): void {
    operation.patienceMs = Math.min(2 * operation.patienceMs, PATIENCE_MS_MAX);
    operation.retryAtMs = nowMs + operation.patienceMs;
    const silent = this.#rules.asksAgain ? replicas : 0;
    this.#desk.counters.framesResent += popcount(silent);
    this.#desk.send(operation, silent);
  }
}

/** Whether the session of a read has seen something newer than an entry. */
function isTooOld({ lineage, root }: Candidate, notBefore: Ballot): boolean {
  if (isNone(notBefore)) return false;
  readVersion(lineage, root, version);
  return compareBallots(version, notBefore) < 0;
}

const version = mutableBallot();
const scratch = mutableBallot();

/** Whether it backs off from a prepare of its own: its ballot is not the tag that it began with. */
function hasPrepared({ phase, ballot, first }: Operation): boolean {
  return phase === 'back-off' && compareBallots(ballot, first) !== 0;
}
