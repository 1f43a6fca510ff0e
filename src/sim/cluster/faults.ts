// Lets the faults of a plan happen. A fault that cannot happen, such as the death of a dead replica or one death more
// than the quorums survive, does not happen.
import { unreachable } from '../../base/assert.ts';
import type { Membership } from '../../quorum/configuration.ts';
import type { RegisterSystemOptions } from '../../quorum/register-systems.ts';
import { Electorate } from '../../replica/electorate.ts';
import { changeTarget } from './change-target.ts';
import type { FaultPlan } from './plan.ts';
import type { SimCluster } from './sim-cluster.ts';

/** Schedules the faults of a cluster's plan. */
export function scheduleFaults(cluster: SimCluster): void {
  for (const fault of cluster.plan.faults) {
    cluster.engine.schedule(fault.atUs, -1, () => {
      if (cluster.isStorm) strike(cluster, fault);
    });
  }
}

/**
 * Whether the quorums survive that this replica loses its memory now. Its death is seen a while after: by then the new
 * members may decide alone, where a change waits for the replicas to be compared.
 */
function maySurvive({ configurations, operational, supervisor }: SimCluster, replica: number): boolean {
  const left = operational & ~supervisor.doomed & ~(1 << replica);
  // One that recovers holds nothing: it may die at any time.
  if (((operational >>> replica) & 1) === 0) return true;
  const { current, next } = configurations.read();
  const sides = supervisor.changes.isComparing ? [current, next!] : [current];
  return sides.every((side) => !isLost(side, side.members & ~left));
}

function isLost(current: Membership, gone: number): boolean {
  return new Electorate({ number: 0, phase: 'stable', current }).isLost(gone);
}

function strike(cluster: SimCluster, fault: FaultPlan): void {
  const { engine, network, replicas, coordinators, places } = cluster;
  const later = (forUs: number, undo: () => void): void => void engine.schedule(forUs, -1, undo);
  switch (fault.kind) {
    case 'crash':
      if (fault.node >= places || replicas[fault.node]!.replica === undefined) return;
      if (!maySurvive(cluster, fault.node)) return;
      cluster.supervisor.crash(fault.node);
      break;
    case 'lose':
      for (let replica = 0; replica < places; replica++) {
        if (((fault.nodes >>> replica) & 1) === 1) cluster.supervisor.crash(replica);
      }
      cluster.resetsToCome++;
      cluster.mayLoseState = true;
      later(fault.forUs, () => {
        if (!cluster.isStorm) return; // It was called for when the storm ended.
        cluster.resetsToCome--;
        cluster.supervisor.reset();
      });
      break;
    case 'crash-at': {
      const { point, nth, loses } = fault;
      const node = replicas[fault.node];
      node?.armed.push({ point, left: nth, loses, mayStrike: () => maySurvive(cluster, fault.node) });
      return; // Counted when it strikes.
    }
    case 'pause': {
      const node = nodeOf(cluster, fault.node);
      if (node.isPaused) return;
      node.pause();
      later(fault.forUs, () => node.resume());
      break;
    }
    case 'slow': {
      const node = replicas[fault.node];
      if (node === undefined) return;
      node.slowFactor = fault.factor;
      later(fault.forUs, () => void (node.slowFactor = 1));
      break;
    }
    case 'cut':
      later(fault.forUs, network.cut(fault.from, fault.to, fault.messages));
      break;
    case 'clog':
      later(fault.forUs, network.clog(fault.from, fault.to, fault.messages));
      break;
    case 'leap':
      nodeOf(cluster, fault.node).clock.leap(fault.byMs);
      break;
    case 'freeze':
      nodeOf(cluster, fault.node).clock.freeze(engine.nowUs, fault.forUs);
      break;
    case 'drift':
      nodeOf(cluster, fault.node).clock.setRate(engine.nowUs, fault.rate);
      break;
    case 'leave': {
      const coordinator = coordinators[fault.node - places];
      if (coordinator === undefined || coordinators.filter(({ isGone }) => !isGone).length < 2) return;
      coordinator.leave();
      for (const watch of cluster.watches) watch.left();
      break;
    }
    case 'change': {
      const target = changeTarget(cluster.configurations.read(), fault, places);
      if (target === undefined) return;
      const isBegun = cluster.supervisor.beginChange(target, fault.forUs, Math.max(0, fault.node - places));
      engine.sometimes('a change of members is refused while another is under way', !isBegun);
      if (!isBegun) return;
      break;
    }
    default:
      return unreachable(fault);
  }
  engine.countFault(fault.kind);
  noteFault(cluster, fault);
}

function nodeOf({ replicas, coordinators, places }: SimCluster, node: number): Afflicted {
  return replicas[node] ?? coordinators[node - places]!;
}

type Afflicted = SimCluster['replicas'][number] | SimCluster['coordinators'][number];

function noteFault({ engine }: SimCluster, fault: FaultPlan): void {
  if (!engine.trace.isKept || fault.kind === 'crash') return; // Crashes are noted where they happen.
  const from = 'node' in fault ? fault.node : -1;
  engine.trace.add({ atUs: engine.nowUs, kind: 'fault', from, text: describeFault(fault, engine.trace.nodes) });
}

/** Such as `write {"kind":"threshold","voters":3,"needed":2}`. */
function systemsText(quorum: RegisterSystemOptions): string {
  const { read, write, prepare } = quorum;
  const named = Object.entries({ read, write, prepare }).filter(([, system]) => system !== undefined);
  return named.map(([name, system]) => `${name} ${JSON.stringify(system)}`).join(', ');
}

/** A fault in a few words, such as `cut A0 A1 > C0 for 20 ms`. */
function describeFault(fault: FaultPlan, nodes: readonly { readonly name: string }[]): string {
  const names = (mask: number): string =>
    nodes.flatMap(({ name }, node) => ((mask >>> node) & 1 ? [name] : [])).join(' ');
  const name = (node: number): string => nodes[node]?.name ?? `node ${node}`;
  switch (fault.kind) {
    case 'crash':
    case 'leave':
      return `${fault.kind} ${name(fault.node)}`;
    case 'lose':
      return `kill ${names(fault.nodes)}, reset ${fault.forUs / 1000} ms later`;
    case 'crash-at': {
      const lost = fault.loses === 'nothing' ? 'after' : `losing its ${fault.loses} of`;
      return `crash ${name(fault.node)} ${lost} ${fault.point} number ${fault.nth}`;
    }
    case 'pause':
    case 'freeze':
      return `${fault.kind} ${name(fault.node)} for ${fault.forUs / 1000} ms`;
    case 'slow':
      return `slow ${name(fault.node)} by ${fault.factor} for ${fault.forUs / 1000} ms`;
    case 'cut':
    case 'clog': {
      const what = fault.messages === undefined ? '' : ` (${fault.messages} only)`;
      return `${fault.kind} ${names(fault.from)} > ${names(fault.to)}${what} for ${fault.forUs / 1000} ms`;
    }
    case 'change': {
      const { add, remove, copies, writeMore, quorum, forUs } = fault;
      if (quorum !== undefined) {
        return `change members: remove ${names(remove) || 'none'}, ${systemsText(quorum)}, within ${forUs / 1000} ms`;
      }
      const sizes = `${copies === undefined ? '' : `, ${copies} copies`}${writeMore ? `, W +${writeMore}` : ''}`;
      return `change members: add ${add}, remove ${names(remove) || 'none'}${sizes}, within ${forUs / 1000} ms`;
    }
    case 'leap':
      return `clock of ${name(fault.node)} leaps ${fault.byMs} ms`;
    case 'drift':
      return `clock of ${name(fault.node)} runs at ${fault.rate}`;
    default:
      return unreachable(fault);
  }
}
