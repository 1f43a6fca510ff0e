// A quorum system as a decision diagram: voter by voter, in or out, until it is certain whether there is a quorum. What
// is the same question after different answers is one node, so that 31 voters of whom 16 are needed take some hundred
// nodes, where there are two thousand million sets of them. What is asked of a system as a whole is asked of this.
// Source: Bryant, "Graph-Based Algorithms for Boolean Function Manipulation" (IEEE Trans. Computers, 1986).
import { rangeError } from '../base/errors.ts';
import { QUORUM_CASES_MAX } from '../base/limits.ts';
import type { QuorumData, QuorumMember } from './quorum-data.ts';

/** The node of "no quorum, whoever else is in", and that of "a quorum, whoever else is not". */
export const NEVER = 0;
export const ALWAYS = 1;

/** Nodes by number; one comes after those that it leads to. Invariant: `out` and `in` of a node differ. */
export interface Diagram {
  readonly root: number;
  /** The voter that a node asks for, lower than any that later questions ask for; more than any at the two ends. */
  readonly voters: readonly number[];
  /** The node to go on with when the voter is out, and when it is in. */
  readonly out: readonly number[];
  readonly in: readonly number[];
}

/** What is still open: a voter, or so much weight of so many terms. */
type Term = number | Gate;

interface Gate {
  readonly needed: number;
  readonly weights: readonly number[];
  readonly of: readonly Term[];
  /** Names the gate among all gates. */
  readonly name: string;
}

const BEYOND = 32;
const diagrams = new WeakMap<QuorumData, Diagram>();

/**
 * The diagram of a system, made once per value.
 *
 * @throws {RangeError} `ERR_QUORATE_INVALID_ARGUMENT` when it would have more than 65,536 nodes.
 */
export function diagramOf(system: QuorumData): Diagram {
  const made = diagrams.get(system);
  if (made !== undefined) return made;
  const builder = new Builder(system.voters);
  const diagram = { root: builder.build(termOf(system)), voters: builder.voters, out: builder.out, in: builder.in };
  diagrams.set(system, diagram);
  return diagram;
}

/** Whether the voters of a mask are a quorum, as far as the questions from a node on tell. */
export function leadsToQuorum(diagram: Diagram, from: number, mask: number): boolean {
  let node = from;
  while (node !== ALWAYS && node !== NEVER) {
    const isIn = ((mask >>> diagram.voters[node]!) & 1) === 1;
    node = (isIn ? diagram.in : diagram.out)[node]!;
  }
  return node === ALWAYS;
}

class Builder {
  readonly voters: number[] = [BEYOND, BEYOND];
  readonly out: number[] = [NEVER, ALWAYS];
  readonly in: number[] = [NEVER, ALWAYS];
  readonly #all: number;
  readonly #byTerm = new Map<string, number>();
  readonly #byNode = new Map<string, number>();

  constructor(all: number) {
    this.#all = all;
  }

  build(term: Term | boolean): number {
    if (typeof term === 'boolean') return term ? ALWAYS : NEVER;
    const name = nameOf(term);
    const known = this.#byTerm.get(name);
    if (known !== undefined) return known;
    const voter = lowestVoter(term);
    const node = this.#node(voter, this.build(given(term, voter, false)), this.build(given(term, voter, true)));
    this.#byTerm.set(name, node);
    return node;
  }

  #node(voter: number, whenOut: number, whenIn: number): number {
    if (whenOut === whenIn) return whenOut;
    const name = `${voter},${whenOut},${whenIn}`;
    const known = this.#byNode.get(name);
    if (known !== undefined) return known;
    if (this.voters.length >= QUORUM_CASES_MAX || this.#byTerm.size >= 4 * QUORUM_CASES_MAX) {
      throw rangeError(
        'ERR_QUORATE_INVALID_ARGUMENT',
        `Cannot look through a quorum system of ${this.#all} voters: there must be at most ${QUORUM_CASES_MAX} cases`,
      );
    }
    this.voters.push(voter);
    this.out.push(whenOut);
    this.in.push(whenIn);
    this.#byNode.set(name, this.voters.length - 1);
    return this.voters.length - 1;
  }
}

function termOf(member: QuorumMember): Term {
  if (typeof member === 'number') return member;
  const voters = Array.from({ length: member.voters }, (_, voter) => voter);
  if (member.kind === 'weighted') return gate(member.needed, member.weights, voters);
  const of = member.kind === 'choice' ? member.of.map(termOf) : voters;
  const each = of.map(() => 1);
  return gate(member.needed, each, of);
}

function gate(needed: number, weights: readonly number[], of: readonly Term[]): Term {
  if (of.length === 1) return of[0]!;
  const name = `${needed}(${of.map((term, index) => `${weights[index]!}*${nameOf(term)}`).join(' ')})`;
  return { needed, weights, of, name };
}

/** What is left of a term once it is known whether the voter is in. */
function given(term: Term, voter: number, isIn: boolean): Term | boolean {
  if (typeof term === 'number') return term === voter ? isIn : term;
  const weights: number[] = [];
  const of: Term[] = [];
  let { needed } = term;
  let sum = 0;
  for (const [index, each] of term.of.entries()) {
    const weight = term.weights[index]!;
    const left = given(each, voter, isIn);
    if (left === true) needed -= weight;
    if (typeof left === 'boolean') continue;
    sum += weight;
    weights.push(weight);
    of.push(left);
  }
  if (needed <= 0) return true;
  return sum < needed ? false : gate(needed, weights, of);
}

function nameOf(term: Term): string {
  return typeof term === 'number' ? `${term}` : term.name;
}

function lowestVoter(term: Term): number {
  return typeof term === 'number' ? term : Math.min(...term.of.map(lowestVoter));
}
