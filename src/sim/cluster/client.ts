// The clients of a simulated cluster: each works through its part of the plan, one group of operations after the other,
// and notes what it asked for and what it was told.
import { copyBallot, isNone } from '../../protocol/ballot.ts';
import type { Ballot } from '../../protocol/ballot.ts';
import type { RegisterQuorums } from '../../quorum/register-quorums.ts';
import { writeKey, writtenKey } from '../../replica/key-bytes.ts';
import type { Operation, Outcome } from '../../replica/operation.ts';
import { NO_VALUE, REQUEST, padded } from '../../replica/wire.ts';
import type { CoordinatorNode } from './coordinator-node.ts';
import type { Engine } from '../engine/engine.ts';
import type { OperationPlan } from './plan.ts';

/** One operation as its client saw it. */
export interface Call {
  readonly client: number;
  /** Who called, for the checkers: operations that run at once are different processes. */
  readonly process: string;
  readonly plan: OperationPlan;
  readonly kind: 'get' | 'put';
  readonly key: string;
  /** What a put writes, or a get has returned; 0 for absent. */
  value: number;
  /** Positions in the history: every start and every end has one of its own. */
  readonly start: number;
  end: number | undefined;
  outcome: Outcome | undefined;
  readonly atUs: number;
  endUs: number;
  /** First tag of a write: its identity. */
  first: Ballot | undefined;
  /** The write that this one finishes: both are one operation of the history. */
  readonly finishes: Call | undefined;
  /** What is wrong with the bytes of its value. */
  corruption: string | undefined;
}

/** What clients share. */
export interface ClientDoors {
  readonly engine: Engine;
  readonly quorums: RegisterQuorums;
  readonly calls: Call[];
  /** The next position in the history. */
  readonly nextPosition: () => number;
}

/** Room for a key and the longest value of a plan. */
const REQUEST_ROOM = REQUEST.BYTES + 216;

/** Bytes of a value: the number itself, and up to 60 more that follow from it. */
export function valueBytesOf(value: number): number {
  return 4 + (Math.imul(value, 0x9e37) & 15) * 4;
}

function writeNumber({ words, bytes }: Operation['request'], start: number, value: number): number {
  const byteLength = valueBytesOf(value);
  words[start >> 2] = value;
  for (let index = 4; index < byteLength; index++) bytes[start + index] = (value + index) & 0xff;
  return byteLength;
}

/** One client. */
export class SimClient {
  readonly #index: number;
  readonly #node: CoordinatorNode;
  readonly #nodeNumber: number;
  readonly #doors: ClientDoors;
  readonly #groups: (readonly OperationPlan[])[];
  #open = 0;
  #unknown: Call | undefined;

  constructor(
    index: number,
    at: { readonly node: CoordinatorNode; readonly number: number },
    operations: readonly OperationPlan[],
    doors: ClientDoors,
  ) {
    this.#index = index;
    this.#node = at.node;
    this.#nodeNumber = at.number;
    this.#doors = doors;
    this.#groups = groupsOf(operations);
  }

  /** Whether it has nothing left to do, or nobody to do it with. */
  get isDone(): boolean {
    return this.#node.isGone || (this.#groups.length === 0 && this.#open === 0);
  }

  /** Does further operations after those that it has. */
  add(operations: readonly OperationPlan[]): void {
    const isIdle = this.#groups.length === 0 && this.#open === 0;
    this.#groups.push(...groupsOf(operations));
    if (isIdle) this.start();
  }

  /** Gives up what it has not begun. */
  stop(): void {
    this.#groups.length = 0;
  }

  /** Goes on with its next group. */
  start(): void {
    const group = this.#groups[0];
    if (group === undefined) return;
    this.#doors.engine.schedule(group[0]!.thinkUs, this.#nodeNumber, () => this.#begin());
  }

  /** An operation of this client has ended. */
  settled(operation: Operation, call: Call): void {
    const { engine, nextPosition } = this.#doors;
    const { outcome } = operation;
    call.outcome = outcome;
    call.end = nextPosition();
    call.endUs = engine.nowUs;
    if (!isNone(operation.first)) call.first = { high: operation.first.high, low: operation.first.low };
    if (call.kind === 'get') readNumber(operation, call);
    else if (outcome === 'unknown') this.#unknown = call;
    engine.note(this.#nodeNumber, (call.value << 4) ^ outcome.length);
    if (engine.trace.isKept) {
      const text = `${nameOf(call)} -> ${outcome}${call.kind === 'get' && outcome === 'ok' ? ` v${call.value}` : ''}`;
      engine.trace.add({ atUs: engine.nowUs, kind: 'return', from: this.#nodeNumber, text });
    }
    this.#node.coordinator.release(operation);
    this.#open--;
    if (this.#open === 0) this.start();
  }

  #begin(): void {
    const group = this.#groups[0];
    if (this.#node.isGone || group === undefined || this.#open > 0) return;
    this.#groups.shift();
    for (let index = 0; index < group.length; index++) this.#submit(group[index]!, index);
    if (this.#open === 0) return this.start(); // There was nothing to resolve.
    this.#node.flush();
  }

  #submit(plan: OperationPlan, place: number): void {
    const { engine, calls, nextPosition } = this.#doors;
    const finishes = plan.call === 'resolve' ? this.#unknown : undefined;
    if (plan.call === 'resolve' && finishes === undefined) return;
    const isSame = finishes !== undefined;
    const call: Call = {
      client: this.#index,
      process: place === 0 ? `c${this.#index}` : `c${this.#index}.${place}`,
      plan,
      kind: plan.call === 'get' ? 'get' : 'put',
      key: isSame ? finishes.key : plan.key,
      value: isSame ? finishes.value : plan.call === 'put' ? plan.value : 0,
      start: nextPosition(),
      end: undefined,
      outcome: undefined,
      atUs: engine.nowUs,
      endUs: Number.POSITIVE_INFINITY,
      first: undefined,
      finishes,
      corruption: undefined,
    };
    calls.push(call);
    this.#open++;
    if (engine.trace.isKept) {
      engine.trace.add({ atUs: engine.nowUs, kind: 'call', from: this.#nodeNumber, text: nameOf(call) });
    }
    this.#node.coordinator.submit(this.#fill(call));
  }

  /** Fills an operation in, as the client of a cluster does. */
  #fill(call: Call): Operation {
    const { quorums } = this.#doors;
    const operation = this.#node.coordinator.acquire();
    const { request } = operation;
    request.reserve(REQUEST_ROOM, 0);
    writeKey(call.key, request, REQUEST.BYTES);
    operation.kind = call.kind;
    operation.context = call;
    operation.keyBytes = writtenKey.byteLength;
    request.words[REQUEST.HASH] = writtenKey.hash;
    request.words[REQUEST.KEY_BYTES] = writtenKey.byteLength;
    if (call.kind === 'put' && call.value !== 0) {
      const start = REQUEST.BYTES + padded(operation.keyBytes);
      operation.valueBytes = writeNumber(request, start, call.value);
    }
    const { level } = call.finishes?.plan ?? call.plan;
    const size = level === 'quorum' ? undefined : level === 'one' ? 1 : quorums.replicas;
    operation.timeoutMs = call.plan.timeoutMs;
    operation.readNeeded = size ?? quorums.read;
    operation.writeNeeded = size ?? quorums.write;
    operation.agreeNeeded = operation.readNeeded < quorums.read ? 0 : quorums.agreeing;
    const first = call.finishes?.first;
    if (first !== undefined) {
      copyBallot(operation.first, first);
      operation.hasLeft = true; // Under its first tag: it may happen, even if nothing of this try leaves.
    }
    return operation;
  }
}

/** A call in a few words, such as `c1 put k0 = v7 (one)`. */
export function nameOf({ client, kind, key, value, plan, finishes }: Call): string {
  const level = plan.level === 'quorum' ? '' : ` (${plan.level})`;
  if (kind === 'get') return `c${client} get ${key}${level}`;
  const verb = finishes === undefined ? 'put' : 'resolve';
  return `c${client} ${verb} ${key} = ${value === 0 ? 'absent' : `v${value}`}${level}`;
}

function groupsOf(operations: readonly OperationPlan[]): (readonly OperationPlan[])[] {
  const groups: OperationPlan[][] = [];
  for (const operation of operations) {
    const last = groups.at(-1);
    if (operation.joins && last !== undefined) last.push(operation);
    else groups.push([operation]);
  }
  return groups;
}

/** What a read returned; every byte of a value is checked, since it follows from its number. */
function readNumber({ newest, outcome }: Operation, call: Call): void {
  if (outcome !== 'ok' || newest.valueBytes === NO_VALUE) return;
  const { words, bytes } = newest.value;
  const value = words[0]!;
  call.value = value;
  const byteLength = valueBytesOf(value);
  if (newest.valueBytes !== byteLength) {
    call.corruption = `v${value} has ${newest.valueBytes} bytes, written were ${byteLength}`;
    return;
  }
  for (let index = 4; index < byteLength; index++) {
    if (bytes[index] === ((value + index) & 0xff)) continue;
    call.corruption = `Byte ${index} of v${value} is not what was written`;
    return;
  }
}
