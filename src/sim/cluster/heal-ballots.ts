// The end of the ballots of a run, in a healed core: the registers are read, every voter comes to know what they hold
// though nobody proposes any more, and a proposal that all agree to is committed.
import { votersIn } from '../../quorum/quorum-system.ts';
import { heldValue } from '../../replica/results.ts';
import type { Operation } from '../../replica/operation.ts';
import { decisionIn } from '../../replica/proposal.ts';
import { bucketOfTopic, placeKey } from '../../replica/topic-rules.ts';
import type { Decision } from '../../store/topic.ts';
import type { CoordinatorNode } from './coordinator-node.ts';
import type { SimBallots } from './sim-ballots.ts';
import type { SimCluster } from './sim-cluster.ts';

const TIMEOUT_MS = 5_000;
/** More than any run decides. */
const PLACES_MAX = 500;

/** Lets the run go on until something is so. @returns whether it is, in time. */
type RunUntil = (isOver: () => boolean) => boolean;

/** Lets the ballots of a run end. @returns what does not come about, though it must. */
export function endBallots(cluster: SimCluster, core: number, runUntil: RunUntil): string | undefined {
  const { ballots, coordinators, proposers } = cluster;
  const live = coordinators.find(({ isGone }) => !isGone);
  if (ballots === undefined || live === undefined) return undefined;
  ballots.resets = cluster.life.resets;
  const unread = readLogs(ballots, live, runUntil);
  if (unread !== undefined) return unread;
  if (cluster.chairIn(core)) {
    if (!runUntil(() => laggard(cluster, core) === undefined)) return laggard(cluster, core);
    cluster.engine.sometimes('voters are told of decisions though nobody proposes any more', true);
  }
  const before = ballots.proposals.length;
  const final = { amount: 0, refusedBy: 0, unsure: 0, thinkUs: 0, timeoutMs: TIMEOUT_MS, retries: 3, threshold: 1 };
  proposers.forEach((proposer, client) => {
    if (client < coordinators.length) {
      proposer.add(ballots.topics.map((topic) => ({ ...final, client, topic })));
    }
  });
  if (!runUntil(() => proposers.every(({ isDone }) => isDone))) return 'The last proposals do not end';
  for (const { result, plan, client } of ballots.proposals.slice(before)) {
    if (coordinators[client % coordinators.length]!.isGone) continue;
    const outcome = typeof result === 'object' ? result.outcome : String(result);
    if (outcome !== 'commit') return `What all agree to is not committed to ${plan.topic}: ${outcome}`;
  }
  const unreadAgain = readLogs(ballots, live, runUntil);
  if (unreadAgain !== undefined) return unreadAgain;
  if (!runUntil(() => laggard(cluster, core) === undefined)) return laggard(cluster, core);
  lookAtVoters(cluster);
  return undefined;
}

/** Notes what all voters hold now. */
export function lookAtVoters({ ballots, replicas, epochs }: SimCluster): void {
  if (ballots === undefined) return;
  replicas.forEach(({ desk }, voter) => {
    if (desk !== undefined) ballots.look(voter, epochs.epochOf(voter), desk.voters);
  });
}

/** Reads the registers of all topics, place by place up to an empty one. */
function readLogs(ballots: SimBallots, live: CoordinatorNode, runUntil: RunUntil): string | undefined {
  for (const topic of ballots.topics) {
    const log: Decision[] = [];
    for (let isOver = false; !isOver && log.length < PLACES_MAX;) {
      const read = readPlace(live, topic, log.length + 1, runUntil);
      if (typeof read === 'string') return read;
      if (read.decision === undefined) isOver = true;
      else log.push(read.decision);
    }
    ballots.logs.set(topic, log);
  }
  return undefined;
}

/** @returns the decision of a place, if it has one, or what is wrong. */
function readPlace(
  live: CoordinatorNode,
  topic: string,
  place: number,
  runUntil: RunUntil,
): string | { readonly decision: Decision | undefined } {
  let outcome = '';
  let decision: Decision | undefined;
  const operation = live.core.get(placeKey(place), { timeoutMs: TIMEOUT_MS }, bucketOfTopic(topic));
  operation.context = (ended: Operation): void => {
    ({ outcome } = ended);
    if (outcome === 'ok') decision = decisionIn(heldValue(ended.newest));
  };
  live.core.submit(operation);
  live.flush();
  runUntil(() => outcome !== '');
  return outcome === 'ok' || outcome === 'absent' ? { decision } : `Reading place ${place} of ${topic}: '${outcome}'`;
}

/** A voter of the core that lacks a decision, in words. */
function laggard({ ballots, replicas, engine }: SimCluster, core: number): string | undefined {
  for (const voter of votersIn(core)) {
    for (const [topic, { applied }] of replicas[voter]?.desk?.voters ?? []) {
      const decided = ballots?.logs.get(topic)?.length ?? 0;
      if (applied >= decided) continue;
      return `${engine.trace.nodes[voter]!.name} has applied ${applied} of ${decided} decisions of ${topic}`;
    }
  }
  return undefined;
}
