// What happens in the ballots of a run: every voter is production's, with rules that depend on what is proposed, on the
// replica, and on its own copy of the state; and all that they do is noted for the judge. Facts are numbered in the
// order in which they happen: two of one moment are told apart.
import type { Configuration } from '../../quorum/configuration.ts';
import type { Decision, ProposeResult, TopicDefinition } from '../../store/topic.ts';
import type { ProposalPlan } from './plan.ts';

/** One proposal as its client saw it. */
export interface ProposalCall {
  readonly client: number;
  readonly plan: ProposalPlan;
  /** Resets before it began. */
  readonly reset: number;
  /** Known once it was submitted. */
  id: string;
  /** What its client was told; the code of the error where it was one; `undefined` while it is open. */
  result: ProposeResult | string | undefined;
}

/** A vote as it was cast. */
export interface Said {
  readonly at: number;
  readonly topic: string;
  /** Resets before the state that its voter holds. */
  readonly reset: number;
  readonly voter: number;
  readonly epoch: number;
  readonly place: number;
  readonly id: string;
  readonly vote: 'yes' | 'no' | 'abstain';
}

/** A commit as a voter applied it. */
export interface Applied extends Omit<Said, 'vote'> {}

/** The state of a voter that has applied the decisions before a place. */
export interface Held extends Omit<Said, 'vote' | 'id'> {
  readonly state: string;
}

/** The members that voted, from one fact to another. */
export interface Franchise {
  readonly voters: number;
  readonly from: number;
  until: number;
}

/** What the judge of ballots is told. */
export interface BallotFacts {
  readonly said: readonly Said[];
  readonly applied: readonly Applied[];
  readonly held: readonly Held[];
  /** When incarnations were void, by `voter:epoch`. */
  readonly voided: ReadonlyMap<string, number>;
  readonly franchises: readonly Franchise[];
  readonly proposals: readonly ProposalCall[];
  /** What the registers hold in the end, by topic, place by place; missing where nobody has read them. */
  readonly logs: ReadonlyMap<string, readonly Decision[]>;
  /** The last state's number. */
  readonly resets: number;
  /** What was wrong as it happened. */
  readonly wrong: string | undefined;
}

/** What is proposed, as voters see it. */
export interface Amount {
  readonly amount: number;
  readonly refusedBy: number;
  readonly unsure: number;
}

interface Ledger {
  readonly sum: number;
  readonly entries: readonly string[];
}

/** Most that one topic takes on. */
const LIMIT = 40;
const INITIAL: Ledger = { sum: 0, entries: [] };

/** One voter, as it is looked at. */
export interface LookedAt {
  readonly applied: number;
  readonly state: unknown;
}

/** The ballots of one run. */
export class SimBallots implements BallotFacts {
  readonly topics: readonly string[];
  readonly said: Said[] = [];
  readonly applied: Applied[] = [];
  readonly held: Held[] = [];
  readonly voided: Map<string, number> = new Map();
  readonly franchises: Franchise[] = [];
  readonly proposals: ProposalCall[] = [];
  readonly logs: Map<string, readonly Decision[]> = new Map();
  resets = 0;
  wrong: string | undefined;
  #at = 0;
  /** By topic and state: the last place that enough voters were known to have applied. */
  readonly #known = new Map<string, number>();
  /** By replica: what it must know once it serves. */
  readonly #mustKnow: (ReadonlyMap<string, number> | undefined)[] = [];
  /** By replica: its state's number. */
  readonly #states: number[] = [];

  constructor(topics: readonly string[]) {
    this.topics = topics;
  }

  /** The number of the next fact. */
  next(): number {
    return ++this.#at;
  }

  /** A configuration is in force. */
  noteConfiguration({ current: { members } }: Configuration): void {
    const last = this.franchises.at(-1);
    const at = this.next();
    if (last !== undefined) last.until = at;
    // New members hold the records of what old ones had decided, but need not have been told of it yet.
    if (last?.voters !== members) this.#known.clear();
    this.franchises.push({ voters: members, from: at, until: Number.POSITIVE_INFINITY });
  }

  /** An incarnation is void: what it said counts no more. */
  noteVoid(voter: number, epoch: number): void {
    this.voided.set(`${voter}:${epoch}`, this.next());
  }

  /** So many voters live that have applied a decision that no recovery misses them all. */
  noteKnown(topic: string, reset: number, place: number): void {
    const name = `${reset}:${topic}`;
    this.#known.set(name, Math.max(place, this.#known.get(name) ?? 0));
  }

  /** The rules of all topics for one incarnation, of a state. */
  begin(voter: number, epoch: number, reset: number, recovers: boolean): ReadonlyMap<string, TopicDefinition> {
    this.#mustKnow[voter] = recovers ? new Map(this.#known) : undefined;
    this.#states[voter] = reset;
    return new Map(this.topics.map((topic) => [topic, this.#definition(topic, voter, epoch, reset)]));
  }

  /** A replica serves from now on. */
  noteServing(voter: number, epoch: number, voters: ReadonlyMap<string, LookedAt>): void {
    this.look(voter, epoch, voters);
    for (const [topic, { applied }] of voters) {
      const known = this.#mustKnow[voter]?.get(`${this.#states[voter]}:${topic}`) ?? 0;
      if (applied >= known) continue;
      this.wrong ??= `Voter ${voter} serves in epoch ${epoch} after ${applied} of ${known} decisions of ${topic}`;
    }
  }

  /** Looks at the voters of a replica. */
  look(voter: number, epoch: number, voters: ReadonlyMap<string, LookedAt>): void {
    for (const [topic, { applied, state }] of voters) {
      this.#hold({ topic, voter, epoch, reset: this.#states[voter]!, place: applied + 1 }, state);
    }
  }

  #hold(of: Omit<Held, 'at' | 'state'>, state: unknown): void {
    this.held.push({ ...of, at: this.next(), state: JSON.stringify(state) });
  }

  #definition(topic: string, voter: number, epoch: number, reset: number): TopicDefinition {
    const of = { topic, voter, epoch, reset };
    const definition: TopicDefinition<Ledger, Amount> = {
      initial: INITIAL,
      validate: ({ amount, refusedBy, unsure }, state, { place, id }) => {
        const vote = has(unsure, voter)
          ? 'abstain'
          : has(refusedBy, voter) || state.sum + amount > LIMIT
            ? 'no'
            : 'yes';
        this.#hold({ ...of, place }, state);
        this.said.push({ ...of, at: this.next(), place, id, vote });
        if (vote === 'abstain') throw new Error('It is not sure');
        return vote === 'yes' || { vote, reason: `So much is left: ${LIMIT - state.sum}` };
      },
      apply: (state, { amount }, { place, id }) => {
        this.#hold({ ...of, place }, state);
        this.applied.push({ ...of, at: this.next(), place, id });
        return { sum: state.sum + amount, entries: [...state.entries, id] };
      },
    };
    return definition; // Only amounts are proposed in these runs.
  }
}

function has(mask: number, voter: number): boolean {
  return ((mask >>> voter) & 1) === 1;
}
