// A writer of the Prometheus text exposition format, as much of it as the service needs.
// Source: https://prometheus.io/docs/instrumenting/exposition_formats/, "Text-based format", version 0.0.4.
import { healthOf, membersOf, operationalOf } from './status.ts';
import type { ReplicaGauges, StoreCounters, StoreStatus } from './status.ts';

/** Labels of one sample; values may be any text. */
export type Labels = Readonly<Record<string, string | number>>;

/** One metric with its samples. */
export interface Metric {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly samples: readonly { readonly labels?: Labels; readonly value: number }[];
}

/** Writes metrics as text, each with its HELP and TYPE, ending in a line feed. Pure. */
export function writeMetrics(metrics: readonly Metric[]): string {
  const lines: string[] = [];
  for (const { name, type, help, samples } of metrics) {
    lines.push(`# HELP ${name} ${escape(help)}`, `# TYPE ${name} ${type}`);
    for (const { labels = {}, value } of samples) lines.push(`${name}${labelText(labels)} ${numberText(value)}`);
  }
  return `${lines.join('\n')}\n`;
}

type CounterRow = readonly [field: keyof StoreCounters, name: string, help: string];
const COUNTERS: readonly CounterRow[] = [
  ['gets', 'gets', 'Reads begun.'],
  ['puts', 'puts', 'Puts begun.'],
  ['deletes', 'deletes', 'Deletes begun.'],
  ['fastReads', 'fast_reads', 'Reads that returned in one round trip.'],
  ['slowReads', 'slow_reads', 'Reads that had to make the value stable first.'],
  ['fastWrites', 'fast_writes', 'Writes decided in one round trip.'],
  ['slowWrites', 'slow_writes', 'Writes finished through a prepare quorum.'],
  ['changes', 'changes', 'Rounds of changes begun: of one or more conditional writes of one key.'],
  ['fastChanges', 'fast_changes', 'Rounds of changes decided in one round trip.'],
  ['slowChanges', 'slow_changes', 'Rounds of changes that had to prepare.'],
  ['unknown', 'unknown_writes', 'Writes whose outcome stayed unknown.'],
  ['unavailable', 'unavailable', 'Operations that found no quorum.'],
  ['wakeUps', 'wake_ups', 'Times the serving thread was woken.'],
  ['replicaWakeUps', 'replica_wake_ups', 'Times a parked replica was woken.'],
  ['framesSent', 'frames_sent', 'Frames sent to replicas.'],
  ['framesResent', 'frames_resent', 'Frames sent again because no answer came.'],
  ['hedges', 'hedges', 'Reads sent to further replicas because an answer was late.'],
  ['answersDropped', 'answers_dropped', 'Answers to questions that nobody asked any more.'],
  ['cachedReads', 'cached_reads', 'Reads answered by what an earlier one had found.'],
  ['readRepairs', 'read_repairs', 'Reads that sent what they returned to replicas that were behind.'],
  ['repairedKeys', 'repaired_keys', 'Keys whose newest entry was handed to replicas that lacked it.'],
  ['omissionsRepaired', 'omissions_repaired', 'Keys repaired at replicas whose rings had been full.'],
  ['omissionsDropped', 'omissions_dropped', 'Keys to be repaired so that were dropped for want of room.'],
  ['hintsLost', 'hints_lost', 'Writes at level available that were given up.'],
];

/** The metrics of a store's counters. */
export function counterMetrics(counters: StoreCounters): Metric[] {
  return COUNTERS.map(([field, name, help]) => {
    return { name: `quorate_${name}_total`, type: 'counter', help, samples: [{ value: counters[field] }] };
  });
}

type ReplicaRow = readonly [field: keyof ReplicaGauges, name: string, type: Metric['type'], help: string];
const REPLICA_METRICS: readonly ReplicaRow[] = [
  ['epoch', 'quorate_replica_epoch', 'gauge', 'Incarnation of the replica.'],
  ['restarts', 'quorate_replica_restarts_total', 'counter', 'Restarts of the replica.'],
  ['unreadBytes', 'quorate_replica_unread_bytes', 'gauge', 'Bytes of requests that the replica has not read.'],
  ['handled', 'quorate_replica_handled', 'gauge', 'Frames handled since the thread of the replica started.'],
  ['keys', 'quorate_replica_keys', 'gauge', 'Keys that the replica holds.'],
  ['bytes', 'quorate_replica_bytes', 'gauge', 'Bytes of keys and values that the replica holds.'],
];

/** The metrics of a store's status. */
export function statusMetrics(status: StoreStatus): Metric[] {
  const { replicas } = status;
  const isUp = healthOf(status) !== 'unavailable';
  const perReplica = REPLICA_METRICS.map(([field, name, type, help]): Metric => {
    const samples = replicas.map((one) => ({ labels: { replica: one.replica }, value: Number(one[field]) }));
    return { name, type, help, samples };
  });
  const operational = replicas.map((one) => {
    return { labels: { replica: one.replica }, value: Number(one.state === 'operational') };
  });
  return [
    gauge('quorate_up', 'Whether quorums can be met.', Number(isUp)),
    gauge('quorate_replicas', 'Replicas that are members.', membersOf(status).length),
    gauge('quorate_replicas_operational', 'Members that serve.', operationalOf(status)),
    ...configurationMetrics(status),
    gauge('quorate_state_lost', 'Whether too many replicas lost their memory at once.', Number(status.stateLost)),
    gauge('quorate_clients', 'Client threads of the cluster.', status.clients),
    gauge('quorate_pending', 'Operations of this client that are pending.', status.pending),
    {
      name: 'quorate_replica_operational',
      type: 'gauge',
      help: 'Whether the replica serves.',
      samples: operational,
    },
    ...perReplica,
  ];
}

/** Who decides, and how many there could be. */
function configurationMetrics({ configuration, replicas, places, replicationFactor }: StoreStatus): Metric[] {
  const metrics: Metric[] = [];
  if (replicationFactor !== undefined) {
    metrics.push(gauge('quorate_replication_factor', 'Copies of each key.', replicationFactor));
  }
  if (places !== undefined) metrics.push(gauge('quorate_places', 'Most replicas that there can be.', places));
  if (configuration === undefined) return metrics;
  const { number, isChanging, members } = configuration;
  const samples = replicas.map(({ replica }) => ({ labels: { replica }, value: Number(members.includes(replica)) }));
  metrics.push(
    gauge('quorate_configuration', 'Number of the configuration in force; it grows as members change.', number),
    gauge('quorate_configuration_changing', 'Whether members change now.', Number(isChanging)),
    { name: 'quorate_replica_member', type: 'gauge', help: 'Whether the replica is a member.', samples },
  );
  return metrics;
}

/** A gauge without labels. */
export function gauge(name: string, help: string, value: number): Metric {
  return { name, type: 'gauge', help, samples: [{ value }] };
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => {
    return `${name}="${escape(String(value)).replaceAll('"', '\\"')}"`;
  });
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value);
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? '+Inf' : '-Inf';
}

function escape(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}
