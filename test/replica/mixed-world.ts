// Random runs of all that works on the same registers at once: puts, deletions, changes, sessions, scans and repairs,
// while replicas restart, messages are lost or late, and two collectors erase deletions that are hardly old. Each key
// must be linearizable.
import { checkLinearizable } from '../../src/check/linearizability.ts';
import { ANY } from '../../src/check/model.ts';
import { registerModel } from '../../src/check/models/register.ts';
import { below } from '../../src/base/random.ts';
import type { Random } from '../../src/base/random.ts';
import { RULES } from '../../src/protocol/rules.ts';
import type { Rules } from '../../src/protocol/rules.ts';
import type { RegisterQuorums } from '../../src/quorum/index.ts';
import type { ClientCore } from '../../src/replica/client-core.ts';
import { Collector } from '../../src/replica/collector.ts';
import type { SessionMaker } from '../../src/replica/session-maker.ts';
import { CoreCluster } from './core-cluster.ts';
import type { CoreCall } from './core-cluster.ts';

/** Those that call, and those that keep house. */
const CALLERS = 3;
const HOUSEKEEPERS = [3, 4];
const KEYS = ['a', 'b'];
const STEPS = 300;
const DRAIN_STEPS = 4000;
const LOSES_NOTHING = 2 ** 30;
const CALLS_MAX = 24;
const AFTER_MS = [1, 5, 20] as const;
const TIMEOUT_MS = [40, 400, 4000] as const;

/** What a run is made with. */
export interface MixedOptions {
  readonly quorums: RegisterQuorums;
  readonly rules?: Rules;
}

/** One call, as its caller sees it. */
interface Seen {
  readonly client: number;
  readonly kind: 'put' | 'get' | 'update' | 'scan';
  readonly key: string;
  /** What it writes; `null` deletes. */
  readonly value: string | null;
  call: CoreCall;
  readonly start: number;
  end: number;
  hasEnded: boolean;
}

/** A random run. @returns what is wrong with it; `undefined` where nothing is. */
export function mixedProblem(random: Random, options: MixedOptions): string | undefined {
  const run = new MixedRun(random, options);
  for (let step = 0; step < STEPS; step++) run.step();
  return run.finish();
}

class MixedRun {
  readonly #random: Random;
  readonly #cluster: CoreCluster;
  readonly #collectors: readonly Collector[];
  readonly #sessions: SessionMaker[];
  readonly #seen: Seen[] = [];
  readonly #lossOneOf: number;
  readonly #timeoutMs: number;
  readonly #restartsOneOf: number;
  #position = 0;

  constructor(random: Random, { quorums, rules = RULES }: MixedOptions) {
    this.#random = random;
    const repairsReads = below(random, 2) === 0;
    const cluster = new CoreCluster({ quorums, clients: CALLERS + HOUSEKEEPERS.length, rules, repairsReads });
    this.#cluster = cluster;
    const { tags, erased, epochs } = cluster;
    const afterMs = AFTER_MS[below(random, AFTER_MS.length)]!;
    this.#collectors = HOUSEKEEPERS.map(
      (client) => new Collector({ core: cluster.core(client), tags, erased, epochs, rules, afterMs, restMs: 5 }),
    );
    this.#sessions = Array.from({ length: CALLERS }, (_, client) =>
      cluster.core(client).session('mixed', { readLevel: 'quorum' }),
    );
    this.#lossOneOf = 4 + below(random, 40);
    this.#timeoutMs = TIMEOUT_MS[below(random, TIMEOUT_MS.length)]!;
    this.#restartsOneOf = quorums.recoverFrom < quorums.replicas ? 1 + below(random, 30) : 0;
  }

  step(): void {
    const random = this.#random;
    const cluster = this.#cluster;
    const chance = below(random, 40);
    if (chance < 5) this.#begin();
    else if (chance < 12) this.#keepHouse();
    else if (chance < 14) cluster.pass([1, 5, 13, 100][below(random, 4)]!);
    else if (chance === 14) this.#restart();
    else if (chance === 15) this.#fallAsleep();
    else if (chance === 16) this.#repair();
    else cluster.wander(random, this.#lossOneOf);
    this.#note();
  }

  /** Everything arrives, and every key is read. */
  finish(): string | undefined {
    const cluster = this.#cluster;
    cluster.asleep.clear();
    // Not in the order of sending, and not in no time: there, who finishes what others write could go on for ever.
    for (let step = 0; cluster.underWay > 0 && step < DRAIN_STEPS; step++) {
      if (step % 40 === 0) cluster.pass(1);
      else cluster.wander(this.#random, LOSES_NOTHING);
      this.#note();
    }
    cluster.settle();
    this.#note();
    for (const key of KEYS) {
      for (let client = 0; client < 2; client++)
        this.#add({ client, kind: 'get', key }, (core) => core.get(key, undefined));
      cluster.settle();
      this.#note();
    }
    const history = this.#seen.flatMap((seen) => operationsOf(seen));
    const verdict = checkLinearizable(history, registerModel());
    return verdict.verdict === 'illegal' ? `illegal: ${verdict.explanation.text}` : undefined;
  }

  #begin(): void {
    const random = this.#random;
    if (this.#seen.length >= CALLS_MAX) return;
    const client = below(random, CALLERS);
    if (this.#cluster.asleep.has(client)) return;
    const key = KEYS[below(random, KEYS.length)]!;
    const session = this.#sessions[client]!;
    const isOfSession = below(random, 3) === 0;
    const options = { timeoutMs: this.#timeoutMs };
    const value = below(random, 5) < 3 ? null : `v${this.#seen.length}`;
    const made = { client, key, value };
    switch (below(random, 6)) {
      case 0:
      case 1:
        return this.#add({ ...made, kind: 'put' }, (core) => {
          const maker = isOfSession ? session : core;
          return value === null ? maker.delete(key, options) : maker.put(key, value, options);
        });
      case 2:
      case 3: {
        // What it has made tells what it was made of; which of its tries has landed, its caller does not know.
        const update = (found: unknown): string | undefined =>
          value === null ? undefined : `${value}<${nameOf(found) ?? ''}`;
        return this.#add({ ...made, kind: 'update' }, (core) =>
          (isOfSession ? session : core).update(key, update, options),
        );
      }
      case 4:
        return this.#add({ client, key, kind: 'get' }, (core) => (isOfSession ? session : core).get(key, options));
      default:
        return this.#add({ client, key, kind: 'scan' }, (core) => core.scan('', { timeoutMs: this.#timeoutMs }));
    }
  }

  #add(made: Pick<Seen, 'client' | 'kind' | 'key'> & Partial<Seen>, make: (core: ClientCore) => Made): void {
    const start = this.#position++;
    const call = this.#cluster.call(made.client, make);
    this.#seen.push({ value: null, call, start, end: Number.POSITIVE_INFINITY, hasEnded: false, ...made });
  }

  #note(): void {
    for (const seen of this.#seen) {
      const { call, hasEnded } = seen;
      if (hasEnded || (call.result === undefined && call.error === undefined)) continue;
      seen.hasEnded = true;
      seen.end = this.#position++;
    }
  }

  #keepHouse(): void {
    const place = below(this.#random, HOUSEKEEPERS.length);
    this.#collectors[place]!.turn(this.#cluster.nowMs);
    const client = HOUSEKEEPERS[place]!;
    this.#cluster.flush(client);
    if (below(this.#random, 3) > 0) this.#cluster.settleOf(client); // Else much of it would be overtaken.
  }

  #restart(): void {
    const cluster = this.#cluster;
    if (this.#restartsOneOf === 0 || below(this.#random, this.#restartsOneOf) > 0) return;
    cluster.restart(below(this.#random, cluster.keys.length));
  }

  /** A client stands still for a while, or goes on. */
  #fallAsleep(): void {
    const client = below(this.#random, CALLERS);
    if (!this.#cluster.asleep.delete(client)) this.#cluster.asleep.add(client);
  }

  #repair(): void {
    if (below(this.#random, 4) > 0) return;
    const [client] = HOUSEKEEPERS;
    const deadlineMs = this.#cluster.nowMs + 500;
    this.#cluster
      .core(client!)
      .repairer({ deadlineMs, end: () => {} })
      .start();
    this.#cluster.flush(client!);
  }
}

type Made = ReturnType<Parameters<CoreCluster['call']>[1]>;

interface HistoryOperation {
  readonly process: string;
  readonly key: string;
  readonly call: string;
  readonly input: unknown;
  readonly output: unknown;
  readonly start: number;
  readonly end: number;
}

/** A call as the checker sees it: what certainly did nothing is left out, what may have happened has no end. */
function operationsOf({ client, kind, key, value, call, start, end }: Seen): HistoryOperation[] {
  const { result, error } = call;
  const outcome = fieldOf(result, 'outcome');
  const at = { process: `c${client}.${start}`, key, input: undefined, output: undefined, start, end };
  const isDone = outcome === 'ok' || outcome === 'absent';
  if (kind === 'scan') return isDone ? KEYS.map((each) => readOf(at, each, result)) : [];
  if (kind === 'get') return isDone ? [{ ...at, call: 'read', output: nameOf(fieldOf(result, 'value')) }] : [];
  if (error !== undefined || outcome === 'unavailable') return [];
  if (kind === 'put') return [{ ...at, call: 'write', input: value, end: isDone ? end : Number.POSITIVE_INFINITY }];
  if (isDone) return [{ ...at, call: 'exchange', input: value, output: foundBy(fieldOf(result, 'value')) }];
  return [{ ...at, call: 'exchange', input: value, output: ANY, end: Number.POSITIVE_INFINITY }];
}

function readOf(at: Omit<HistoryOperation, 'call'>, key: string, page: unknown): HistoryOperation {
  return { ...at, key, call: 'read', output: listed(page, key) };
}

/** What was written, without what it was made of. */
function nameOf(value: unknown): string | null {
  return typeof value === 'string' ? value.split('<')[0]! : null;
}

/** What an update has found; of one that deletes nobody knows. */
function foundBy(value: unknown): unknown {
  return typeof value === 'string' ? value.split('<')[1]! || null : ANY;
}

function listed(page: unknown, key: string): unknown {
  const entries = fieldOf(page, 'entries');
  const entry: unknown = Array.isArray(entries)
    ? entries.find((each: unknown) => fieldOf(each, 'key') === key)
    : undefined;
  return nameOf(fieldOf(entry, 'value'));
}

function fieldOf(result: unknown, name: string): unknown {
  return typeof result === 'object' && result !== null ? Reflect.get(result, name) : undefined;
}
