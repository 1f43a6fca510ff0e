// Plans in which clients scan while writes and deletions reach few replicas: what one replica alone has of a key is
// what the rules of scans are about, and random faults make that seldom.
import { below } from '../../src/base/random.ts';
import { drawPlan } from '../../src/sim/cluster/draw-plan.ts';
import type { FaultPlan, OperationPlan, SimPlan } from '../../src/sim/cluster/plan.ts';
import { between, pick, streamOf } from '../../src/sim/engine/chance.ts';

const REPLICAS = 3;
const CLIENTS = 3;
const CUTS = 12;
/** How far cuts are apart, and how long they last, in microseconds. */
const APART_US = [500, 10_000] as const;
const CUT_US = [5_000, 60_000] as const;
const THINK_US_MAX = 12_000;

/** A plan of three replicas and three client threads. */
export function scanPlan(seed: number): SimPlan {
  const random = streamOf(seed, -1, 'scans');
  const cluster = { replicas: REPLICAS, coordinators: CLIENTS };
  const plan = drawPlan(seed, 'partition-storm', { clients: CLIENTS, operations: 10, keys: 1, writes: 0.4, cluster });
  const { collectAfterUs: _, ...kept } = plan.cluster;
  const faults: FaultPlan[] = [];
  let atUs = kept.loadUs;
  for (let cut = 0; cut < CUTS; cut++) {
    atUs += between(random, ...APART_US);
    const forUs = between(random, ...CUT_US);
    const from = 1 << (REPLICAS + below(random, CLIENTS));
    const to = pick(random, [0b010, 0b110, 0b110, 0b001, 0b101, 0b100]);
    faults.push({
      kind: 'cut',
      atUs,
      forUs,
      from,
      to,
      messages: pick(random, ['accept', 'accept', 'accept', 'inquire']),
    });
  }
  const operations = plan.operations.map(({ client, call: drawn, value }): OperationPlan => {
    const isRead = drawn === 'get' || drawn === 'scan';
    const call = isRead ? pick(random, ['scan', 'get'] as const) : pick(random, ['put', 'delete'] as const);
    const key = call === 'scan' ? 'k' : `k${below(random, 2)}`;
    // Writes that give up have reached those that they reach.
    const timeoutMs = isRead ? 1000 : pick(random, [5, 20, 100]);
    return {
      client,
      call,
      key,
      value,
      level: 'quorum',
      timeoutMs,
      thinkUs: between(random, 0, THINK_US_MAX),
      joins: false,
    };
  });
  const network = { ...plan.network, lossRate: 0, lossyRate: 0 };
  return { ...plan, cluster: kept, network, operations, faults };
}
