// The proposals of one client, without clock, chance or await. A proposal asks every voter about the next free place of
// its topic, and once the votes decide it, writes the decision into the register of that place, if that is empty. The
// register is the only point of commitment: whatever votes a proposer has in its hands, another decision may have come
// first; then every voter judges again, on the state after that one. See docs/BALLOTS.md.
//
// Voters are the members of the configuration in force when a round begins. Where that has moved by the time a vote is
// counted, all votes are void, and whoever is a member now is asked, by the rule as it is among those.
import { unreachable } from '../base/assert.ts';
import { DECISIONS_KEPT, PROPOSALS_MAX } from '../base/limits.ts';
import { QuorateError } from '../base/errors.ts';
import { unitOf } from '../base/random.ts';
import type { Random } from '../base/random.ts';
import { compareBallots, versionOf } from '../protocol/ballot.ts';
import type { MutableBallot } from '../protocol/ballot.ts';
import { NO_POLL, judgePoll, withStance, withoutVoters } from '../protocol/poll.ts';
import type { Rules } from '../protocol/rules.ts';
import { votersIn } from '../quorum/quorum-system.ts';
import type { Decision, ProposeResult } from '../store/topic.ts';
import type { OperationOptions, WriteOptions } from '../store/store.ts';
import type { Bucket } from './bucket.ts';
import type { Epochs } from './environment.ts';
import { inquiryAnswer } from './inquiry.ts';
import type { Inquiry } from './inquiry.ts';
import { positionOf } from './electorate.ts';
import type { LiveQuorums } from './live-quorums.ts';
import type { Operation } from './operation.ts';
import { FORGOTTEN, decisionIn, recordOf, toldOf } from './proposal.ts';
import type { Proposal } from './proposal.ts';
import { Failure, goneError, heldValue } from './results.ts';
import type { PendingChange } from './round.ts';
import { bucketOfTopic, placeKey } from './topic-rules.ts';
import type { TopicRule } from './topic-rules.ts';
import { JUDGE, TELL, addressTo, questionWords, readAnswer } from './topic-wire.ts';
import type { HeardAnswer } from './topic-wire.ts';

/** The core of the client, as its proposals see it; see `ClientCore`. */
export interface ProposerCore {
  takeTag(tag: MutableBallot): void;
  inquire(inquiry: Inquiry, options: OperationOptions | undefined): Operation;
  get(key: string, options: OperationOptions | undefined, bucket: Bucket): Operation;
  put(key: string, value: unknown, options: WriteOptions | undefined, bucket: Bucket): Operation | PendingChange;
  compareAndSet(
    key: string,
    expected: undefined,
    next: unknown,
    options: OperationOptions | undefined,
    bucket: Bucket,
  ): PendingChange;
  submit(made: Operation | PendingChange): void;
  cancel(made: Operation | PendingChange, reason: unknown): void;
}

/** What proposals need of their client. */
export interface ProposerDoors {
  readonly core: ProposerCore;
  /** All members vote, whichever keys they hold; a write quorum has applied a decision before its proposer is told. */
  readonly quorums: LiveQuorums;
  readonly epochs: Epochs;
  readonly random: Random;
  readonly rules: Rules;
  /** The client's number. */
  readonly owner: number;
  /** The proposal has ended: `proposal.result` says how. */
  settle(proposal: Proposal): void;
}

/** Share of its time in which a proposal asks voters: the rest is for writing the decision. */
const POLL_SHARE = 0.75;
const BACKOFF_MS_MAX = 40;
/** A voter that dies so often of one proposal is not asked about it again: its rules may loop for ever. */
const DEATHS_MAX = 2;
/** How long a decision is told to voters that do not answer; they hear it from others. */
const TELL_MS_MAX = 1000;

/** The proposals of one client. */
export class Proposer {
  readonly #doors: ProposerDoors;
  readonly #open = new Set<Proposal>();
  /** The place after the last decision that this client knows of, by topic. */
  readonly #places = new Map<string, number>();
  #nowMs = 0;

  constructor(doors: ProposerDoors) {
    this.#doors = doors;
  }

  /** Proposals that are under way. */
  get open(): number {
    return this.#open.size;
  }

  /** Whether another one may be begun. */
  get hasRoom(): boolean {
    return this.#open.size < PROPOSALS_MAX;
  }

  /** Begins a proposal. */
  submit(proposal: Proposal): void {
    this.#open.add(proposal);
    proposal.place = this.#places.get(proposal.request.topic) ?? 1;
    this.#poll(proposal);
  }

  /** Deadlines, and asking again. */
  tick(nowMs: number): void {
    this.#nowMs = nowMs;
    for (const proposal of this.#open) {
      if (proposal.deadlineMs === Number.POSITIVE_INFINITY) proposal.deadlineMs = nowMs + proposal.request.timeoutMs;
      if (nowMs >= proposal.deadlineMs) this.#expire(proposal);
      else if (proposal.phase === 'back-off' && nowMs >= proposal.retryAtMs) this.#poll(proposal);
    }
  }

  /** The caller gives up waiting. */
  cancel(proposal: Proposal, reason: unknown): void {
    const { decision } = proposal;
    if (decision !== undefined) return this.#settleDecided(proposal, decision);
    this.#end(proposal, proposal.mayStand ? { outcome: 'unknown', id: proposal.id } : new Failure(reason));
  }

  /** Settles everything: what may stand as unknown, the rest as `outcome`; forgets what it knew of a lost state. */
  abandon(outcome: 'closed' | 'state-lost'): void {
    this.#places.clear();
    for (const proposal of this.#open) this.cancel(proposal, goneError(outcome));
  }

  // --- voting

  /** A round: asks every voter about the place, under a fresh ballot. */
  #poll(proposal: Proposal): void {
    const { core, rules, owner, quorums, epochs } = this.#doors;
    const { topic, payload, id, timeoutMs, retries } = proposal.request;
    core.takeTag(proposal.ballot);
    if (proposal.id === '') proposal.id = id ?? versionOf(proposal.ballot);
    proposal.phase = 'polling';
    const round = ++proposal.rounds;
    const { electorate } = quorums;
    if (rules.pollsAfresh || !this.#isOfNow(proposal)) {
      proposal.poll = NO_POLL;
      proposal.heard = [];
    }
    proposal.isSilent = false;
    proposal.behindAt = -1;
    proposal.configuration = electorate.number;
    const rule = this.#ruleAmong(proposal, electorate.voters);
    if (rule === undefined) return;
    const words = questionWords(proposal, { id: proposal.id, payload, proposer: owner });
    const roundMs = Math.max(1, Math.floor((POLL_SHARE * timeoutMs) / (retries + 1)));
    for (const replica of votersIn(rule.members)) {
      if (proposal.result !== undefined) break;
      if ((proposal.deaths[replica] ?? 0) >= DEATHS_MAX) {
        proposal.isSilent = true;
        continue;
      }
      addressTo(words, epochs.epochOf(replica));
      const inquiry = { replica, subject: JUDGE, text: topic, words };
      this.#ask(proposal, inquiry, Math.min(roundMs, this.#leftMs(proposal)), (operation) => {
        if (proposal.phase === 'polling' && proposal.rounds === round) this.#voted(proposal, replica, operation);
      });
    }
    if (proposal.phase === 'polling' && !isAsking(proposal)) this.#evaluate(proposal);
  }

  /** Its rule among these members; ends the proposal where that does not fit them any more: nothing of it stands. */
  #ruleAmong(proposal: Proposal, members: number): TopicRule | undefined {
    if (proposal.rule?.members === members) return proposal.rule;
    try {
      proposal.rule = proposal.request.ruleAmong(members);
      return proposal.rule;
    } catch (error) {
      this.#end(proposal, new Failure(error));
      return undefined;
    }
  }

  /** Whether the configuration of its round is still in force. */
  #isOfNow({ configuration }: Proposal): boolean {
    return configuration === this.#doors.quorums.electorate.number || !this.#doors.rules.pollsMembers;
  }

  #ask(proposal: Proposal, inquiry: Inquiry, timeoutMs: number, answered: (operation: Operation) => void): void {
    const { core } = this.#doors;
    try {
      const operation = core.inquire(inquiry, { timeoutMs });
      operation.context = answered;
      proposal.asked[inquiry.replica] = operation;
      core.submit(operation);
    } catch (error) {
      if (proposal.decision === undefined) this.#end(proposal, new Failure(error));
    }
  }

  /** A voter has answered, or has not in time. */
  #voted(proposal: Proposal, voter: number, operation: Operation): void {
    proposal.asked[voter] = undefined;
    if (!this.#isOfNow(proposal)) return this.#poll(this.#withdrawn(proposal)); // Looked at after the last vote.
    if (operation.outcome === 'ok') this.#note(proposal, voter, readAnswer(inquiryAnswer(operation)));
    else proposal.isSilent = true;
    if (proposal.phase === 'polling') this.#evaluate(proposal);
  }

  #note(proposal: Proposal, voter: number, { stance, place, reason, epoch, ballot }: HeardAnswer): void {
    const { rules } = this.#doors;
    if (rules.pollsAfresh && compareBallots(ballot, proposal.ballot) !== 0) return;
    switch (stance) {
      case 'yes':
      case 'no':
      case 'abstain':
        proposal.poll = withStance(proposal.poll, positionOf(proposal.rule!.members, voter), stance);
        proposal.heard[voter] ??= { voter, epoch, vote: stance, reason };
        return;
      case 'decided':
        return this.#lookUp(proposal, place);
      case 'ahead':
        proposal.place = place + 1;
        return this.#poll(this.#withdrawn(proposal));
      case 'behind': // It asks the others, and is asked again.
        proposal.behindAt = Math.max(proposal.behindAt, place);
        return;
      case 'successor':
        proposal.deaths[voter] = (proposal.deaths[voter] ?? 0) + 1;
        proposal.isSilent = true;
        return;
      case 'unknown-topic':
      case 'applied':
        proposal.isSilent = true;
        return;
      default:
        return unreachable(stance);
    }
  }

  #evaluate(proposal: Proposal): void {
    if (this.#doors.rules.countsLiveVotes) this.#dropDead(proposal);
    const { retries } = proposal.request;
    const outcome = judgePoll(proposal.rule!, proposal.poll);
    if (outcome === 'won') return this.#record(proposal, 'commit', 'agreed');
    if (outcome === 'lost') return this.#record(proposal, 'abort', this.#whyLost(proposal));
    if (isAsking(proposal)) return;
    this.#stepBack(proposal);
    if (!proposal.isSilent || ++proposal.roundsMissed <= retries) return this.#backOff(proposal, proposal.rounds);
    // Who was heard judges this place and knows of no decision of this proposal before it: so an abort may stand here.
    if (proposal.heardCount > 0) return this.#record(proposal, 'abort', 'timeout');
    this.#end(proposal, { outcome: 'unavailable', id: proposal.id, heard: 0 });
  }

  #whyLost({ rule, poll }: Proposal): 'vetoed' | 'refused' {
    return (poll.no & rule!.vetoes) === 0 ? 'refused' : 'vetoed';
  }

  /** Votes die with their voters: looked at after the last vote arrived. Their successors were not asked yet. */
  #dropDead(proposal: Proposal): void {
    const { epochs } = this.#doors;
    for (const vote of proposal.heard) {
      if (vote === undefined || vote.epoch === epochs.epochOf(vote.voter)) continue;
      proposal.poll = withoutVoters(proposal.poll, 1 << positionOf(proposal.rule!.members, vote.voter));
      proposal.heard[vote.voter] = undefined;
    }
  }

  /**
   * Nobody was heard but voters that lack decisions, which this client knows of, and perhaps nobody else: it told them
   * in vain. So it asks about the first of those places: there it finds what stands, and tells it once more.
   */
  #stepBack(proposal: Proposal): void {
    const { behindAt, heardCount } = proposal;
    const isInVain = behindAt >= 0 && heardCount === 0 && this.#doors.rules.tellsAgain;
    if (isInVain) proposal.place = behindAt + 1;
  }

  /** Asks again after a while. */
  #backOff(proposal: Proposal, times: number): void {
    this.#withdrawn(proposal).phase = 'back-off';
    proposal.retryAtMs = this.#nowMs + Math.min(2 ** times, BACKOFF_MS_MAX) * unitOf(this.#doors.random);
  }

  // --- the register

  /** The votes decide it: the decision takes its place, unless another one has. */
  #record(proposal: Proposal, outcome: 'commit' | 'abort', why: Decision['why']): void {
    const { core, owner, rules } = this.#doors;
    const decision = recordOf(proposal, { outcome, why, proposer: owner });
    this.#withdrawn(proposal).phase = 'recording';
    if (!rules.recordsDecisions) return this.#decided(proposal, decision);
    try {
      const options = { timeoutMs: this.#leftMs(proposal) };
      const bucket = bucketOfTopic(proposal.request.topic);
      const change = core.compareAndSet(placeKey(proposal.place), undefined, decision, options, bucket);
      change.context = (ended: PendingChange): void => this.#recorded(proposal, decision, ended);
      proposal.made = change;
      proposal.mayStand = true;
      core.submit(change);
    } catch (error) {
      this.#end(proposal, new Failure(error));
    }
  }

  #recorded(proposal: Proposal, decision: Decision, { result }: PendingChange): void {
    if (proposal.phase !== 'recording') return;
    proposal.made = undefined;
    if (result instanceof Failure) return this.#end(proposal, result);
    switch (result?.outcome) {
      case 'ok':
        return this.#decided(proposal, decision);
      case 'conflict':
        return this.#overtaken(proposal, decisionIn(result.value));
      case 'unavailable':
        return this.#end(proposal, { outcome: 'unavailable', id: proposal.id, heard: proposal.heardCount });
      case 'unknown':
      case undefined:
        return this.#end(proposal, { outcome: 'unknown', id: proposal.id });
      default:
        return unreachable(result);
    }
  }

  /** The place holds a decision: of this proposal, where it was tried before; else every voter judges again. */
  #overtaken(proposal: Proposal, stands: Decision | undefined): void {
    if (stands === undefined) return this.#end(proposal, { outcome: 'unknown', id: proposal.id });
    if (stands.id === proposal.id) return this.#decided(proposal, stands);
    proposal.mayStand = false;
    this.#noteDecided(proposal, stands);
    this.#tell(proposal, stands, () => undefined); // Its proposer may be dead.
    proposal.asked = [];
    proposal.place = stands.place + 1;
    this.#backOff(proposal, ++proposal.losses);
  }

  /** A voter knows of a decision of this proposal. */
  #lookUp(proposal: Proposal, place: number): void {
    const { core } = this.#doors;
    this.#withdrawn(proposal).phase = 'looking';
    proposal.mayStand = true;
    try {
      const options = { timeoutMs: this.#leftMs(proposal) };
      const operation = core.get(placeKey(place), options, bucketOfTopic(proposal.request.topic));
      operation.context = (ended: Operation): void => {
        if (proposal.phase !== 'looking') return;
        const stands = ended.outcome === 'ok' ? decisionIn(heldValue(ended.newest)) : undefined;
        proposal.made = undefined;
        if (stands?.id === proposal.id) this.#decided(proposal, stands);
        else this.#end(proposal, { outcome: 'unknown', id: proposal.id });
      };
      proposal.made = operation;
      core.submit(operation);
    } catch (error) {
      this.#end(proposal, new Failure(error));
    }
  }

  /**
   * Drops a record of long ago, once so many voters have applied what came after it that no recovery misses them all.
   * Its place stays taken, so that no laggard can decide it anew.
   */
  #forgetOld({ request }: Proposal, { place }: Decision): void {
    if (place <= DECISIONS_KEPT) return;
    const { core } = this.#doors;
    try {
      const made = core.put(placeKey(place - DECISIONS_KEPT), FORGOTTEN, undefined, bucketOfTopic(request.topic));
      made.context = (): void => undefined;
      core.submit(made);
    } catch {
      // Overloaded, or closing: it stays a little longer, until nobody drops it; that costs memory only.
    }
  }

  // --- telling

  #decided(proposal: Proposal, decision: Decision): void {
    proposal.phase = 'telling';
    proposal.decision = decision;
    proposal.mayStand = true;
    this.#noteDecided(proposal, decision);
    this.#tell(proposal, decision, (operation, voter) => {
      if (proposal.phase !== 'telling') return;
      proposal.asked[voter] = undefined;
      if (operation.outcome === 'ok') this.#applied(proposal, voter, readAnswer(inquiryAnswer(operation)));
      const isOver = !isAsking(proposal);
      const isKnown = this.#doors.quorums.electorate.isKnownTo(this.#toldOf(proposal));
      if (isKnown) this.#forgetOld(proposal, decision);
      if (isOver || isKnown) this.#settleDecided(proposal, decision);
    });
  }

  #applied(proposal: Proposal, voter: number, { stance, epoch }: HeardAnswer): void {
    if (stance === 'applied') proposal.told.set(voter, epoch);
  }

  /** Voters that have applied it and live, as a mask. */
  #toldOf({ told }: Proposal): number {
    let mask = 0;
    for (const [voter, epoch] of told) if (epoch === this.#doors.epochs.epochOf(voter)) mask |= 1 << voter;
    return mask;
  }

  #tell(proposal: Proposal, decision: Decision, answered: (operation: Operation, voter: number) => void): void {
    const words = questionWords({ place: decision.place, ballot: proposal.ballot }, toldOf(decision));
    const timeoutMs = Math.min(TELL_MS_MAX, this.#leftMs(proposal));
    for (const replica of votersIn(this.#doors.quorums.electorate.all)) {
      const inquiry = { replica, subject: TELL, text: proposal.request.topic, words };
      this.#ask(proposal, inquiry, timeoutMs, (operation) => answered(operation, replica));
    }
    if (!isAsking(proposal) && proposal.phase === 'telling') this.#settleDecided(proposal, decision);
  }

  #noteDecided({ request }: Proposal, { place }: Decision): void {
    this.#places.set(request.topic, Math.max(place + 1, this.#places.get(request.topic) ?? 1));
  }

  // --- ending

  /** Takes back what is asked; answers that come after that change nothing. */
  #withdrawn(proposal: Proposal): Proposal {
    proposal.phase = 'back-off';
    const { asked } = proposal;
    proposal.asked = [];
    for (const operation of asked) if (operation !== undefined) this.#doors.core.cancel(operation, undefined);
    return proposal;
  }

  #expire(proposal: Proposal): void {
    const { phase, id, decision } = proposal;
    if (phase === 'telling') return this.#settleDecided(proposal, decision!);
    if (phase === 'recording' || phase === 'looking') return; // That ends at the same deadline.
    this.#end(proposal, { outcome: 'unavailable', id, heard: proposal.heardCount });
  }

  #settleDecided(proposal: Proposal, decision: Decision): void {
    this.#end(proposal, { outcome: decision.outcome, decision });
  }

  #end(proposal: Proposal, result: ProposeResult | Failure): void {
    if (proposal.result !== undefined) return;
    proposal.result = result;
    this.#open.delete(proposal);
    const { made } = proposal;
    this.#withdrawn(proposal).phase = 'settled';
    if (made !== undefined)
      this.#doors.core.cancel(made, new QuorateError('ERR_QUORATE_ABORTED', 'Nobody waits for it'));
    this.#doors.settle(proposal);
  }

  #leftMs({ deadlineMs, request }: Proposal): number {
    if (deadlineMs === Number.POSITIVE_INFINITY) return request.timeoutMs;
    return Math.max(1, Math.ceil(deadlineMs - this.#nowMs));
  }
}

function isAsking({ asked }: Proposal): boolean {
  return asked.some((operation) => operation !== undefined);
}
