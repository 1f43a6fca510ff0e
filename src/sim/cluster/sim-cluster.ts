// A whole cluster on virtual time: production replicas, coordinators, recovery, keeper and restart policy, wired as
// openCluster wires them, on a network, clocks and threads whose every step is the seed's.
import { RULES } from '../../protocol/rules.ts';
import type { Rules } from '../../protocol/rules.ts';
import { CACHE_BYTES_DEFAULT } from '../../base/limits.ts';
import { below } from '../../base/random.ts';
import { copyBallot, laterBallot } from '../../protocol/ballot.ts';
import type { Ballot } from '../../protocol/ballot.ts';
import { votersIn } from '../../quorum/quorum-system.ts';
import { CLUSTER_STATE_LOST } from '../../replica/environment.ts';
import type { LastTag, TagCounter } from '../../replica/environment.ts';
import type { Operation } from '../../replica/operation.ts';
import type { Electorate } from '../../replica/electorate.ts';
import { LiveQuorums } from '../../replica/live-quorums.ts';
import type { PendingChange } from '../../replica/round.ts';
import type { ScanCall } from '../../replica/scan.ts';
import type { SessionCall } from '../../replica/session-calls.ts';
import { between } from '../engine/chance.ts';
import { Engine } from '../engine/engine.ts';
import { SimClient } from './client.ts';
import type { Call } from './client.ts';
import { CoordinatorNode } from './coordinator-node.ts';
import { Fates } from './fates.ts';
import { FramePool } from './frames.ts';
import { SimNetwork } from './network.ts';
import { placesOf } from './plan.ts';
import type { SimPlan } from './plan.ts';
import { quorumsOf } from './plan-quorums.ts';
import type { Proposal } from '../../replica/proposal.ts';
import type { TopicPlan } from '../../replica/topic-desk.ts';
import { SimBallots } from './sim-ballots.ts';
import type { ProposalCall } from './sim-ballots.ts';
import { SimHouse } from './sim-house.ts';
import { SimProposer } from './sim-proposer.ts';
import { ReplicaNode } from './replica-node.ts';
import type { HintEnd } from './sim-available.ts';
import { SimClock } from './sim-clock.ts';
import { SimConflictClient } from './sim-conflicts.ts';
import type { ConflictCall } from './sim-conflicts.ts';
import { SteppedPart } from './sim-steps.ts';
import { SimConfigurations } from './sim-configurations.ts';
import { SimErased } from './sim-erased.ts';
import { SimEpochs, SimLife } from './sim-epochs.ts';
import { SimWatch } from './sim-watch.ts';
import { SupervisorNode } from './supervisor-node.ts';

/** How a cluster is simulated. */
export interface SimClusterOptions {
  readonly plan: SimPlan;
  /** Rules of the protocol that production keeps; a test takes one away. */
  readonly rules?: Rules;
  readonly isTraced?: boolean;
  /** Whether the decisions about messages are kept. */
  readonly keepsDecisions?: boolean;
  /** Buffers to use again, from an earlier run. */
  readonly pool?: FramePool;
}

/** One simulated cluster. */
export class SimCluster {
  readonly engine: Engine;
  readonly plan: SimPlan;
  /** Places for replicas: nodes from there on are coordinators. */
  readonly places: number;
  readonly configurations: SimConfigurations;
  readonly network: SimNetwork;
  readonly epochs: SimEpochs;
  readonly fates: Fates;
  readonly replicas: readonly ReplicaNode[];
  readonly coordinators: readonly CoordinatorNode[];
  readonly clients: readonly SimClient[];
  readonly watches: readonly SimWatch[];
  /** Who uses keys that keep siblings or merge, and all that they did; nobody where there are none. */
  readonly conflicts: { readonly clients: readonly SimConflictClient[]; readonly calls: ConflictCall[] };
  readonly supervisor: SupervisorNode;
  readonly life: SimLife = new SimLife();
  readonly erased: SimErased = new SimErased();
  /** Resets that the application has not called for yet. */
  resetsToCome = 0;
  /** Whether faults still happen. */
  isStorm = true;
  /** Whether more have been killed at once than are survived. */
  mayLoseState = false;
  /** What happens in ballots, and who proposes; missing and empty where there are none. */
  readonly ballots: SimBallots | undefined;
  readonly proposers: readonly SimProposer[];
  /** Who does the housekeeping; nobody where there are no ballots. */
  readonly house: SimHouse | undefined;
  /** All operations so far, by start. */
  readonly calls: Call[] = [];
  #position = 0;
  #references = 0;
  #lastTag: Ballot;
  #areClientsStarted = false;
  /** In half of the runs: it heals what other rules are there for. */
  readonly #repairsReads: boolean;
  readonly #quorums: LiveQuorums;

  constructor({ plan, rules = RULES, isTraced = false, keepsDecisions = false, pool }: SimClusterOptions) {
    const { cluster, network, seed } = plan;
    this.plan = plan;
    this.engine = new Engine({ seed, isTraced });
    const { engine } = this;
    this.places = placesOf(cluster);
    const { places } = this;
    this.configurations = new SimConfigurations(quorumsOf(cluster));
    this.#quorums = new LiveQuorums(this.configurations, rules);
    this.#lastTag = { high: cluster.tagsFrom[0], low: cluster.tagsFrom[1] | 0 };
    for (let each = 0; each < places; each++) engine.addNode({ name: `A${each}`, kind: 'replica' });
    for (let each = 0; each < cluster.coordinators; each++) engine.addNode({ name: `C${each}`, kind: 'coordinator' });
    const houseNode = plan.proposals === undefined ? -1 : engine.addNode({ name: 'H', kind: 'coordinator' });
    const supervisorNode = engine.addNode({ name: 'S', kind: 'supervisor' });
    this.fates = new Fates(network, seed, plan.decisions, keepsDecisions);
    this.network = new SimNetwork(engine, this.fates, {
      isOrdered: network.isOrdered,
      ringBytes: cluster.ringBytes,
      pool: pool ?? new FramePool(),
    });
    this.epochs = new SimEpochs(places);
    this.ballots = this.#ballots();
    this.house = houseNode < 0 ? undefined : this.#house(houseNode, rules);
    this.replicas = Array.from({ length: places }, (_, index) => this.#replica(index, rules));
    this.#repairsReads = below(engine.random(-1, 'read repair'), 2) === 0;
    this.coordinators = Array.from({ length: cluster.coordinators }, (_, index) => this.#coordinator(index, rules));
    const clients = 1 + plan.operations.reduce((last, { client }) => Math.max(last, client), -1);
    this.clients = Array.from({ length: clients }, (_, index) => this.#client(index));
    this.proposers = this.#proposers();
    this.watches = this.#watches();
    this.conflicts = this.#conflicts();
    const { standbys, restartsMax, loadUs } = cluster;
    this.supervisor = new SupervisorNode({
      node: supervisorNode,
      engine,
      epochs: this.epochs,
      life: this.life,
      configurations: this.configurations,
      rules,
      replicas: this.replicas,
      coordinators: this.coordinators,
      standbys,
      restartsMax,
      loadUs,
      lastTag: () => this.#lastTag,
      onDown: (replica) => this.#onDown(replica),
      onStateLost: () => this.#onStateLost(),
      onReset: () => this.#onReset(),
    });
  }

  /** Whether nobody is served, because the state is lost or is being reset. */
  get isStateLost(): boolean {
    return this.life.state === CLUSTER_STATE_LOST;
  }

  /** Who decides, in the configuration in force. */
  get electorate(): Electorate {
    this.#quorums.refresh();
    return this.#quorums.electorate;
  }

  /** Replicas that hold their memory, as a mask. */
  get operational(): number {
    let mask = 0;
    for (let replica = 0; replica < this.replicas.length; replica++) {
      if (this.epochs.isOperational(replica) && this.replicas[replica]!.replica !== undefined) mask |= 1 << replica;
    }
    return mask;
  }

  /** Whether every client has done what it had to. */
  get areClientsDone(): boolean {
    if (!this.#areClientsStarted || !this.clients.every((client) => client.isDone)) return false;
    return this.proposers.every(({ isDone }) => isDone) && this.conflicts.clients.every(({ isDone }) => isDone);
  }

  /** Whether whoever keeps the house is one of these replicas, a mask. */
  chairIn(core: number): boolean {
    const { chair } = this.house ?? {};
    return chair !== undefined && ((core >>> chair.replica) & 1) === 1;
  }

  /** Starts the replicas; the clients follow when all of them answer, as in openCluster. */
  start(): void {
    this.supervisor.start();
  }

  /** The operation's client is told. */
  #settle(operation: Operation): void {
    if (operation.context instanceof SteppedPart) return operation.context.settled(operation);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- clients put their calls there
    const call = operation.context as Call;
    this.clients[call.client]!.settled(operation, call);
  }

  /** The client of the change is told. */
  #settleChange(change: PendingChange): void {
    if (change.context instanceof SteppedPart) return change.context.changed(change);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- clients put their calls there
    const call = change.context as Call;
    this.clients[call.client]!.changed(change, call);
  }

  /** The client of the session's call is told. */
  #settleSession(ofSession: SessionCall): void {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- clients put their calls there
    const call = ofSession.context as Call;
    this.clients[call.client]!.ended(ofSession, call);
  }

  /** What was hinted is finished, or nobody can finish it. */
  #endHint(operationId: string, end: HintEnd): void {
    const call = this.calls.find(({ hint }) => hint?.operationId === operationId);
    if (call?.hint !== undefined) call.hint.end ??= { as: end, at: this.#position++ };
  }

  /** The client of the scan is told. */
  #settleScan(scan: ScanCall): void {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- clients put their calls there
    const call = scan.context as Call;
    this.clients[call.client]!.scanned(scan, call);
  }

  #replica(index: number, rules: Rules): ReplicaNode {
    const { engine, network, epochs, configurations, places } = this;
    const { coordinators, replicaBytesMax } = this.plan.cluster;
    const node = new ReplicaNode({
      index,
      engine,
      network,
      epochs,
      configurations,
      places,
      rules,
      coordinators: coordinators + (this.house === undefined ? 0 : 1),
      erased: this.erased,
      bytesMax: replicaBytesMax,
      losesToDead: this.plan.network.losesToDead,
      clock: this.#clock(index),
      nextReference: this.#nextReference,
      house: this.house && ((resident) => this.house!.of(resident)),
      topics: this.ballots && ((...of): TopicPlan => this.#topicsOf(...of)),
      onOperational: (replica) => this.#onOperational(replica),
      onDoomed: (replica) => {
        engine.countFault('guided-crash');
        this.supervisor.crash(replica);
      },
    });
    network.attach(index, node);
    return node;
  }

  #coordinator(index: number, rules: Rules): CoordinatorNode {
    const node = this.places + index;
    const coordinator = this.#clientAt(node, this.#clock(node), rules);
    this.network.attach(node, coordinator);
    return coordinator;
  }

  #clientAt(node: number, clock: SimClock, rules: Rules): CoordinatorNode {
    const { engine, network, epochs, configurations, places } = this;
    const { ringBytes, collectAfterUs, cacheBytes = CACHE_BYTES_DEFAULT } = this.plan.cluster;
    return new CoordinatorNode({
      node,
      engine,
      network,
      epochs,
      configurations,
      places,
      rules,
      tags: this.#tags(),
      erased: this.erased,
      clock,
      nextReference: this.#nextReference,
      life: this.life,
      ringBytes,
      repairsReads: this.#repairsReads,
      settle: (operation) => this.#settle(operation),
      settleChange: (change) => this.#settleChange(change),
      settleSession: (ofSession) => this.#settleSession(ofSession),
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- proposers put their calls there
      settleProposal: (proposal: Proposal) => this.#settleProposal(proposal, proposal.context as ProposalCall),
      onHintEnd: (operationId, end) => this.#endHint(operationId, end),
      settleScan: (scan) => this.#settleScan(scan),
      cacheBytesMax: cacheBytes,
      collectAfterMs: collectAfterUs === undefined ? undefined : collectAfterUs / 1000,
      mayCollect: () => this.isStorm,
    });
  }

  #client(index: number): SimClient {
    const number = index % this.coordinators.length;
    const at = { node: this.coordinators[number]!, number: this.places + number };
    const operations = this.plan.operations.filter(({ client }) => client === index);
    const { engine, calls, life, erased } = this;
    return new SimClient(index, at, operations, {
      engine,
      calls,
      life,
      erased,
      nextPosition: () => this.#position++,
      tokenOf: (client) => this.clients[client]?.token,
      predecessor: Math.max(0, index - 1),
    });
  }

  /** Where somebody proposes, there are voters, and all that they do is noted. */
  #ballots(): SimBallots | undefined {
    const { plan, epochs, configurations } = this;
    const topics = [...new Set(plan.proposals?.map(({ topic }) => topic))];
    if (topics.length === 0) return undefined;
    const ballots = new SimBallots(topics);
    epochs.onVoid = (replica, epoch) => ballots.noteVoid(replica, epoch);
    configurations.onPublish = (configuration) => ballots.noteConfiguration(configuration);
    ballots.noteConfiguration(configurations.read());
    return ballots;
  }

  /** What the voters of an incarnation judge: those that begin empty in a reset belong to the state after it. */
  #topicsOf(replica: number, epoch: number, beginsEmpty: boolean): TopicPlan {
    const { ballots, life, epochs, supervisor } = this;
    const reset = life.resets + (supervisor.roll.isResetting ? 1 : 0);
    return { definitions: ballots!.begin(replica, epoch, reset, !beginsEmpty), epochs };
  }

  #proposers(): SimProposer[] {
    const { plan, ballots, engine, life, epochs } = this;
    if (ballots === undefined) return [];
    const isKnownTo = (told: ReadonlyMap<number, number>): boolean => {
      const live = [...told].filter(([voter, epoch]) => epochs.epochOf(voter) === epoch);
      return this.electorate.isKnownTo(live.reduce((mask, [voter]) => mask | (1 << voter), 0));
    };
    const clients = 1 + plan.proposals!.reduce((last, { client }) => Math.max(last, client), -1);
    return Array.from({ length: clients }, (_, client) => {
      const number = client % this.coordinators.length;
      const at = { node: this.coordinators[number]!, number: this.places + number };
      const plans = plan.proposals!.filter((each) => each.client === client);
      return new SimProposer(client, at, plans, { engine, ballots, life, isKnownTo });
    });
  }

  #house(node: number, rules: Rules): SimHouse {
    const { engine, network, epochs, erased } = this;
    const tags = this.#tags();
    const house = new SimHouse({
      node,
      engine,
      network,
      rules,
      doors: { tags, erased, epochs },
      connect: (replica) => this.#clientAt(node, this.replicas[replica]!.clock, rules),
      isRunning: (replica, epoch) => this.replicas[replica]!.replica?.epoch === epoch,
      wake: (replica) => this.replicas[replica]!.wakeHouse(),
    });
    network.attach(node, house);
    return house;
  }

  /** The exit of a replica is seen: where it was the chair, the others are woken. */
  #onDown(replica: number): void {
    this.house?.vacate(replica);
    if (this.house !== undefined) for (const each of this.replicas) each.wakeHouse();
  }

  #settleProposal(proposal: Proposal, call: ProposalCall): void {
    this.proposers[call.client]!.settled(proposal, call);
  }

  #watches(): readonly SimWatch[] {
    const { engine, life, coordinators, places } = this;
    const doors = { engine, life, coordinators, places, nextPosition: () => this.#position++ };
    return (this.plan.watches ?? []).map((plan) => new SimWatch(plan, doors));
  }

  #conflicts(): SimCluster['conflicts'] {
    const { engine, life, coordinators, places, plan } = this;
    const calls: ConflictCall[] = [];
    if (plan.conflicts === undefined || plan.conflicts.length === 0) return { clients: [], calls };
    const count = plan.conflicts.reduce((last, { client }) => Math.max(last, client + 1), coordinators.length);
    const clients = Array.from({ length: count }, (_, client) => {
      const number = client % coordinators.length;
      const at = { node: coordinators[number]!, number: places + number };
      const plans = plan.conflicts!.filter((each) => each.client === client);
      return new SimConflictClient(client, at, plans, { engine, calls, life, nextPosition: () => this.#position++ });
    });
    return { clients, calls };
  }

  readonly #nextReference = (): number => ++this.#references;

  #clock(node: number): SimClock {
    return new SimClock(between(this.engine.random(node, 'clock'), 1, 1_000_000));
  }

  #tags(): TagCounter & LastTag {
    return {
      last: (target) => copyBallot(target, this.#lastTag),
      take: (count, first) => {
        copyBallot(first, laterBallot(this.#lastTag, 1));
        this.#lastTag = laterBallot(this.#lastTag, count);
      },
      taken: () => this.#lastTag.high * 2 ** 32 + (this.#lastTag.low >>> 0),
    };
  }

  #onOperational(replica: number): void {
    const { engine, supervisor } = this;
    const epoch = this.epochs.epochOf(replica);
    if (engine.trace.isKept) {
      engine.trace.add({ atUs: engine.nowUs, kind: 'ready', from: replica, text: `answers in epoch ${epoch}` });
    }
    if (epoch > 1) engine.sometimes('a replica recovers', true);
    supervisor.noteOperational(replica);
    const desk = this.replicas[replica]!.desk;
    if (desk !== undefined) this.ballots?.noteServing(replica, epoch, desk.voters);
    if (this.#areClientsStarted || this.#areSomeMissing) return;
    this.#areClientsStarted = true;
    for (const client of this.clients) client.start();
    for (const proposer of this.proposers) proposer.start();
    for (const watch of this.watches) watch.start();
    for (const client of this.conflicts.clients) client.start();
    for (const coordinator of this.coordinators) coordinator.startCollecting();
  }

  get #areSomeMissing(): boolean {
    return votersIn(this.electorate.all).some((each) => !this.epochs.isOperational(each));
  }

  #onStateLost(): void {
    const { engine } = this;
    engine.sometimes('the state is lost and the cluster says so', true);
    if (!engine.trace.isKept) return;
    engine.trace.add({ atUs: engine.nowUs, kind: 'fault', from: -1, text: 'the state is lost' });
  }

  #onReset(): void {
    const { engine, life } = this;
    engine.sometimes('an empty state begins in place of a lost one', true);
    engine.note(-1, life.resets);
    if (!engine.trace.isKept) return;
    engine.trace.add({ atUs: engine.nowUs, kind: 'ready', from: -1, text: `reset number ${life.resets} has ended` });
  }
}
