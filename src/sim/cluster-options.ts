// What a caller may say about a simulated cluster, its clients and its faults.
import { integerOption, isQuorateError, rangeError, typeError } from '../base/errors.ts';
import { REPLICAS_MAX } from '../base/limits.ts';
import { quorumSystem } from '../quorum/quorum-system.ts';
import type { PlanChoices } from './cluster/draw-plan.ts';
import { placesOf } from './cluster/plan.ts';
import type { FailPoint, FaultPlan, MessageKind, SimPlan } from './cluster/plan.ts';

/** Nodes are bits of a mask, and a link is a number below 1024: 15 places for replicas and so many client threads. */
const COORDINATORS_MAX = 16;
/** All operations must end within the 20 virtual seconds of progress, under the slowest profile too. */
const CLIENTS_MAX = 16;
const OPERATIONS_MAX = 80;
const KEYS_MAX = 1000;

const TIME_US_MAX = 60_000_000;

/** What a field of a fault may be: a number, an integer, or one of a few names. Nodes depend on the cluster. */
type Field =
  | { readonly name: string; readonly min: number; readonly max: number; readonly mayLack?: true }
  | { readonly name: string; readonly is: 'node' | 'nodes' }
  | { readonly name: string; readonly is: 'systems' }
  | { readonly name: string; readonly oneOf: readonly (string | undefined)[] };

const NODE: Field = { name: 'node', is: 'node' };
const FOR: Field = { name: 'forUs', min: 0, max: TIME_US_MAX };
const POINTS: readonly FailPoint[] = ['accept', 'prepare', 'read', 'answer', 'operational'];
const MESSAGES: readonly (MessageKind | undefined)[] = [
  undefined,
  ...(['accept', 'read', 'prepare', 'recover', 'reply', 'promise', 'entry', 'chunk-end'] as const),
  ...(['inquire', 'inquiry-reply', 'vote'] as const),
];
const LINKS: readonly Field[] = [
  { name: 'from', is: 'nodes' },
  { name: 'to', is: 'nodes' },
  FOR,
  { name: 'messages', oneOf: MESSAGES },
];

/** Which fields each fault has, besides its moment. */
const FIELDS: Readonly<Record<FaultPlan['kind'], readonly Field[]>> = {
  crash: [NODE],
  'crash-at': [
    NODE,
    { name: 'point', oneOf: POINTS },
    { name: 'nth', min: 1, max: 1_000_000 },
    { name: 'loses', oneOf: ['answer', 'vote', 'nothing'] },
  ],
  lose: [{ name: 'nodes', is: 'nodes' }, FOR],
  pause: [NODE, FOR],
  slow: [NODE, FOR, { name: 'factor', min: 1, max: 1_000_000 }],
  cut: LINKS,
  clog: LINKS,
  leap: [NODE, { name: 'byMs', min: -1e9, max: 1e9 }],
  freeze: [NODE, FOR],
  drift: [NODE, { name: 'rate', min: 0, max: 1000 }],
  leave: [NODE],
  change: [
    NODE,
    FOR,
    { name: 'add', min: 0, max: REPLICAS_MAX },
    { name: 'remove', min: 0, max: 2 ** REPLICAS_MAX - 1 },
    { name: 'copies', min: 1, max: REPLICAS_MAX, mayLack: true },
    { name: 'writeMore', min: 0, max: REPLICAS_MAX, mayLack: true },
    { name: 'quorum', is: 'systems' },
  ],
};

/**
 * What is asked of a plan, once all of it is allowed; sizes and quorums of the cluster are looked at where it is drawn.
 *
 * @throws {RangeError | TypeError} `ERR_QUORATE_INVALID_ARGUMENT` with the name of what is not.
 */
export function checkedChoices(cluster: PlanChoices['cluster'], workload: Omit<PlanChoices, 'cluster'>): PlanChoices {
  for (const [name, value] of Object.entries({ cluster: cluster ?? {}, workload })) {
    if (typeof value !== 'object' || value === null) throw mistake(name, value, 'an object');
  }
  within('cluster.places', cluster?.places, REPLICAS_MAX);
  within('cluster.coordinators', cluster?.coordinators, COORDINATORS_MAX);
  within('workload.clients', workload.clients, CLIENTS_MAX);
  within('workload.operations', workload.operations, OPERATIONS_MAX);
  within('workload.keys', workload.keys, KEYS_MAX);
  const { writes = 0 } = workload;
  if (!(writes >= 0 && writes <= 1)) throw mistake('workload.writes', writes, 'a number from 0 to 1');
  return { ...workload, ...(cluster && { cluster }) };
}

function within(name: string, value: number | undefined, max: number): void {
  if (value !== undefined) integerOption(name, value, { min: 1, max });
}

/**
 * The plan with these faults in place of its own.
 *
 * @throws {RangeError | TypeError} `ERR_QUORATE_INVALID_ARGUMENT` with the name of what cannot be.
 */
export function withFaults(plan: SimPlan, faults: readonly FaultPlan[]): SimPlan {
  if (!Array.isArray(faults)) throw mistake('faults', faults, 'an array');
  const nodes = placesOf(plan.cluster) + plan.cluster.coordinators;
  for (const [index, fault] of faults.entries()) {
    const values: Readonly<Record<string, unknown>> = { ...fault };
    const { kind } = values;
    if (typeof kind !== 'string' || !isKind(kind)) {
      throw mistake(`faults[${index}].kind`, kind, `one of ${Object.keys(FIELDS).join(', ')}`);
    }
    for (const field of [{ name: 'atUs', min: 0, max: TIME_US_MAX }, ...FIELDS[kind]]) {
      const value = values[field.name];
      const allowed = allowedIn(field, nodes);
      if (!allowed.holds(value)) throw mistake(`faults[${index}].${field.name}`, value, allowed.text);
    }
  }
  return { ...plan, faults };
}

function isKind(kind: string): kind is FaultPlan['kind'] {
  return Object.hasOwn(FIELDS, kind);
}

function allowedIn(field: Field, nodes: number): { text: string; holds: (value: unknown) => boolean } {
  if ('oneOf' in field) {
    const names: readonly unknown[] = field.oneOf;
    return { text: `one of ${names.join(', ')}`, holds: (value) => names.includes(value) };
  }
  if ('is' in field && field.is === 'systems') {
    return { text: 'an object with quorum systems as read or write', holds: (value) => mayBeSystems(value) };
  }
  const isWhole = 'is' in field;
  const mayLack = 'mayLack' in field;
  const { min, max } = !isWhole
    ? field
    : field.is === 'node'
      ? { min: 0, max: nodes - 1 }
      : { min: 1, max: 2 ** nodes - 1 };
  return {
    text: `${isWhole ? 'an integer' : 'a number'} from ${min} to ${max}`,
    holds: (value) =>
      (mayLack && value === undefined) ||
      (typeof value === 'number' && value >= min && value <= max && (!isWhole || Number.isInteger(value))),
  };
}

/** What they are is looked at when the change begins: which are allowed, the members of then decide. */
function mayBeSystems(value: unknown): boolean {
  if (value === undefined) return true;
  if (typeof value !== 'object' || value === null) return false;
  const named = Object.entries(value).filter(([, system]) => system !== undefined);
  return named.length > 0 && named.every(([name, system]) => SYSTEM_NAMES.has(name) && isSystem(system));
}

const SYSTEM_NAMES: ReadonlySet<string> = new Set(['read', 'write', 'prepare']);

function isSystem(system: unknown): boolean {
  try {
    return quorumSystem(system).voters > 0;
  } catch (error) {
    if (isQuorateError(error)) return false;
    throw error;
  }
}

function mistake(name: string, value: unknown, allowed: string): RangeError | TypeError {
  const message = `Cannot use ${name} ${String(value)}: it must be ${allowed}`;
  const make = typeof value === 'number' || typeof value === 'string' ? rangeError : typeError;
  return make('ERR_QUORATE_INVALID_ARGUMENT', message);
}
