// A run as data: the cluster, what clients do, what goes wrong, how the network behaves. A seed and a profile make a
// plan; the shrinker takes parts out of one; a regression file is one. Everything is plain, so that it is JSON.
import type { ConflictPlan } from './conflict-plan.ts';
import type { WatchPlan } from './watch-plan.ts';

import type { RegisterSystemOptions } from '../../quorum/register-systems.ts';

/** Systems of quorums, as plain data. */
export interface PlanSystems extends RegisterSystemOptions {
  /** Whether they are used even where they miss each other: for judges that must find that out. */
  readonly isForced?: boolean;
}

/** Nodes by number: replicas from 0, then coordinators. Sets of nodes are masks. */
export interface ClusterPlan {
  /** Threads of replicas (T). */
  readonly replicas: number;
  /**
   * Places for replicas, of which the first ones are members at the start; as many as there are replicas where it is
   * left out. Coordinators are the nodes after them.
   */
  readonly places?: number;
  /** Copies of each key (N); as many as there are replicas where it is left out. */
  readonly replicationFactor?: number;
  readonly read: number;
  readonly write: number;
  readonly prepare: number;
  /** In place of the three sizes, and only where every replica holds every key. */
  readonly quorum?: PlanSystems;
  /** Client threads, each with a coordinator. */
  readonly coordinators: number;
  /** Bytes that are under way on one link before it is full. */
  readonly ringBytes: number;
  /** Bytes of keys and values before a replica refuses more. */
  readonly replicaBytesMax: number;
  /** The tag before the first one, as two words: the counter may stand anywhere. */
  readonly tagsFrom: readonly [high: number, low: number];
  /** Restart policy and standbys of the supervisor, as in openCluster. */
  readonly standbys: number;
  readonly restartsMax: number;
  /** How long a thread takes to load, in microseconds. */
  readonly loadUs: number;
  /** How old deletions are that clients collect meanwhile, in microseconds; none where it is left out. */
  readonly collectAfterUs?: number;
  /** Bytes that each client caches of reads that may be stale; as many as in production where it is left out. */
  readonly cacheBytes?: number;
}

/** Places for replicas: nodes from there on are coordinators. */
export function placesOf({ replicas, places = replicas }: Pick<ClusterPlan, 'replicas' | 'places'>): number {
  return places;
}

/** A level of an operation. */
export type PlanLevel = 'one' | 'two' | 'quorum' | 'all' | 'available';

/** One operation of one client. */
export interface OperationPlan {
  /** Which client, from 0; client c works through coordinator c modulo their number. */
  readonly client: number;
  /**
   * `update` writes whatever it finds, and notes it; `compare` writes where it finds what its client saw last;
   * `resolve` finishes the client's last write whose outcome is unknown; nothing when there is none. `scan` reads the
   * keys that begin with its own.
   */
  readonly call: 'get' | 'scan' | 'put' | 'delete' | 'update' | 'compare' | 'resolve';
  readonly key: string;
  /** What a put, update or compare writes: a number of its own, from 1. */
  readonly value: number;
  readonly level: PlanLevel;
  readonly timeoutMs: number;
  /** Pause before it, in microseconds; the operation before has ended. */
  readonly thinkUs: number;
  /** Whether it is submitted together with the operation before it. */
  readonly joins: boolean;
  /** After which time the value of a put or update expires; where it is left out never, or as what the update found. */
  readonly ttlMs?: number;
  /** Whether the value of a put is so long that it travels by reference. */
  readonly isLarge?: boolean;
  /**
   * Whether it is one of its client's session: of the same as before, or of one that goes on from the token of that,
   * `handed` also from the token of the client before it; none where it is left out.
   */
  readonly session?: 'kept' | 'moved' | 'handed';
  /** Of a scan: keys of its page at most; as many as in production where it is left out. */
  readonly limit?: number;
  /** Of a scan: behind which key its page begins; `page` where the client's last page has ended, if there was more. */
  readonly after?: { readonly key: string } | 'page';
  /** How stale a get at the quorum may be, in milliseconds and in versions; not at all where both are left out. */
  readonly maxStaleMs?: number;
  readonly maxStaleVersions?: number;
  /** When its caller gives up waiting, in microseconds after it was submitted; never where it is left out. */
  readonly cancelAfterUs?: number;
}

/** One proposal of one client. It is a proposer apart: what else the client does goes on meanwhile. */
export interface ProposalPlan {
  /** Which client, from 0, as in operations; one proposal of it after the other. */
  readonly client: number;
  readonly topic: string;
  /** What is proposed: so much more, of which no topic takes on more than a limit. */
  readonly amount: number;
  /** Voters that say no, or abstain, whatever their state is, as masks. */
  readonly refusedBy: number;
  readonly unsure: number;
  /** Pause before it, in microseconds; the proposal before has ended. */
  readonly thinkUs: number;
  readonly timeoutMs: number;
  readonly retries: number;
  /** Who must agree, as in `ProposeOptions`; more than half where all of it is left out. */
  readonly threshold?: number | 'majority' | 'unanimous' | `${number}/${number}`;
  readonly weights?: readonly number[];
  readonly vetoes?: readonly number[];
  /** In place of threshold and weights, for so many voters: sets of them, as masks, any one of which is enough. */
  readonly quorum?: { readonly voters: number; readonly sets: readonly number[] };
  /** Names it; one of its own where it is left out. */
  readonly id?: string;
  /** Whether it is the client's last one again, if that is not known to be decided; else nothing. */
  readonly isAgain?: boolean;
  /** When its caller gives up waiting, in microseconds after it was submitted; never where it is left out. */
  readonly cancelAfterUs?: number;
}

/** Kinds of messages, as in the frames; `vote` is an answer that is only a vote. */
export type MessageKind =
  | 'accept'
  | 'read'
  | 'prepare'
  | 'recover'
  | 'reply'
  | 'promise'
  | 'entry'
  | 'chunk-end'
  | 'inquire'
  | 'inquiry-reply'
  | 'topics-ask'
  | 'topics-news'
  | 'topics-end'
  | 'vote';

/** What a guided crash waits for at a replica. */
export type FailPoint = 'accept' | 'prepare' | 'read' | 'answer' | 'operational';

/** Something that goes wrong. Times are microseconds of virtual time; `nodes`, `from` and `to` are masks. */
export type FaultPlan =
  | { readonly kind: 'crash'; readonly atUs: number; readonly node: number }
  /**
   * The replica dies when it has handled the `nth` frame of a kind since `atUs`: before anything of its answer leaves,
   * after its answer but before its vote, or when all has left.
   */
  | {
      readonly kind: 'crash-at';
      readonly atUs: number;
      readonly node: number;
      readonly point: FailPoint;
      readonly nth: number;
      readonly loses: 'answer' | 'vote' | 'nothing';
    }
  /**
   * The replicas of a mask die, more than the quorums survive; so long after, the application calls `reset()`, whether
   * or not the state was lost.
   */
  | { readonly kind: 'lose'; readonly atUs: number; readonly nodes: number; readonly forUs: number }
  | { readonly kind: 'pause'; readonly atUs: number; readonly node: number; readonly forUs: number }
  | {
      readonly kind: 'slow';
      readonly atUs: number;
      readonly node: number;
      readonly forUs: number;
      readonly factor: number;
    }
  /** Messages from `from` to `to` are lost; only those of `messages` where that is given. */
  | {
      readonly kind: 'cut';
      readonly atUs: number;
      readonly from: number;
      readonly to: number;
      readonly forUs: number;
      readonly messages?: MessageKind;
    }
  /** Messages from `from` to `to` wait until it is over. */
  | {
      readonly kind: 'clog';
      readonly atUs: number;
      readonly from: number;
      readonly to: number;
      readonly forUs: number;
      readonly messages?: MessageKind;
    }
  | { readonly kind: 'leap'; readonly atUs: number; readonly node: number; readonly byMs: number }
  | { readonly kind: 'freeze'; readonly atUs: number; readonly node: number; readonly forUs: number }
  | { readonly kind: 'drift'; readonly atUs: number; readonly node: number; readonly rate: number }
  /** A client thread ends; what it sent is still under way. */
  | { readonly kind: 'leave'; readonly atUs: number; readonly node: number }
  /**
   * Members of a mask are removed, and free places are added, as many as are wanted and there are; the number of copies
   * changes where it is given, and writes ask for so many more than a majority. Where systems of quorums are given,
   * there are to be as many members as they are of, which hold every key; else those in force stay while they fit. The
   * coordinator `node` compares the replicas. What has not come about in time is taken back; nothing happens while
   * another change is under way.
   */
  | {
      readonly kind: 'change';
      readonly atUs: number;
      readonly node: number;
      readonly forUs: number;
      readonly add: number;
      readonly remove: number;
      readonly copies?: number;
      readonly writeMore?: number;
      readonly quorum?: RegisterSystemOptions;
    };

/** How messages travel where no fault holds them. */
export interface NetworkPlan {
  /** Whether messages of one link keep their order, as in a ring. */
  readonly isOrdered: boolean;
  /** Mean of the exponential delay, in microseconds. */
  readonly delayUs: number;
  /** Share of messages that take {@link slowUs} more. */
  readonly slowRate: number;
  readonly slowUs: number;
  readonly lossRate: number;
  /** Messages of this kind are lost at a rate of their own. */
  readonly lossyKind: MessageKind;
  readonly lossyRate: number;
  readonly repeatRate: number;
  /** Share of repeated messages that come again long after, in microseconds. */
  readonly replayRate: number;
  readonly replayUs: number;
  /** Whether what arrives at a dead replica is lost; a ring keeps it for the next incarnation. */
  readonly losesToDead: boolean;
  /**
   * Delays by priority: each link has one of a few very different speeds, which changes at so many random messages of
   * a link in a thousand; 0 for links that are alike. Source: PCT, Burckhardt et al., ASPLOS 2010.
   */
  readonly priorityChanges: number;
  /** Share of links that stand still in each stretch of {@link stallUs} microseconds. */
  readonly stallRate: number;
  readonly stallUs: number;
}

/**
 * What chance decided about one message: its link (`from * 32 + to`), its position on the link from 0, its delay in
 * microseconds (-1: lost), and the delay of its copy (-1: none).
 */
export type Decision = readonly [link: number, position: number, delayUs: number, copyUs: number];

/** A whole run. */
export interface SimPlan {
  readonly version: 1;
  readonly profile: string;
  /** Chance that is not written down here: an integer from 0 to 2^32 - 1. */
  readonly seed: number;
  readonly cluster: ClusterPlan;
  readonly network: NetworkPlan;
  readonly operations: readonly OperationPlan[];
  /** What is proposed to the voters; where it is left out there are none. */
  readonly proposals?: readonly ProposalPlan[];
  readonly faults: readonly FaultPlan[];
  readonly watches?: readonly WatchPlan[];
  /** What is done with keys that keep siblings or merge. */
  readonly conflicts?: readonly ConflictPlan[];
  /** Virtual time after which the faults end, in microseconds. */
  readonly stormUs: number;
  /** Whether what is outside of the healed core stays broken. */
  readonly leavesBroken: boolean;
  /** Whether the run ends with the storm, and nothing is healed: for failures that need no more. */
  readonly endsWithStorm?: boolean;
  /** Decisions about messages, in place of the seed's; those that are not listed take the network's mean delay. */
  readonly decisions?: readonly Decision[];
}

/** The keys that clients of a plan name, each once: those that scans begin with are none. */
export function keysOf({ operations }: Pick<SimPlan, 'operations'>): readonly string[] {
  return [...new Set(operations.filter(({ call }) => call !== 'scan').map(({ key }) => key))];
}

/** Whether an operation is one at level `available`; where there is no such one, that stands for the quorum. */
export function isAtAvailable({ call, level, session, ttlMs }: OperationPlan): boolean {
  const mayBe = call === 'get' || call === 'put' || call === 'delete';
  return level === 'available' && mayBe && session === undefined && ttlMs === undefined;
}

/** How stale the read of an operation may be; `undefined` where it may not. */
export function staleLimitsOf(
  operation: OperationPlan,
): Pick<OperationPlan, 'maxStaleMs' | 'maxStaleVersions'> | undefined {
  const { call, level, maxStaleMs, maxStaleVersions } = operation;
  if (call !== 'get' || level !== 'quorum') return undefined;
  if (maxStaleMs === undefined && maxStaleVersions === undefined) return undefined;
  return {
    ...(maxStaleMs !== undefined && { maxStaleMs }),
    ...(maxStaleVersions !== undefined && { maxStaleVersions }),
  };
}
