// The clients of a simulated cluster: each works through its part of the plan, one group of operations after the other,
// and notes what it asked for and what it was told.
import { QuorateError } from '../../base/errors.ts';
import { NO_BALLOT, isNone, mutableBallot } from '../../protocol/ballot.ts';
import type { Ballot } from '../../protocol/ballot.ts';
import type { ClientCore } from '../../replica/client-core.ts';
import type { ClusterLife, ErasedFloor } from '../../replica/environment.ts';
import type { Operation, Outcome } from '../../replica/operation.ts';
import { Failure } from '../../replica/results.ts';
import type { ScanCall } from '../../replica/scan.ts';
import type { Settled } from '../../replica/results.ts';
import type { PendingChange } from '../../replica/round.ts';
import { versionIn, versionTold } from '../../replica/session-calls.ts';
import type { SessionCall } from '../../replica/session-calls.ts';
import type { SessionMaker } from '../../replica/session-maker.ts';
import type { ChangeOptions, OperationOptions, ReadResult } from '../../store/store.ts';
import type { Engine } from '../engine/engine.ts';
import type { CoordinatorNode } from './coordinator-node.ts';
import { pageOf, pageText } from './page.ts';
import type { Page } from './page.ts';
import { isAtAvailable, staleLimitsOf } from './plan.ts';
import type { OperationPlan, PlanLevel } from './plan.ts';
import type { HintEnd } from './sim-available.ts';
import { changedValue, numberBefore, seenValue, valueOf } from './values.ts';

/** One operation as its client saw it. */
export interface Call {
  readonly client: number;
  /** Who called, for the checkers: operations that run at once are different processes. */
  readonly process: string;
  /** The node of its thread, whose clients share a cache. */
  readonly thread: number;
  readonly plan: OperationPlan;
  readonly kind: 'get' | 'scan' | 'put' | 'change';
  /** The key of its history: that of the plan, in the state in which the call began. */
  readonly key: string;
  /** Resets before it began. */
  readonly state: number;
  /** What a put or change writes, or a get has returned; 0 for absent. */
  value: number;
  /** What a change has found, once it is known; 0 for absent. */
  before: number | undefined;
  /** Positions in the history: every start and every end has one of its own. */
  readonly start: number;
  end: number | undefined;
  outcome: Outcome | undefined;
  readonly atUs: number;
  endUs: number;
  /** What its client was told to resolve it with, where its outcome is unknown. */
  operationId: string | undefined;
  /** The write that this one finishes: both are one operation of the history. */
  readonly finishes: Call | undefined;
  /** What it has read or made, where its client was told, or its session knows. */
  version: Ballot | undefined;
  /** Up to where deletions may have been erased when it ended; none where none was. */
  erased: Ballot;
  /** What is wrong with the bytes of its value. */
  corruption: string | undefined;
  /** Whether a read at level `available` was answered by no quorum. */
  isStale: boolean;
  /** A write that was left to its client to finish. */
  hint: HintOf | undefined;
  /** Whose session its own goes on from, besides itself. */
  handedFrom: number | undefined;
  /** Of a scan, behind which key its page was to begin. */
  from: string | undefined;
  /** What a scan was told. */
  page: Page | undefined;
  /** How old what a get was told is, in milliseconds, as it was told too; `undefined` where no cache has answered. */
  ageMs: number | undefined;
}

/** A hint, and what has become of it: at which position of the history. */
export interface HintOf {
  readonly operationId: string;
  end: { readonly as: HintEnd; readonly at: number } | undefined;
}

/** What clients share. */
export interface ClientDoors {
  readonly engine: Engine;
  readonly calls: Call[];
  readonly life: ClusterLife;
  readonly erased: ErasedFloor;
  /** The next position in the history. */
  readonly nextPosition: () => number;
  /** The token of the session that a client has in the present state. */
  readonly tokenOf: (client: number) => string | undefined;
  /** The client whose session some operations of this one go on from. */
  readonly predecessor: number;
}

/** Name of the simulated cluster in tokens. */
const CLUSTER = 'simulated';
/** Keys that the sessions of a client remember, by client: few, so that they forget some. */
const SESSION_KEYS = [1, 2, 3] as const;
/** How long a client waits that was told that the state is lost, in microseconds. */
const REFUSED_US = 10_000;
/** How soon a thread that stood still finds out that a signal has aborted meanwhile, in microseconds. */
const PAUSED_US = 1_000;

/** One client. */
export class SimClient {
  readonly #index: number;
  readonly #node: CoordinatorNode;
  readonly #nodeNumber: number;
  readonly #doors: ClientDoors;
  readonly #groups: (readonly OperationPlan[])[];
  #open = 0;
  /** Whether it is submitting a group, some of which may end at once. */
  #isSubmitting = false;
  /** Where its last page has ended, if there was more. */
  #pageEnd: string | undefined;
  #unknown: Call | undefined;
  /** What it saw last, by key. */
  readonly #seen = new Map<string, unknown>();
  /** Whether it was told that the state is lost. */
  #isRefused = false;
  #session: { readonly maker: SessionMaker; readonly state: number } | undefined;

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

  /** The token of its session, if it has one in the present state. */
  get token(): string | undefined {
    return this.#session?.state === this.#doors.life.resets ? this.#session.maker.token : undefined;
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
    const waitUs = this.#isRefused ? REFUSED_US : 0;
    this.#isRefused = false;
    this.#doors.engine.schedule(waitUs + group[0]!.thinkUs, this.#nodeNumber, () => this.#begin());
  }

  /** An operation of this client has ended. */
  settled(operation: Operation, call: Call): void {
    const { outcome } = operation;
    this.#note(call, this.#node.core.resultOf(operation, undefined));
    if (outcome === 'ok' || outcome === 'absent') call.version = someVersion(versionIn(operation));
    this.#node.coordinator.release(operation);
    this.#close(call, outcome);
  }

  /** A change of this client has ended. */
  changed(change: PendingChange, call: Call): void {
    const result = change.result!;
    if (!(result instanceof Failure) && 'version' in result && result.version !== undefined) {
      call.version = versionTold(result.version);
    }
    this.#conclude(call, result);
  }

  /** A call of this client's session has ended. */
  ended(ofSession: SessionCall, call: Call): void {
    call.version = ofSession.version;
    this.#conclude(call, ofSession.result!);
  }

  /** A scan of this client has ended. */
  scanned(scan: ScanCall, call: Call): void {
    const result = scan.result!;
    if (result instanceof Failure) return this.#close(call, outcomeOf(result));
    if (result.outcome === 'ok') {
      call.page = pageOf(result, call.from);
      call.corruption = call.page.corruption;
      this.#pageEnd = result.after;
    }
    this.#close(call, result.outcome);
  }

  #conclude(call: Call, result: Settled | Failure): void {
    this.#note(call, result);
    this.#close(call, outcomeOf(result));
  }

  /** One of those under way has ended. */
  #close(call: Call, outcome: Outcome): void {
    this.#end(call, outcome);
    this.#open--;
    if (this.#open === 0 && !this.#isSubmitting) this.start();
  }

  /** What the client was told. */
  #note(call: Call, result: Settled | Failure): void {
    if (call.kind === 'change') this.#noteChange(call, result);
    if (result instanceof Failure) {
      call.operationId = operationIdOf(result.error);
    } else if (result.outcome === 'unknown') {
      call.operationId = result.operationId;
    } else if (call.kind === 'get' && 'value' in result) {
      const { number, corruption } = seenValue(result.value);
      call.value = number;
      call.corruption = corruption;
      this.#seen.set(call.key, result.value);
    }
    if (call.kind !== 'get' && call.operationId !== undefined) this.#unknown = call.finishes ?? call;
  }

  #noteChange(call: Call, result: Settled | Failure): void {
    const named = call.finishes ?? call;
    if (result instanceof Failure || (result.outcome !== 'ok' && result.outcome !== 'conflict')) return;
    if (result.outcome === 'conflict') {
      const { number, corruption } = seenValue(result.value);
      call.before = result.value === undefined ? 0 : number;
      call.corruption = result.value === undefined ? undefined : corruption;
      this.#seen.set(call.key, result.value);
    } else if (named.plan.call === 'compare') call.before = named.before;
    else call.before = numberBefore('value' in result ? result.value : undefined);
  }

  #end(call: Call, outcome: Outcome): void {
    const { engine, erased, nextPosition } = this.#doors;
    call.outcome = outcome;
    call.end = nextPosition();
    call.endUs = engine.nowUs;
    const floor = mutableBallot();
    erased.read(floor);
    call.erased = floor;
    engine.note(this.#nodeNumber, (call.value << 4) ^ outcome.length);
    if (engine.trace.isKept) {
      const found = call.kind === 'get' ? call.value : (call.before ?? 0);
      const isSeen = call.kind !== 'put' && (outcome === 'ok' || outcome === 'kept');
      const seen = call.page === undefined ? `${call.kind === 'get' ? '' : 'found '}v${found}` : pageText(call.page);
      const mark = call.isStale ? ' (stale)' : call.hint === undefined ? '' : ' (hinted)';
      const age = call.ageMs === undefined ? '' : `, ${call.ageMs} ms old`;
      const text = `${nameOf(call)} -> ${outcome}${mark}${isSeen ? ` ${seen}` : ''}${age}`;
      engine.trace.add({ atUs: engine.nowUs, kind: 'return', from: this.#nodeNumber, text });
    }
  }

  #begin(): void {
    const group = this.#groups[0];
    if (this.#node.isGone || group === undefined || this.#open > 0) return;
    this.#groups.shift();
    this.#isSubmitting = true;
    for (let index = 0; index < group.length; index++) this.#submit(group[index]!, index);
    this.#isSubmitting = false;
    if (this.#open === 0) return this.start(); // There was nothing to resolve, or it has ended at once.
    this.#node.flush();
  }

  #submit(plan: OperationPlan, place: number): void {
    const { engine, calls, life, nextPosition } = this.#doors;
    const finishes = plan.call === 'resolve' ? this.#unknown : undefined;
    if (plan.call === 'resolve' && finishes === undefined) return;
    const isSame = finishes !== undefined;
    const call: Call = {
      client: this.#index,
      process: place === 0 ? `c${this.#index}` : `c${this.#index}.${place}`,
      thread: this.#nodeNumber,
      plan,
      kind: kindOf((finishes?.plan ?? plan).call),
      key: isSame ? finishes.key : keyInState(plan.key, life.resets),
      state: life.resets,
      value: isSame ? finishes.value : WRITES.has(plan.call) ? plan.value : 0,
      before: undefined,
      start: nextPosition(),
      end: undefined,
      outcome: undefined,
      atUs: engine.nowUs,
      endUs: Number.POSITIVE_INFINITY,
      operationId: undefined,
      finishes,
      version: undefined,
      erased: NO_BALLOT,
      corruption: undefined,
      isStale: false,
      hint: undefined,
      handedFrom: undefined,
      from: undefined,
      page: undefined,
      ageMs: undefined,
    };
    calls.push(call);
    if (engine.trace.isKept) {
      engine.trace.add({ atUs: engine.nowUs, kind: 'call', from: this.#nodeNumber, text: nameOf(call) });
    }
    if (isAtAvailable(plan)) return this.#beginAvailable(call);
    const operation = this.#operationOf(call);
    if (operation === undefined) return;
    this.#open++;
    operation.context = call;
    this.#node.core.submit(operation);
    if (plan.cancelAfterUs !== undefined) this.#cancelLater(operation, call, plan.cancelAfterUs);
  }

  #beginAvailable(call: Call): void {
    this.#open++;
    const { plan, value } = call;
    const { timeoutMs } = plan;
    const failed = (error: unknown): void => {
      const failure = new Failure(error);
      this.#isRefused = outcomeOf(failure) === 'state-lost';
      this.#conclude(call, failure);
    };
    const done = (result: Settled): void => {
      call.isStale = 'isStale' in result && result.isStale;
      if ('version' in result && result.version !== undefined) {
        call.version = versionTold(result.version);
        if ('isHinted' in result) call.hint = { operationId: result.version, end: undefined };
      }
      this.#conclude(call, result);
    };
    const { available } = this.#node;
    if (plan.call === 'get') return available.get(plan.key, { timeoutMs }, { done, failed });
    const written = plan.call === 'put' ? valueOf(value, plan.isLarge === true) : undefined;
    available.write(plan.key, written, { timeoutMs }, { done, failed });
  }

  /** The operation of a call; `undefined` where the call ends without one. */
  #operationOf(call: Call): Operation | PendingChange | SessionCall | ScanCall | undefined {
    const { plan, value, finishes } = call;
    const { key } = plan;
    const options = { level: levelOf(plan), timeoutMs: plan.timeoutMs };
    try {
      const core = this.#makerOf(call);
      if (finishes !== undefined) return this.#resolve(core, call, options);
      if (plan.call === 'scan') return this.#scan(core, call, options);
      if (plan.call === 'get') return this.#get(core, call, options);
      if (call.kind === 'change') return this.#change(core, call, options);
      return plan.call === 'put'
        ? core.put(key, valueOf(value, plan.isLarge === true), expiring(plan, options))
        : core.delete(key, options);
    } catch (error) {
      if (!(error instanceof QuorateError) || error.code !== 'ERR_QUORATE_STATE_LOST') throw error;
      this.#end(call, 'state-lost');
      this.#isRefused = true;
      return undefined;
    }
  }

  /** The client's core, or its session. */
  #makerOf(call: Call): Maker {
    const { session } = call.plan;
    const { core } = this.#node;
    if (session === undefined) return core;
    const state = this.#doors.life.resets;
    const before = this.#session?.state === state ? this.#session.maker : undefined;
    // What is under way would be noted by a session that nobody goes on with.
    if (before !== undefined && (session === 'kept' || this.#open > 0)) return before;
    const keysMax = SESSION_KEYS[this.#index % SESSION_KEYS.length]!;
    const maker = core.session(CLUSTER, { keysMax, ...(before && { token: before.token }) });
    this.#session = { maker, state };
    if (session === 'handed') this.#takeOver(maker, call);
    return maker;
  }

  /** A session goes on from that of another client, too, unless that has seen more than this has room for. */
  #takeOver(maker: SessionMaker, call: Call): void {
    const { tokenOf, predecessor } = this.#doors;
    const token = tokenOf(predecessor);
    if (token === undefined) return;
    try {
      maker.merge(token);
      call.handedFrom = predecessor;
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
  }

  #get(core: Maker, call: Call, options: OperationOptions): Operation | SessionCall | undefined {
    const limits = staleLimitsOf(call.plan);
    if (limits === undefined) return core.get(call.plan.key, options);
    const made = core.read(call.plan.key, { ...options, ...limits });
    if (!isResult(made)) return made;
    this.#note(call, made);
    if (made.outcome === 'ok') call.version = versionTold(made.version);
    if ('ageMs' in made) call.ageMs = made.ageMs;
    this.#end(call, made.outcome);
    return undefined;
  }

  #scan(core: Maker, call: Call, options: OperationOptions): ScanCall {
    const { key, limit, after } = call.plan;
    call.from = after === 'page' ? this.#pageEnd : after?.key;
    const range = { ...(limit !== undefined && { limit }), ...(call.from !== undefined && { after: call.from }) };
    return core.scan(key, { ...options, ...range });
  }

  #change(core: Maker, call: Call, options: OperationOptions): PendingChange | SessionCall {
    const { plan, value } = call;
    if (plan.call === 'update') {
      const update = (current: unknown): string => {
        const found = current === undefined ? undefined : seenValue(current);
        call.corruption = found?.corruption;
        return changedValue(value, found?.number ?? 0);
      };
      return core.update(plan.key, update, expiring(plan, options));
    }
    const expected = this.#seen.get(call.key);
    call.before = expected === undefined ? 0 : seenValue(expected).number;
    return core.compareAndSet(plan.key, expected, changedValue(value, call.before), options);
  }

  /** The write that the call finishes, again; one that the client has forgotten stays unknown. */
  #resolve(core: Maker, call: Call, options: OperationOptions): Operation | PendingChange | SessionCall | undefined {
    const operation = core.resolve(call.finishes?.operationId ?? '', options);
    if (operation === undefined) this.#end(call, 'unknown');
    return operation;
  }

  /** The caller's signal aborts after a while: once the thread runs, if it stands still then. */
  #cancelLater(operation: Operation | PendingChange | SessionCall | ScanCall, call: Call, afterUs: number): void {
    this.#doors.engine.schedule(afterUs, this.#nodeNumber, () => {
      if (call.end !== undefined || this.#node.isGone) return;
      if (this.#node.isPaused) return this.#cancelLater(operation, call, PAUSED_US);
      this.#doors.engine.countFault('cancel');
      this.#node.core.cancel(operation, ABORTED);
    });
  }
}

/** What finishes a write asks the quorum. */
function levelOf({ level }: OperationPlan): Exclude<PlanLevel, 'available'> {
  return level === 'available' ? 'quorum' : level;
}

function expiring({ ttlMs }: OperationPlan, options: OperationOptions): ChangeOptions {
  return ttlMs === undefined ? options : { ...options, ttlMs };
}

/** Whether a read was answered at once. */
function isResult(made: Operation | SessionCall | ReadResult): made is ReadResult {
  return !('context' in made);
}

/** Who makes the operations of a client. */
type Maker = ClientCore | SessionMaker;

function someVersion(version: Ballot): Ballot | undefined {
  return isNone(version) ? undefined : version;
}

/** Histories of the states before and after a reset are judged apart: nothing of one may be seen in the other. */
export function keyInState(key: string, resets: number): string {
  return resets === 0 ? key : `${key} after reset ${resets}`;
}

/** Calls that write the value of their plan. */
const WRITES: ReadonlySet<OperationPlan['call']> = new Set(['put', 'update', 'compare', 'resolve']);

/** A call in a few words, such as `c1 put k0 = v7 (one)`. */
export function nameOf({ client, kind, key, value, plan, finishes, page }: Call): string {
  const level = plan.level === 'quorum' ? '' : ` (${plan.level})`;
  if (kind === 'get') {
    const { maxStaleMs: ms, maxStaleVersions: versions } = staleLimitsOf(plan) ?? {};
    const limits = [ms === undefined ? '' : ` up to ${ms} ms old`, versions === undefined ? '' : ` ${versions} behind`];
    return `c${client} get ${key}${limits.join('')}${page === undefined ? '' : ' by a scan'}${level}`;
  }
  if (kind === 'scan') {
    const after =
      plan.after === undefined ? '' : ` after ${plan.after === 'page' ? 'the page before' : plan.after.key}`;
    return `c${client} scan ${key}*${after}${plan.limit === undefined ? '' : `, ${plan.limit} keys`}${level}`;
  }
  const verb = finishes === undefined ? (kind === 'put' ? 'put' : plan.call) : 'resolve';
  return `c${client} ${verb} ${key} = ${value === 0 ? 'absent' : `v${value}`}${level}`;
}

function kindOf(call: OperationPlan['call']): Call['kind'] {
  if (call === 'get' || call === 'scan') return call;
  return call === 'update' || call === 'compare' ? 'change' : 'put';
}

/** How a change has ended, in the words of the coordinator. */
function outcomeOf(result: Settled | Failure): Outcome {
  if (!(result instanceof Failure)) {
    if (result.outcome === 'conflict') return 'kept';
    return result.outcome === 'unknown' && result.isFinal === true ? 'lost' : result.outcome;
  }
  if (result.error === ABORTED) return 'aborted';
  const code = result.error instanceof QuorateError ? result.error.code : undefined;
  if (code === 'ERR_QUORATE_STATE_LOST') return 'state-lost';
  if (code === 'ERR_QUORATE_MEMORY') return 'memory';
  throw result.error; // No change of these clients fails otherwise.
}

/** Why simulated callers give up waiting. */
const ABORTED = new QuorateError('ERR_QUORATE_ABORTED', 'The operation was aborted');

/** The id that an error carries, where the write that it tells of may have happened. */
function operationIdOf(error: unknown): string | undefined {
  const id = error instanceof QuorateError ? error.fields['operationId'] : undefined;
  return typeof id === 'string' ? id : undefined;
}

/** What is submitted together. */
export function groupsOf<Plan extends { readonly joins: boolean }>(operations: readonly Plan[]): (readonly Plan[])[] {
  const groups: Plan[][] = [];
  for (const operation of operations) {
    const last = groups.at(-1);
    if (operation.joins && last !== undefined) last.push(operation);
    else groups.push([operation]);
  }
  return groups;
}
