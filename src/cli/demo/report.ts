// What the demo found, as one object for programs and as a table for people.
import { Histogram } from '../../base/histogram.ts';
import { clusterSizes } from '../../cluster/cluster-sizes.ts';
import { MEMBER_CHANGES } from '../../torture/member-choice.ts';
import type { MemberChangeCount } from '../../torture/member-changer.ts';
import type { Judge } from './judge.ts';
import { FAULTS, type Fault, type Kill } from './nemesis.ts';
import type { DemoOptions } from './plan.ts';
import { COUNTED, type Counted, type SharedRecord, type Timed } from './record.ts';
import type { Violation } from './verdict.ts';

/** Latencies of one kind of operation, in microseconds. */
export interface LatencyUs {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** What `--json` prints. */
export interface DemoSummary {
  readonly replicas: number;
  readonly seconds: number;
  readonly operations: number;
  readonly operationsPerSecond: number;
  readonly latencyUs: { readonly get: LatencyUs; readonly put: LatencyUs };
  readonly kills: Readonly<Record<Fault, number>>;
  /** From the kill until the replica voted again. */
  readonly recoveryMs: { readonly p50: number; readonly max: number };
  /** Changes of members that came about, those that were taken back, and the longest time that one took. */
  readonly memberChanges: { readonly done: number; readonly undone: number; readonly msMax: number };
  /** Longest time in which a client had requests in flight and none was completed. */
  readonly longestStallMs: number;
  readonly acknowledgedWrites: number;
  readonly lost: number;
  readonly stale: number;
  readonly unknown: number;
  readonly wakeUpsPerOperation: number;
  /** Resident memory of the whole process when the load ended. */
  readonly rssMb: number;
}

/** Operations by their kind. */
export interface DemoMix {
  readonly gets: number;
  readonly puts: number;
  readonly deletes: number;
  readonly updates: number;
  readonly compareAndSets: number;
  /** Compare-and-sets that found something else. */
  readonly conflicts: number;
  readonly increments: number;
  /** Changes of unknown outcome whose key was overwritten since, so that nobody can find out any more. */
  readonly unknownFinally: number;
}

/** A run, judged. */
export interface DemoReport {
  readonly summary: DemoSummary;
  readonly options: DemoOptions;
  /** Latencies of updates, compare-and-sets and increments; all zero where there were none. */
  readonly changeUs: LatencyUs;
  /** How often what was asked. */
  readonly mix: DemoMix;
  /** Kills that hit a replica with unread frames. */
  readonly killsWithUnread: number;
  /** For how long kills were due that the quorums would not have survived, in milliseconds. */
  readonly putOffMs: number;
  /** Changes of members that came about, by kind. */
  readonly memberChangeKinds: MemberChangeCount['kinds'];
  readonly unexpectedDeaths: number;
  readonly unavailable: number;
  /** Requests that ended with an error instead of an outcome, and the first such error. */
  readonly failed: number;
  readonly firstFailure: string | undefined;
  readonly rssPeakMb: number;
  readonly violations: readonly Violation[];
  /** Reasons beside lost and stale for which the run failed. */
  readonly failures: readonly string[];
  readonly isGood: boolean;
}

/** What a run left behind. */
export interface DemoRemains {
  readonly options: DemoOptions;
  readonly record: SharedRecord;
  readonly clients: number;
  readonly judge: Judge;
  readonly kills: readonly Kill[];
  readonly putOffMs: number;
  readonly memberChanges: MemberChangeCount;
  readonly unexpectedDeaths: number;
  readonly seconds: number;
  readonly wakeUps: number;
  readonly rss: number;
  readonly rssPeak: number;
  readonly failures: readonly string[];
  readonly firstFailure: unknown;
}

const MIB = 1024 * 1024;

/** Adds up a run. */
export function reportOf(remains: DemoRemains): DemoReport {
  const { options, judge, record, seconds } = remains;
  const clients = Array.from({ length: remains.clients }, (_, client) => client);
  const sum = (counter: Counted): number =>
    clients.reduce((total, client) => total + record.counted(client, counter), 0);
  const operations = sum(COUNTED.OPERATIONS);
  const dead = remains.kills.filter((kill) => kill.isDead);
  const recoveries = dead.flatMap(({ recoveryMs }) => (recoveryMs === undefined ? [] : [recoveryMs]));
  const stallUs = Math.max(...clients.map((client) => record.counted(client, COUNTED.STALL_US)));
  const { done, undone, msMax, kinds } = remains.memberChanges;
  const summary: DemoSummary = {
    replicas: clusterSizes(options.cluster).threads,
    seconds: round(seconds, 3),
    operations,
    operationsPerSecond: Math.round(operations / seconds),
    latencyUs: { get: latencyOf(record, clients, 'get'), put: latencyOf(record, clients, 'put') },
    kills: { terminate: 0, hang: 0, oom: 0, ...countFaults(dead) },
    recoveryMs: { p50: round(medianOf(recoveries), 1), max: round(Math.max(0, ...recoveries), 1) },
    memberChanges: { done, undone, msMax: round(msMax, 1) },
    longestStallMs: round(stallUs / 1000, 1),
    acknowledgedWrites: judge.acknowledgedWrites,
    lost: judge.lost,
    stale: judge.stale,
    unknown: sum(COUNTED.UNKNOWN),
    wakeUpsPerOperation: operations === 0 ? 0 : round(remains.wakeUps / operations, 4),
    rssMb: round(remains.rss / MIB, 1),
  };
  return {
    summary,
    options,
    changeUs: latencyOf(record, clients, 'change'),
    mix: {
      gets: sum(COUNTED.GETS),
      puts: sum(COUNTED.PUTS),
      deletes: sum(COUNTED.DELETES),
      updates: sum(COUNTED.UPDATES),
      compareAndSets: sum(COUNTED.COMPARES),
      conflicts: sum(COUNTED.CONFLICTS),
      increments: sum(COUNTED.INCREMENTS),
      unknownFinally: sum(COUNTED.UNKNOWN_FINALLY),
    },
    killsWithUnread: dead.filter(({ hadUnread }) => hadUnread).length,
    putOffMs: remains.putOffMs,
    memberChangeKinds: kinds,
    unexpectedDeaths: remains.unexpectedDeaths,
    unavailable: sum(COUNTED.UNAVAILABLE),
    failed: sum(COUNTED.FAILED),
    firstFailure: remains.firstFailure === undefined ? undefined : messageOf(remains.firstFailure),
    rssPeakMb: round(remains.rssPeak / MIB, 1),
    violations: judge.violations,
    failures: remains.failures,
    isGood: judge.lost === 0 && judge.stale === 0 && remains.failures.length === 0,
  };
}

/** How the table is printed: plain, or with colours. */
export type Paint = (style: 'bold' | 'dim' | 'green' | 'red' | 'yellow', text: string) => string;

/** The report as a person reads it. */
export function tableOf(report: DemoReport, paint: Paint): string {
  const { summary, options } = report;
  const label = (text: string): string => paint('dim', text.padEnd(15));
  const row = (name: string, text: string): string => `  ${label(name)}${text}`;
  const bad = (count: number): string => (count === 0 ? paint('green', '0') : paint('red', whole(count)));
  const lines = [
    '',
    paint('bold', headlineOf(summary)),
    row('cluster', clusterText(options)),
    row('workload', workloadText(options)),
    row('operations', `${whole(summary.operations)} in ${summary.seconds.toFixed(1)} s`),
    ...mixText(report.mix).map((text, at) => row(at === 0 ? 'mix' : '', text)),
    '',
    `  ${label('latency')}${['p50', 'p99', 'p99.9', 'max'].map((text) => paint('dim', text.padStart(10))).join('')}`,
    row('get', latencyText(summary.latencyUs.get)),
    row('put', latencyText(summary.latencyUs.put)),
    ...(hasChanges(report.mix) ? [row('change', latencyText(report.changeUs))] : []),
    row('longest stall', millis(summary.longestStallMs)),
    '',
    row('kills', killsText(report)),
    ...(report.putOffMs === 0 ? [] : [row('', putOffText(report))]),
    row(
      'recovery',
      `p50 ${millis(summary.recoveryMs.p50)}, max ${millis(summary.recoveryMs.max)} (kill until it votes)`,
    ),
    row('members', membersText(report)),
    row('wake-ups', `${summary.wakeUpsPerOperation} per operation`),
    row('memory', `${Math.round(summary.rssMb)} MiB, at most ${Math.round(report.rssPeakMb)} MiB`),
    '',
    row('acknowledged', `${whole(summary.acknowledgedWrites)} writes`),
    row('lost', bad(summary.lost)),
    row('stale', bad(summary.stale)),
    row('unknown', unknownText(report)),
    ...troubleRows(report, row),
    '',
    verdictText(report, paint),
    '',
  ];
  return lines.join('\n');
}

function troubleRows(report: DemoReport, row: (name: string, text: string) => string): string[] {
  const rows: string[] = [];
  if (report.unavailable > 0) rows.push(row('unavailable', `${whole(report.unavailable)} requests had no quorum`));
  if (report.failed > 0) {
    rows.push(row('failed', `${whole(report.failed)} requests, the first: ${report.firstFailure ?? 'unknown'}`));
  }
  if (report.unexpectedDeaths > 0) rows.push(row('other deaths', `${report.unexpectedDeaths} not killed by us`));
  for (const { kind, key, read, against } of report.violations) {
    rows.push(row(kind, `key ${key}: ${read}, against ${against}`));
  }
  for (const failure of report.failures) rows.push(row('failed', failure));
  return rows;
}

function verdictText(report: DemoReport, paint: Paint): string {
  const { seed } = report.options.plan;
  if (report.isGood) return paint('green', 'Nothing acknowledged was lost, and no read was stale.');
  return paint('red', `FAILED. Same load and kills again: --seed ${seed}`);
}

function headlineOf({ operationsPerSecond, kills, seconds }: DemoSummary): string {
  const killed = FAULTS.reduce((count, fault) => count + kills[fault], 0);
  const what = killed === 0 ? '' : ` while replicas were killed ${(killed / seconds).toFixed(1)} times a second`;
  return `${whole(operationsPerSecond)} operations per second${what}`;
}

function clusterText({ cluster }: DemoOptions): string {
  const { threads, replicas, read, write } = clusterSizes(cluster);
  const spread = threads === replicas ? '' : `N = ${replicas}, `;
  return `${threads} replicas, ${spread}R = ${read}, W = ${write}`;
}

function workloadText({ plan }: DemoOptions): string {
  const clients = `${plan.clients} threads with ${plan.concurrency} requests in flight each`;
  if (plan.trace !== undefined) return `${plan.trace.path}, values cut to ${plan.valueBytesMax} bytes, ${clients}`;
  return `YCSB A, B, F, mixed; ${whole(plan.keys)} zipfian keys, ${plan.valueBytes}-byte values, ${clients}`;
}

function hasChanges({ updates, compareAndSets, increments }: DemoMix): boolean {
  return updates + compareAndSets + increments > 0;
}

function mixText(mix: DemoMix): string[] {
  const blind = `${whole(mix.gets)} gets, ${whole(mix.puts)} puts, ${whole(mix.deletes)} deletes`;
  if (!hasChanges(mix)) return [blind];
  const compares = `${whole(mix.compareAndSets)} compare-and-sets (${whole(mix.conflicts)} conflicts)`;
  return [blind, `${whole(mix.updates)} updates, ${compares}, ${whole(mix.increments)} increments`];
}

function unknownText({ summary, mix }: DemoReport): string {
  const text = `${whole(summary.unknown)} writes that may or may not have happened`;
  return mix.unknownFinally === 0 ? text : `${text}; ${whole(mix.unknownFinally)} were changes, overwritten since`;
}

function killsText({ summary, killsWithUnread }: DemoReport): string {
  const total = FAULTS.reduce((count, fault) => count + summary.kills[fault], 0);
  if (total === 0) return 'none';
  const kinds = FAULTS.map((fault) => `${fault} ${summary.kills[fault]}`).join(', ');
  return `${total}: ${kinds}; ${killsWithUnread} hit a replica with unread frames`;
}

function putOffText({ putOffMs }: DemoReport): string {
  return `put off for ${millis(putOffMs)} in all, since the quorums would not have survived one more`;
}

function membersText({ summary, memberChangeKinds }: DemoReport): string {
  const { done, undone, msMax } = summary.memberChanges;
  if (done + undone === 0) return 'not changed';
  const kinds = MEMBER_CHANGES.flatMap((kind) => {
    return memberChangeKinds[kind] === 0 ? [] : [`${kind} ${memberChangeKinds[kind]}`];
  });
  const what = kinds.length === 0 ? '' : `: ${kinds.join(', ')}`;
  return `changed ${done} times${what}; ${undone} taken back, the longest took ${millis(msMax)}`;
}

function countFaults(kills: readonly Kill[]): Partial<Record<Fault, number>> {
  const counts: Partial<Record<Fault, number>> = {};
  for (const { fault } of kills) counts[fault] = (counts[fault] ?? 0) + 1;
  return counts;
}

function latencyOf(record: SharedRecord, clients: readonly number[], operation: Timed): LatencyUs {
  const all = new Histogram();
  for (const client of clients) all.add(record.latencies(client, operation));
  return { p50: all.percentile(0.5), p99: all.percentile(0.99), p999: all.percentile(0.999), max: all.max };
}

function latencyText({ p50, p99, p999, max }: LatencyUs): string {
  return [p50, p99, p999, max].map((us) => micros(us).padStart(10)).join('');
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}

function micros(us: number): string {
  return us < 1000 ? `${us} us` : millis(us / 1000);
}

function millis(ms: number): string {
  if (ms >= 10_000) return `${(ms / 1000).toFixed(1)} s`;
  return ms >= 100 ? `${Math.round(ms)} ms` : `${round(ms, ms < 10 ? 2 : 1)} ms`;
}

function whole(count: number): string {
  return count.toLocaleString('en-US');
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
