// Which reads few plans make otherwise than of one key at the quorum: scans, page by page, and reads that may be stale.
import { below } from '../../base/random.ts';
import type { Random } from '../../base/random.ts';
import { happens, pick } from '../engine/chance.ts';
import type { OperationPlan } from './plan.ts';

type Drawn = { -readonly [Name in keyof OperationPlan]: OperationPlan[Name] };

const SCANS_RATE = 0.15;
const STALE_RATE = 0.15;

/** Keys that scans go through, some of which begin alike. */
const KEYS = ['k0', 'k1', 'k10', 'k2', 'k11', 'k3'] as const;
const PREFIXES = ['k', 'k', 'k', 'k1'] as const;

/** Values that expire in some plans with reads that may be stale. */
const EXPIRES_RATE = 0.3;

/** What the caller of {@link drawReads} has drawn. */
export interface ReadScope {
  /** Whether replicas have memory for more keys, and rings room for lists of keys. */
  readonly hasRoom: boolean;
  /** Whether the keys are the caller's choice. */
  readonly areKeysGiven: boolean;
}

/** Draws them. @returns how much each client caches; `undefined` for as much as in production. */
export function drawReads(operations: readonly Drawn[], random: Random, scope: ReadScope): number | undefined {
  if (scope.hasRoom && happens(random, SCANS_RATE)) drawScans(operations, random, scope);
  return happens(random, STALE_RATE) ? drawStaleReads(operations, random, scope) : undefined;
}

function drawScans(operations: readonly Drawn[], random: Random, { areKeysGiven }: ReadScope): void {
  const rate = pick(random, [0.3, 0.6]);
  const keys = pick(random, [2, 3, KEYS.length]);
  const prefix = pick(random, PREFIXES);
  const limits = pick(random, [[1], [1, 2, 3], [undefined]]);
  const deleteRate = pick(random, [0, 0.3]);
  for (const operation of operations) {
    if (!areKeysGiven) operation.key = KEYS[below(random, keys)]!;
    if (operation.call === 'put' && happens(random, deleteRate)) operation.call = 'delete';
    if (operation.call !== 'get' || !happens(random, rate)) continue;
    const begin = pick(random, ['first', 'page', 'page', 'key']);
    if (begin !== 'first') operation.after = begin === 'page' ? 'page' : { key: operation.key };
    operation.call = 'scan';
    if (operation.level === 'available') operation.level = 'quorum';
    operation.key = prefix;
    const limit = pick(random, limits);
    if (limit !== undefined) operation.limit = limit;
  }
}

function drawStaleReads(operations: readonly Drawn[], random: Random, scope: ReadScope): number | undefined {
  const maxStaleMs = pick(random, [[undefined], [2, 10], [10, 50], [200]]);
  const maxStaleVersions =
    maxStaleMs[0] === undefined || happens(random, 0.3) ? pick(random, [[0], [0, 1, 2]]) : [undefined];
  const keys = pick(random, [1, 1, 2]);
  const manyRate = pick(random, [0, 0.5]);
  const isExpiring = happens(random, EXPIRES_RATE) && !operations.some(({ session }) => session !== undefined);
  const ttlMs = pick(random, [[5], [10, 40]]);
  const handedRate = pick(random, [0, 0.4]);
  for (const [place, operation] of operations.entries()) {
    if (!scope.areKeysGiven && operation.call !== 'scan') operation.key = `k${below(random, keys)}`;
    const mayExpire = operation.call === 'put' && operation.level !== 'available' && operation.ttlMs === undefined;
    if (isExpiring && mayExpire) operation.ttlMs = pick(random, ttlMs);
    if (operation.session !== undefined && happens(random, handedRate)) operation.session = 'handed';
    if (operation.call !== 'get') continue;
    operation.level = 'quorum';
    const stale = { ms: pick(random, maxStaleMs), versions: pick(random, maxStaleVersions) };
    if (stale.ms !== undefined) operation.maxStaleMs = stale.ms;
    if (stale.versions !== undefined) operation.maxStaleVersions = stale.versions;
    // Several at once, as getMany reads them.
    if (operations[place - 1]?.client === operation.client) operation.joins ||= happens(random, manyRate);
  }
  return pick(random, [undefined, undefined, 400]);
}
