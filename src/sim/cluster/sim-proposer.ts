// The proposers of a simulated cluster: each works through its part of the plan, one proposal after the other, on the
// thread of a client, and notes what it was told.
import { QuorateError } from '../../base/errors.ts';
import type { ClusterLife } from '../../replica/environment.ts';
import type { Proposal } from '../../replica/proposal.ts';
import { Failure } from '../../replica/results.ts';
import type { Agreement, ProposeOptions, ProposeResult } from '../../store/topic.ts';
import type { Engine } from '../engine/engine.ts';
import type { CoordinatorNode } from './coordinator-node.ts';
import type { ProposalPlan } from './plan.ts';
import type { ProposalCall, SimBallots } from './sim-ballots.ts';

/** What proposers share. */
export interface ProposerDoors {
  readonly engine: Engine;
  readonly ballots: SimBallots;
  readonly life: ClusterLife;
  /** Whether so many voters, a mask, have applied a decision that it is not lost; dead ones count for nothing. */
  readonly isKnownTo: (told: ReadonlyMap<number, number>) => boolean;
}

/** How long a client waits that was told that the state is lost, in microseconds. */
const REFUSED_US = 10_000;
/** How soon a thread that stood still finds out that a signal has aborted meanwhile, in microseconds. */
const PAUSED_US = 1_000;
const ABORTED = new QuorateError('ERR_QUORATE_ABORTED', 'The operation was aborted');

/** One proposer. */
export class SimProposer {
  readonly #client: number;
  readonly #node: CoordinatorNode;
  readonly #nodeNumber: number;
  readonly #doors: ProposerDoors;
  readonly #plans: ProposalPlan[];
  #open: ProposalCall | undefined;
  /** What is not known to be decided. */
  #unknown: ProposalCall | undefined;

  constructor(
    client: number,
    at: { readonly node: CoordinatorNode; readonly number: number },
    plans: readonly ProposalPlan[],
    doors: ProposerDoors,
  ) {
    this.#client = client;
    this.#node = at.node;
    this.#nodeNumber = at.number;
    this.#plans = [...plans];
    this.#doors = doors;
  }

  /** Whether it has nothing left to do, or nobody to do it with. */
  get isDone(): boolean {
    return this.#node.isGone || (this.#plans.length === 0 && this.#open === undefined);
  }

  /** Proposes more after what it has. */
  add(plans: readonly ProposalPlan[]): void {
    const isIdle = this.isDone;
    this.#plans.push(...plans);
    if (isIdle) this.start();
  }

  /** Goes on with its next proposal. */
  start(afterUs = 0): void {
    const [plan] = this.#plans;
    if (plan !== undefined) this.#doors.engine.schedule(afterUs + plan.thinkUs, this.#nodeNumber, () => this.#begin());
  }

  /** The proposal of a call has ended. */
  settled({ result, told, id }: Proposal, call: ProposalCall): void {
    const { ballots, isKnownTo, engine } = this.#doors;
    call.id = id;
    if (result !== undefined && !(result instanceof Failure) && 'decision' in result && isKnownTo(told)) {
      ballots.noteKnown(call.plan.topic, call.reset, result.decision.place);
    }
    this.#end(call, result instanceof Failure ? codeOf(result.error) : result!);
    engine.note(this.#nodeNumber, id.length);
    this.#open = undefined;
    this.start();
  }

  #begin(): void {
    if (this.#node.isGone || this.#open !== undefined) return;
    const plan = this.#plans.shift();
    if (plan === undefined) return;
    if (plan.isAgain === true && this.#unknown?.reset !== this.#doors.life.resets) return this.start();
    const { ballots, life } = this.#doors;
    const before = plan.isAgain === true ? this.#unknown : undefined;
    const asked = before?.plan ?? plan;
    const id = before?.id ?? plan.id ?? '';
    const call: ProposalCall = { client: this.#client, plan: asked, reset: life.resets, id, result: undefined };
    ballots.proposals.push(call);
    this.#trace('call', nameOfProposal(call));
    try {
      const { amount, refusedBy, unsure } = asked;
      const topics = Object.fromEntries(ballots.topics.map((topic) => [topic, {}]));
      const options = { ...optionsOf(asked), ...(id !== '' && { id }) };
      const proposal = this.#node.core.propose(topics, asked.topic, { amount, refusedBy, unsure }, options);
      proposal.context = call;
      this.#open = call;
      this.#node.core.submit(proposal);
      call.id = proposal.id;
      if (plan.cancelAfterUs !== undefined) this.#cancelLater(proposal, call, plan.cancelAfterUs);
    } catch (error) {
      this.#end(call, codeOf(error));
      return this.start(call.result === 'ERR_QUORATE_STATE_LOST' ? REFUSED_US : 0);
    }
    this.#node.flush();
  }

  #end(call: ProposalCall, result: ProposeResult | string): void {
    call.result = result;
    const outcome = typeof result === 'string' ? result : result.outcome;
    if (outcome === 'unknown' || outcome === 'unavailable') this.#unknown = call;
    const place = typeof result !== 'string' && 'decision' in result ? ` at place ${result.decision.place}` : '';
    this.#trace('return', `${nameOfProposal(call)} -> ${outcome}${place}`);
  }

  /** The caller's signal aborts after a while: once the thread runs, if it stands still then. */
  #cancelLater(proposal: Proposal, call: ProposalCall, afterUs: number): void {
    this.#doors.engine.schedule(afterUs, this.#nodeNumber, () => {
      if (call.result !== undefined || this.#node.isGone) return;
      if (this.#node.isPaused) return this.#cancelLater(proposal, call, PAUSED_US);
      this.#doors.engine.countFault('cancel');
      this.#node.core.cancel(proposal, ABORTED);
    });
  }

  #trace(kind: 'call' | 'return', text: string): void {
    const { trace, nowUs } = this.#doors.engine;
    if (trace.isKept) trace.add({ atUs: nowUs, kind, from: this.#nodeNumber, text });
  }
}

function optionsOf({ threshold, weights, vetoes, quorum, timeoutMs, retries }: ProposalPlan): ProposeOptions {
  return {
    timeoutMs,
    retries,
    ...(threshold !== undefined && { threshold }),
    ...(weights !== undefined && { weights }),
    ...(vetoes !== undefined && { vetoes }),
    ...(quorum !== undefined && { quorum: agreementOf(quorum) }),
  };
}

function agreementOf({ voters, sets }: NonNullable<ProposalPlan['quorum']>): Agreement {
  return { voters, isQuorum: (mask) => sets.some((set) => (mask & set) === set) };
}

/** The code of what was thrown; anything else is a bug. */
function codeOf(error: unknown): string {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
  if (typeof code === 'string' && code.startsWith('ERR_QUORATE_')) return code;
  throw error;
}

/** A proposal in a few words, such as `c1 propose t0 +3 (unanimous) as p7`. */
export function nameOfProposal({ client, id, plan }: ProposalCall): string {
  const { topic, amount, threshold, weights, vetoes, quorum } = plan;
  const parts = [
    ...(threshold === undefined ? [] : [`${threshold}`]),
    ...(weights === undefined ? [] : [`weights ${weights.join(' ')}`]),
    ...(vetoes === undefined ? [] : [`vetoes ${vetoes.join(' ')}`]),
    ...(quorum === undefined ? [] : [`one of ${quorum.sets.join(' ')}`]),
  ];
  const rule = parts.length === 0 ? '' : ` (${parts.join(', ')})`;
  return `c${client} propose ${topic} +${amount}${rule}${id === '' ? '' : ` as ${id}`}`;
}
