// After the storm of some runs, a client of the healed core repairs it: its replicas must then hold the same entries,
// ballot by ballot, whatever the storm has lost, refused or left to a single one.
import { below } from '../../base/random.ts';
import { compareBallots, isNone, mutableBallot, versionOf } from '../../protocol/ballot.ts';
import { hashOf } from '../../replica/key-bytes.ts';
import { Failure } from '../../replica/results.ts';
import type { RepairReport } from '../../store/repair.ts';
import type { CoordinatorNode } from './coordinator-node.ts';
import { heldNumber, keyText } from './probe.ts';
import type { Violation } from './judge.ts';
import type { SimCluster } from './sim-cluster.ts';

/** One run in so many is repaired: digests of thousands of leaves cost as much as the storm. */
const RUNS_PER_REPAIR = 4;
/** Time for a repair of all keys, where some replicas never answer, in milliseconds. */
const TIMEOUT_MS = 15_000;
/** Repairs until the replicas agree, and the time between two of them, in microseconds. */
const TRIES_MAX = 4;
const SETTLE_US = 200_000;
const EVENTS_MAX = 400_000;
/** Rings that hold answers about digests: those of some profiles hold next to nothing. */
const RING_BYTES = 65_536;

/** Repairs a core that has healed, in some runs. @returns what is wrong. */
export function repairCore(cluster: SimCluster, core: number): Violation | undefined {
  const { engine, coordinators, network } = cluster;
  const live = coordinators.find(({ isGone }) => !isGone);
  if (live === undefined || below(engine.random(-1, 'repair'), RUNS_PER_REPAIR) !== 0) return undefined;
  network.widen(RING_BYTES);
  let wrong: Violation | undefined;
  // What the storm has left under way may arrive behind a repair.
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    wrong = repairOnce(cluster, live) ?? judgeEntries(cluster, core);
    if (wrong?.kind !== 'convergence') return wrong;
    engine.run({ untilUs: engine.nowUs + SETTLE_US, eventsMax: EVENTS_MAX });
  }
  return wrong;
}

function repairOnce({ engine }: SimCluster, live: CoordinatorNode): Violation | undefined {
  let result: RepairReport | Failure | undefined;
  live.repair(TIMEOUT_MS, (ended) => (result = ended));
  const untilUs = engine.nowUs + 2_000 * TIMEOUT_MS;
  if (result === undefined) engine.run({ untilUs, eventsMax: EVENTS_MAX, isOver: () => result !== undefined });
  if (result === undefined) return { kind: 'liveness', text: 'A repair does not end' };
  if (result instanceof Failure) {
    return { kind: 'liveness', text: `A repair of a healed core fails: ${String(result.error)}` };
  }
  engine.sometimes('a repair hands on what a replica lacks', result.keysRepaired > 0);
  return undefined;
}

/** What replicas of the core hold differently; `undefined` where they hold the same. */
function judgeEntries({ replicas, erased, engine, electorate }: SimCluster, core: number): Violation | undefined {
  const floor = mutableBallot();
  erased.read(floor);
  const heldBy = new Map<string, Map<string, string>>();
  for (let index = 0; index < replicas.length; index++) {
    const { replica } = replicas[index]!;
    if (((core >>> index) & 1) === 0 || replica === undefined) continue;
    const { name } = engine.trace.nodes[index]!;
    for (const entry of replica.table.entries()) {
      const { accepted, root } = entry.register;
      const number = heldNumber(entry);
      // A deletion up to the floor may be erased at some of them already.
      if (isNone(accepted) || (number === 0 && compareBallots(accepted, floor) <= 0)) continue;
      const key = keyText(entry.key, entry.keyBytes);
      const of = heldBy.get(key) ?? new Map<string, string>();
      heldBy.set(key, of.set(name, `v${number} at ${versionOf(accepted)}, root ${versionOf(root)}`));
    }
  }
  for (const [key, of] of heldBy) {
    const homes = core & electorate.homesOf(hashOf(key));
    const names = engine.trace.nodes.filter((_, node) => ((homes >>> node) & 1) === 1).map(({ name }) => name);
    const held = names.map((name) => of.get(name) ?? 'nothing');
    if (new Set(held).size === 1) continue;
    const lines = names.map((name, place) => `${name} ${held[place]}`);
    return { kind: 'convergence', key, text: `After a repair replicas hold of ${key}: ${lines.join('; ')}` };
  }
  return undefined;
}
