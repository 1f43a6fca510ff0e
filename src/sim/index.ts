/**
 * Deterministic simulation of clusters and actors: one seed, one run.
 *
 * @packageDocumentation
 */
export type { Random } from '../base/random.ts';
export { explore } from './explorer/explore.ts';
export type { Exploration, ExploreOptions, StateModel, Step } from './explorer/explore.ts';
export { exploreMemory } from './explorer/explore-memory.ts';
export type { MemoryEnd, MemoryExploration, MemoryModel, MemoryThread } from './explorer/memory-model.ts';
export type { MemoryProgram, RecordedAtomics, RecordedMemory } from './explorer/recorded-thread.ts';
export { simulate, simulatePlan } from './simulate.ts';
export type { ReplayOptions, SimResult, SimulateOptions, SimulatedCluster, SimulatedWorkload } from './simulate.ts';
export type { SimCheck } from './sim-check.ts';
export { shrink } from './shrink.ts';
export type { ShrinkOptions, Shrunk } from './shrink.ts';
export { SimulationError } from './actors/failure.ts';
export type { ActorReplay } from './actors/failure.ts';
export type { ActorDoors, SimDoors } from './actors/doors.ts';
export type { SimDisk } from './actors/disk.ts';
export type { ActorFaults, ActorProfile } from './actors/profile.ts';
export type { ActorProbe } from './actors/run.ts';
export type { SimActorOptions } from './actors/sim-actor.ts';
export type {
  ActorCheck,
  ActorOutcome,
  ActorReport,
  ActorSimulation,
  ActorSpec,
  ActorTurn,
} from './actors/simulate-actors.ts';
export type { ActorViolation } from './actors/world.ts';
export { spaceTimeDiagram } from './diagram.ts';
export type { DiagramOptions } from './diagram.ts';
export { transcriptOf } from './transcript.ts';
export type { RunRecords } from './transcript.ts';
export { PROFILES } from './cluster/profiles.ts';
export type { Profile } from './cluster/profiles.ts';
export type { ClusterProbe, EntryProbe, ReplicaProbe } from './cluster/probe.ts';
export type {
  ClusterPlan,
  Decision,
  FailPoint,
  FaultPlan,
  MessageKind,
  NetworkPlan,
  OperationPlan,
  PlanLevel,
  SimPlan,
} from './cluster/plan.ts';
export type { Violation } from './cluster/judge.ts';
export type { Trace, TraceKind, TraceNode, TraceRecord } from './engine/trace.ts';
export { ReplayedMachine } from './explorer/replayed-machine.ts';
export type { Reaction, Reactor } from './explorer/replayed-machine.ts';
