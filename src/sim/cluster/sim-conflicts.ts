// Clients of buckets that keep siblings or merge: each works through its part of the plan, notes what it asked for and
// what it was told, and hands back the contexts and copies that it has seen, old ones too.
import { QuorateError } from '../../base/errors.ts';
import type { ClusterLife } from '../../replica/environment.ts';
import { IN_MAP, countOf, counting, excluding, including } from '../../store/causal-steps.ts';
import type { CausalChange } from '../../store/causal-steps.ts';
import { after } from '../../store/continuation.ts';
import type { Continuation } from '../../store/continuation.ts';
import type { CausalMap } from '../../store/merges/causal-map.ts';
import { viewOf } from '../../store/merges/map.ts';
import { elementsOf } from '../../store/merges/set.ts';
import type { SiblingRead, SiblingWrite } from '../../store/siblings.ts';
import { unconditional } from '../../store/unconditional.ts';
import type { Engine } from '../engine/engine.ts';
import { groupsOf, keyInState } from './client.ts';
import { COUNTER_NAME, SET_NAME, amountOf, countedIn, elementsIn, inMap, kindInMap } from './conflict-numbers.ts';
import { registerName, siblingsIn } from './conflict-numbers.ts';
import type { SeenNumbers } from './conflict-numbers.ts';
import type { ConflictBucket, ConflictPlan } from './conflict-plan.ts';
import type { CoordinatorNode } from './coordinator-node.ts';
import { valueOf } from './values.ts';

/** One operation as its client saw it. */
export interface ConflictCall {
  readonly client: number;
  readonly plan: ConflictPlan;
  /** The key of its history, in the state in which the call began. */
  readonly key: string;
  readonly state: number;
  readonly start: number;
  end: number | undefined;
  /**
   * `full`: the key had as many siblings as it may. `failed`: nothing has left. `lost`: unknown, and nobody can tell
   * any more, since deletions of its time may have been forgotten.
   */
  outcome: 'ok' | 'absent' | 'full' | 'unknown' | 'lost' | 'unavailable' | 'failed' | undefined;
  /** What its writer had seen, and takes away. */
  readonly covers: readonly number[];
  /** What the key held by it, where it was told. */
  seen: SeenNumbers | undefined;
  operationId: string | undefined;
  /** The write that this one finishes. */
  readonly finishes: ConflictCall | undefined;
}

/** What these clients share. */
export interface ConflictDoors {
  readonly engine: Engine;
  readonly calls: ConflictCall[];
  readonly life: ClusterLife;
  readonly nextPosition: () => number;
}

/** What a client was told. */
interface Told extends Pick<ConflictCall, 'outcome' | 'seen' | 'operationId'> {
  readonly context?: string;
  readonly copy?: CausalMap;
}

/** What was seen with a context. */
interface Context {
  readonly context: string;
  readonly numbers: readonly number[];
}

/** How long a client waits that was told that the state is lost, in microseconds. */
const REFUSED_US = 10_000;
/** Contexts that a client keeps of a key. */
const CONTEXTS_MAX = 4;

/** One client. */
export class SimConflictClient {
  readonly #index: number;
  readonly #node: CoordinatorNode;
  readonly #nodeNumber: number;
  readonly #doors: ConflictDoors;
  readonly #groups: (readonly ConflictPlan[])[];
  #open = 0;
  #isRefused = false;
  #unknown: ConflictCall | undefined;
  /** By key, the newest first; also of a state that is gone. */
  readonly #contexts = new Map<string, Context[]>();
  /** The copy that it has read last, and the numbers that it saw last, by key and state. */
  readonly #copies = new Map<string, CausalMap>();
  readonly #seen = new Map<string, readonly number[]>();

  constructor(
    index: number,
    at: { readonly node: CoordinatorNode; readonly number: number },
    plans: readonly ConflictPlan[],
    doors: ConflictDoors,
  ) {
    this.#index = index;
    this.#node = at.node;
    this.#nodeNumber = at.number;
    this.#doors = doors;
    this.#groups = groupsOf(plans);
  }

  /** Whether it has nothing left to do, or nobody to do it with. */
  get isDone(): boolean {
    return this.#node.isGone || (this.#groups.length === 0 && this.#open === 0);
  }

  /** Whether its thread has ended. */
  get isGone(): boolean {
    return this.#node.isGone;
  }

  /** Does further operations after those that it has done. */
  add(plans: readonly ConflictPlan[]): void {
    const isIdle = this.#groups.length === 0 && this.#open === 0;
    this.#groups.push(...groupsOf(plans));
    if (isIdle) this.start();
  }

  /** Goes on with its next group. */
  start(): void {
    const group = this.#groups[0];
    if (group === undefined) return;
    const waitUs = this.#isRefused ? REFUSED_US : 0;
    this.#isRefused = false;
    this.#doors.engine.schedule(waitUs + group[0]!.thinkUs, this.#nodeNumber, () => this.#begin());
  }

  #begin(): void {
    const group = this.#groups[0];
    if (this.#node.isGone || group === undefined || this.#open > 0) return;
    this.#groups.shift();
    for (const plan of group) this.#call(plan);
    if (this.#open === 0) return this.start(); // There was nothing to do.
    this.#node.flush();
  }

  #call(plan: ConflictPlan): void {
    const { engine, calls, life, nextPosition } = this.#doors;
    const key = keyInState(`${plan.bucket} ${plan.key}`, life.resets);
    const finishes = plan.call === 'resolve' ? this.#unknown : undefined;
    const context = plan.seen === undefined ? undefined : this.#contextOf(plan, plan.seen);
    const target = this.#targetOf(plan, key);
    const mayBegin = {
      get: true,
      put: true,
      resolve: finishes !== undefined,
      copy: this.#copies.has(key),
      delete: plan.bucket === 'siblings' ? context !== undefined : target !== undefined,
    };
    if (!mayBegin[plan.call]) return;
    const covers = plan.bucket === 'siblings' ? (context?.numbers ?? []) : plan.call === 'delete' ? [target!] : [];
    const start = nextPosition();
    const call: ConflictCall = {
      client: this.#index,
      plan,
      key: finishes?.key ?? key,
      state: life.resets,
      start,
      end: undefined,
      outcome: undefined,
      covers: plan.call === 'put' || plan.call === 'delete' ? covers : [],
      seen: undefined,
      operationId: undefined,
      finishes,
    };
    calls.push(call);
    this.#open++;
    if (engine.trace.isKept) {
      engine.trace.add({ atUs: engine.nowUs, kind: 'call', from: this.#nodeNumber, text: nameOfConflict(call) });
    }
    const then = {
      done: (told: Told): void => this.#end(call, told),
      failed: (error: unknown): void => this.#end(call, this.#failed(error)),
    };
    if ((finishes?.plan ?? plan).bucket === 'siblings') this.#beginSiblings(call, context?.context, then);
    else this.#beginMerge(call, target, then);
  }

  #beginSiblings({ plan, finishes }: ConflictCall, context: string | undefined, then: Continuation<Told>): void {
    const { siblings } = this.#node.buckets;
    const { key, value, level, timeoutMs } = plan;
    const options = { level, timeoutMs };
    const end = after(then, toldOfSiblings);
    if (finishes !== undefined) return siblings.resolve(finishes.operationId!, options, end);
    if (plan.call === 'get') return siblings.get(key, options, end);
    if (plan.call === 'delete') return siblings.delete(key, { ...options, context: context! }, end);
    siblings.put(key, valueOf(value, false), { ...options, ...(context !== undefined && { context }) }, end);
  }

  #beginMerge(
    { plan, finishes, key: inState }: ConflictCall,
    target: number | undefined,
    then: Continuation<Told>,
  ): void {
    const { buckets } = this.#node;
    const { key, value, level, timeoutMs } = plan;
    const options = { level, timeoutMs };
    if (finishes !== undefined) {
      const resolved = after(then, (result: Parameters<typeof unconditional>[0]): Told =>
        untold(unconditional(result)),
      );
      return buckets.engineOf(finishes.plan.bucket).resolve(finishes.operationId!, options, resolved);
    }
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- those of siblings go elsewhere
    const kind = plan.bucket as Exclude<ConflictBucket, 'siblings'>;
    const steps = buckets.merging(kind);
    const whole = after(then, (result: Ended<CausalMap>): Told =>
      result.outcome === 'ok'
        ? { ...untold(result), seen: numbersIn(kind, result.value), copy: result.value }
        : untold(result),
    );
    if (plan.call === 'get') return steps.get(key, options, (map) => map, whole);
    if (plan.call === 'copy') return steps.change(key, options, steps.merging(this.#copies.get(inState)!), whole);
    const isPut = plan.call === 'put';
    const change = <View>(what: CausalChange<View>, seenIn: (view: View) => SeenNumbers): void => {
      const viewed = after(then, (result: Ended<View>): Told =>
        result.outcome === 'ok' ? { ...untold(result), seen: seenIn(result.value) } : untold(result),
      );
      steps.change(key, options, what, viewed);
    };
    if (kind === 'counter') return change(counting(amountOf(value)), countedIn);
    if (kind === 'set') return change(isPut ? including(value) : excluding(target!), elementsIn);
    change(isPut ? putInMap(value) : deleteInMap(target!), inMap);
  }

  /** A context that it has seen, by age, or the oldest that it has. */
  #contextOf({ bucket, key }: ConflictPlan, age: number): Context | undefined {
    const known = this.#contexts.get(`${bucket} ${key}`) ?? [];
    return known[age] ?? known.at(-1);
  }

  /** What a delete of a set or map takes away, of what was seen: counters are never taken away. */
  #targetOf({ bucket, value }: ConflictPlan, key: string): number | undefined {
    const all = bucket === 'counter' ? [] : (this.#seen.get(key) ?? []);
    const some = bucket === 'map' ? all.filter((each) => kindInMap(each) !== 'counter') : all;
    return some[value % Math.max(1, some.length)];
  }

  #failed(error: unknown): Told {
    const { code, fields } = error instanceof QuorateError ? error : { code: undefined, fields: {} };
    if (code !== 'ERR_QUORATE_STATE_LOST' && code !== 'ERR_QUORATE_MEMORY') throw error; // No other is expected.
    this.#isRefused = code === 'ERR_QUORATE_STATE_LOST';
    const { operationId } = fields as { readonly operationId?: unknown };
    const isUnknown = typeof operationId === 'string';
    return {
      outcome: isUnknown ? 'unknown' : 'failed',
      seen: undefined,
      operationId: isUnknown ? operationId : undefined,
    };
  }

  #end(call: ConflictCall, { outcome, seen, operationId, context, copy }: Told): void {
    const { engine, nextPosition } = this.#doors;
    const { plan, key, finishes } = call;
    const at = `${plan.bucket} ${plan.key}`;
    call.end = nextPosition();
    Object.assign(call, { outcome, seen, operationId });
    if (finishes === undefined) {
      if (context !== undefined) {
        const known = [{ context, numbers: seen?.numbers ?? [] }, ...(this.#contexts.get(at) ?? [])];
        this.#contexts.set(at, known.slice(0, CONTEXTS_MAX));
      }
      if (copy !== undefined) this.#copies.set(key, copy);
      if (seen !== undefined) this.#seen.set(key, seen.numbers);
      if ((outcome === 'unknown' || outcome === 'lost') && plan.call !== 'get') this.#unknown = call;
    }
    engine.note(this.#nodeNumber, ((seen?.numbers.length ?? 0) << 4) ^ (outcome ?? '').length);
    if (engine.trace.isKept) {
      const held =
        seen === undefined ? '' : ` holds ${seen.numbers.map((number) => `v${number}`).join(' ') || 'nothing'}`;
      const text = `${nameOfConflict(call)} -> ${outcome}${held}`;
      engine.trace.add({ atUs: engine.nowUs, kind: 'return', from: this.#nodeNumber, text });
    }
    this.#open--;
    if (this.#open === 0) this.start();
  }
}

/** A call in a few words, such as `c1 put siblings x0 = v7 for v3 v4`. */
export function nameOfConflict({ client, plan, finishes, covers }: ConflictCall): string {
  const { call, bucket, key, value } = (finishes ?? { plan }).plan;
  const verb = finishes === undefined ? call : 'resolve';
  const what = call === 'put' ? ` = v${value}` : '';
  const instead = covers.length === 0 ? '' : ` for ${covers.map((each) => `v${each}`).join(' ')}`;
  return `c${client} ${verb} ${bucket} ${key}${what}${instead}`;
}

/** How a merge, or a read, ends. */
type Ended<View> = { readonly outcome: 'ok'; readonly value: View } | Ending;
type Ending =
  | { readonly outcome: 'absent' | 'unavailable' }
  | { readonly outcome: 'unknown'; readonly operationId: string; readonly isFinal?: boolean };

function untold(result: Ending | { readonly outcome: 'ok' }): Told {
  if (result.outcome === 'unknown') {
    const { operationId, isFinal } = result;
    return { outcome: isFinal === true ? 'lost' : 'unknown', seen: undefined, operationId };
  }
  const { outcome } = result;
  return { outcome, seen: outcome === 'absent' ? { numbers: [] } : undefined, operationId: undefined };
}

function toldOfSiblings(result: SiblingRead | SiblingWrite): Told {
  if (result.outcome !== 'ok' && result.outcome !== 'conflict') return untold(result);
  const { context, values } = result;
  const outcome = result.outcome === 'ok' ? 'ok' : 'full';
  return { outcome, seen: siblingsIn(values), operationId: undefined, context };
}

function numbersIn(kind: Exclude<ConflictBucket, 'siblings'>, map: CausalMap): SeenNumbers {
  if (kind === 'counter') return countedIn(countOf(map));
  return kind === 'set' ? elementsIn(elementsOf(map)) : inMap(viewOf(map));
}

function putInMap(value: number): ReturnType<typeof IN_MAP.remove> {
  const kind = kindInMap(value);
  if (kind === 'counter') return IN_MAP.add(COUNTER_NAME, amountOf(value));
  return kind === 'set' ? IN_MAP.include(SET_NAME, value) : IN_MAP.set(registerName(value), value);
}

function deleteInMap(value: number): ReturnType<typeof IN_MAP.remove> {
  return kindInMap(value) === 'set' ? IN_MAP.exclude(SET_NAME, value) : IN_MAP.remove(registerName(value));
}
