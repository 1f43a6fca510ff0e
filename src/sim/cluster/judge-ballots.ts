// What ballots promise, judged by what voters did, what proposers were told, and what the registers hold in the end:
// each place of a topic has one decision and each proposal one place; voters that have applied as many decisions hold
// the same state; and what a record says of its votes was said, in the state before its place, by members all of whose
// incarnations lived once the last of them had voted. Who is enough is counted here again.
import { votersIn } from '../../quorum/quorum-system.ts';
import type { Decision, RecordedVote } from '../../store/topic.ts';
import type { Finding } from './judge-history.ts';
import type { ProposalPlan } from './plan.ts';
import type { BallotFacts, ProposalCall, Said } from './sim-ballots.ts';
import { nameOfProposal } from './sim-proposer.ts';

/** What is wrong with the ballots of a run; `undefined` when all is as promised. */
export function judgeBallots(facts: BallotFacts): Finding | undefined {
  const text =
    facts.wrong ?? judgeStates(facts) ?? judgeOrder(facts) ?? new Places(facts).judge() ?? judgeRecords(facts);
  return text === undefined ? undefined : { key: undefined, text };
}

/** A name for the place of a topic in one state of the cluster. */
function placeName({ topic, reset, place }: Pick<Said, 'topic' | 'reset' | 'place'>): string {
  return `place ${place} of ${topic}${reset === 0 ? '' : ` after reset ${reset}`}`;
}

/** Voters that have applied as many decisions hold the same. */
function judgeStates({ held }: BallotFacts): string | undefined {
  const states = new Map<string, { readonly voter: number; readonly state: string }>();
  for (const { voter, state, ...of } of held) {
    const name = placeName(of);
    const other = states.get(name);
    if (other === undefined) states.set(name, { voter, state });
    else if (other.state !== state) {
      return `Before ${name} voter ${voter} holds ${state}, voter ${other.voter} ${other.state}`;
    }
  }
  return undefined;
}

/** Each incarnation applies commits in the order of their places, each once. */
function judgeOrder({ applied }: BallotFacts): string | undefined {
  const last = new Map<string, number>();
  for (const { voter, epoch, place, topic, reset, id } of applied) {
    const name = `${voter}:${epoch}:${topic}`;
    const before = last.get(name) ?? 0;
    if (place <= before) {
      return `Voter ${voter} applies ${id} at ${placeName({ topic, reset, place })} after place ${before}`;
    }
    last.set(name, place);
  }
  return undefined;
}

/** What stands where, as everybody saw it. */
class Places {
  readonly #facts: BallotFacts;
  readonly #decisions = new Map<string, string>();
  readonly #ids = new Map<string, number>();

  constructor(facts: BallotFacts) {
    this.#facts = facts;
  }

  judge(): string | undefined {
    const { applied, resets } = this.#facts;
    for (const each of applied) {
      const wrong = this.#see(each, 'commit');
      if (wrong !== undefined) return wrong;
    }
    for (const { reset, topic, decision } of decisionsOf(this.#facts)) {
      const wrong = this.#see({ ...decision, topic, reset }, decision.outcome);
      if (wrong !== undefined) return wrong;
    }
    for (const [topic, log] of this.#facts.logs) {
      for (const each of applied) {
        if (each.topic !== topic || each.reset !== resets || each.place <= log.length) continue;
        return `${placeName(each)} was applied, and is empty`;
      }
    }
    return this.#judgeTold();
  }

  #see(at: Pick<Said, 'topic' | 'reset' | 'place' | 'id'>, outcome: string): string | undefined {
    const name = placeName(at);
    const text = `${at.id} (${outcome})`;
    const stands = this.#decisions.get(name) ?? text;
    if (stands !== text) return `There are two decisions at ${name}: ${stands} and ${text}`;
    this.#decisions.set(name, text);
    const own = `${at.reset}:${at.topic}:${at.id}`;
    const place = this.#ids.get(own) ?? at.place;
    if (place !== at.place) return `${at.id} is decided at place ${place} and at ${name}`;
    this.#ids.set(own, place);
    return undefined;
  }

  /** What was told to be decided is in the log; of what was told to have decided nothing, nothing is. */
  #judgeTold(): string | undefined {
    const { proposals, logs, resets } = this.#facts;
    for (const call of proposals) {
      const { result, id, reset, plan } = call;
      const log = reset === resets ? logs.get(plan.topic) : undefined;
      if (result === undefined || log === undefined) continue;
      const place = this.#ids.get(`${reset}:${plan.topic}:${id}`);
      if (typeof result !== 'string' && 'decision' in result) {
        if (result.decision.place > log.length) return `${nameOfProposal(call)} was told of a place that is empty`;
        if (result.decision.outcome !== result.outcome) return `${nameOfProposal(call)} was told another outcome`;
      } else if (
        place !== undefined &&
        !mayStand(call) &&
        proposals.every((each) => each === call || !isSame(each, call))
      ) {
        return `${nameOfProposal(call)} was told that it decided nothing, and is decided at place ${place}`;
      }
    }
    return undefined;
  }
}

/** Whether what a call was told leaves open whether it is decided. */
function mayStand({ result }: ProposalCall): boolean {
  if (typeof result === 'string') return result === 'ERR_QUORATE_STATE_LOST' || result === 'ERR_QUORATE_MEMORY';
  return result === undefined || result.outcome !== 'unavailable';
}

function isSame(one: ProposalCall, other: ProposalCall): boolean {
  return one.id === other.id && one.reset === other.reset && one.plan.topic === other.plan.topic;
}

interface Seen {
  readonly reset: number;
  readonly topic: string;
  readonly decision: Decision;
}

/** All decisions that somebody was told, or has read. */
function decisionsOf({ proposals, logs, resets }: BallotFacts): Seen[] {
  const told = proposals.flatMap(({ result, reset, plan: { topic } }) =>
    result !== undefined && typeof result !== 'string' && 'decision' in result
      ? [{ reset, topic, decision: result.decision }]
      : [],
  );
  const logged = [...logs].flatMap(([topic, log]) => log.map((decision) => ({ reset: resets, topic, decision })));
  return [...told, ...logged];
}

function judgeRecords(facts: BallotFacts): string | undefined {
  const judged = new Set<string>();
  for (const seen of decisionsOf(facts)) {
    const name = placeName({ ...seen, place: seen.decision.place });
    if (judged.has(name)) continue;
    judged.add(name);
    const wrong = judgeVotes(facts, seen) ?? judgeCount(facts, seen);
    if (wrong !== undefined) return `${seen.decision.id} at ${name}: ${wrong}`;
  }
  return undefined;
}

/** What the record says of its votes was said, by incarnations that lived when the last of them was. */
function judgeVotes(facts: BallotFacts, { topic, reset, decision: { votes, place, id } }: Seen): string | undefined {
  let last = 0;
  let end = Number.POSITIVE_INFINITY;
  for (const { voter, epoch, vote } of votes) {
    if (vote === 'missing') continue;
    const said = facts.said.find(
      (each) =>
        each.voter === voter &&
        each.epoch === epoch &&
        each.vote === vote &&
        each.topic === topic &&
        each.reset === reset &&
        each.place === place &&
        each.id === id,
    );
    if (said === undefined) return `voter ${voter} never said ${vote} to it there in epoch ${epoch}`;
    last = Math.max(last, said.at);
    end = Math.min(end, facts.voided.get(`${voter}:${epoch}`) ?? Number.POSITIVE_INFINITY);
  }
  if (last > end) return 'a vote counts whose incarnation was void before the last one was cast';
  const voters = votes.reduce((mask, { voter }) => mask | (1 << voter), 0);
  if (facts.franchises.some((each) => each.voters === voters && each.until > last)) return undefined;
  return `the votes of replicas ${votersIn(voters).join(', ')} count, who were not the members`;
}

/** Whether its votes say what was decided, by the rule of a call that proposed it. */
function judgeCount(facts: BallotFacts, { topic, reset, decision }: Seen): string | undefined {
  const { id, outcome, why, votes } = decision;
  const plans = facts.proposals.filter((call) => call.id === id && call.reset === reset && call.plan.topic === topic);
  if (plans.length === 0) return 'nobody has proposed it';
  const isRight = ({ plan }: ProposalCall): boolean => {
    if (outcome === 'commit') return isAgreed(plan, votes);
    return why === 'timeout' ? !isAgreed(plan, votes) : isHopeless(plan, votes);
  };
  if (plans.some(isRight)) return undefined;
  return `it was decided to ${outcome} (${why}) by the votes ${votes.map(({ vote }) => vote).join(', ')}`;
}

/** Whether enough have said yes, and all who may veto it were heard. */
function isAgreed(plan: ProposalPlan, votes: readonly RecordedVote[]): boolean {
  const vetoes = (plan.vetoes ?? []).map((position) => votes[position]?.vote);
  if (vetoes.some((vote) => vote === undefined || vote === 'missing' || vote === 'no')) return false;
  return isEnough(
    plan,
    votes.map(({ vote }) => vote === 'yes'),
  );
}

/** Whether it can no longer be agreed on, whatever those say that were not heard. */
function isHopeless(plan: ProposalPlan, votes: readonly RecordedVote[]): boolean {
  if ((plan.vetoes ?? []).some((position) => votes[position]?.vote === 'no')) return true;
  return !isEnough(
    plan,
    votes.map(({ vote }) => vote === 'yes' || vote === 'missing'),
  );
}

function isEnough({ threshold = 'majority', weights, quorum }: ProposalPlan, agreed: readonly boolean[]): boolean {
  if (quorum !== undefined) {
    return quorum.sets.some((set) => agreed.every((isYes, position) => isYes || ((set >>> position) & 1) === 0));
  }
  let all = 0;
  let yes = 0;
  agreed.forEach((isYes, position) => {
    const weight = weights?.[position] ?? 1;
    all += weight;
    if (isYes) yes += weight;
  });
  if (threshold === 'majority') return 2 * yes > all;
  if (threshold === 'unanimous') return yes === all;
  if (typeof threshold === 'number') return yes >= threshold;
  const [part, whole] = threshold.split('/');
  return yes * Number(whole) >= all * Number(part);
}
