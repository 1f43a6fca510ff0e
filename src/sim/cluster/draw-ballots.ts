// What is proposed in few runs: proposals that exclude each other because there is a limit, the same one from several
// clients, thresholds that all or few voters meet, and voters that say no or nothing.
import { below } from '../../base/random.ts';
import type { Random } from '../../base/random.ts';
import { between, happens, pick } from '../engine/chance.ts';
import { placesOf } from './plan.ts';
import type { ClusterPlan, ProposalPlan } from './plan.ts';

/** Share of runs in which somebody proposes. */
const BALLOTS_RATE = 0.2;
const CLIENTS = 3;
const PROPOSALS_MAX = 3;

/** Draws the proposals of a run; `undefined` where there are none. */
export function drawBallots(random: Random, cluster: ClusterPlan, stormUs: number): ProposalPlan[] | undefined {
  return happens(random, BALLOTS_RATE) ? drawProposals(random, cluster, stormUs) : undefined;
}

/** Draws the proposals of a run that has some. */
export function drawProposals(random: Random, cluster: ClusterPlan, stormUs: number): ProposalPlan[] {
  const topics = pick(random, [1, 1, 2]);
  const nameRate = pick(random, [0, 0, 0.5]);
  const againRate = pick(random, [0, 0.3]);
  const refusedRate = pick(random, [0, 0.3, 0.6]);
  const cancelRate = pick(random, [0, 0, 0.2]);
  const thinkUs = pick(random, [0, 1_000, Math.floor(stormUs / PROPOSALS_MAX)]);
  const timeoutMs = pick(random, [[400], [30, 150, 400]]);
  const proposals: ProposalPlan[] = [];
  for (let client = 0; client < CLIENTS; client++) {
    for (let left = between(random, 1, PROPOSALS_MAX); left > 0; left--) {
      const isAgain = happens(random, againRate);
      proposals.push({
        client,
        topic: `t${below(random, topics)}`,
        amount: between(random, 1, 15),
        refusedBy: happens(random, refusedRate) ? someOf(random, cluster) : 0,
        unsure: happens(random, refusedRate / 2) ? someOf(random, cluster) : 0,
        thinkUs: thinkUs === 0 ? 0 : between(random, 0, 2 * thinkUs),
        timeoutMs: pick(random, timeoutMs),
        retries: between(random, 0, 3),
        ...drawRule(random, cluster),
        ...(happens(random, nameRate) && { id: `p${below(random, CLIENTS)}` }),
        ...(isAgain && { isAgain }),
        ...(happens(random, cancelRate) && { cancelAfterUs: between(random, 0, pick(random, [300, 5_000, 50_000])) }),
      });
    }
  }
  return proposals;
}

function someOf(random: Random, cluster: ClusterPlan): number {
  return below(random, 2 ** placesOf(cluster)) & below(random, 2 ** placesOf(cluster));
}

/** Who must agree. Where members change some rules fit them no longer: then the proposal ends, and says so. */
function drawRule(
  random: Random,
  { replicas }: ClusterPlan,
): Pick<ProposalPlan, 'threshold' | 'weights' | 'vetoes' | 'quorum'> {
  switch (pick(random, RULES)) {
    case 'majority':
      return {};
    case 'some':
      return { threshold: between(random, 1, replicas) };
    case 'share':
      return { threshold: pick(random, ['1/2', '2/3', '3/4'] as const) };
    case 'unanimous':
      return { threshold: 'unanimous' };
    case 'vetoes':
      return { threshold: 'majority', vetoes: [below(random, replicas)] };
    case 'weights': {
      const weights = Array.from({ length: replicas }, () => between(random, 1, 4));
      return { threshold: pick(random, ['majority', '2/3'] as const), weights };
    }
    case 'quorum':
    default: {
      const set = (): number => below(random, 2 ** replicas) | (1 << below(random, replicas));
      return { quorum: { voters: replicas, sets: [set(), set()] } };
    }
  }
}

const RULES = ['majority', 'majority', 'some', 'some', 'share', 'unanimous', 'vetoes', 'weights', 'quorum'] as const;
