// The public entry `quorate/actor`.
export { actor } from './definition.ts';
export type {
  ActorContext,
  ActorDefinition,
  ActorRef,
  ActorShape,
  AskOptions,
  Asks,
  Handler,
  Handlers,
  StopOptions,
  Tells,
} from './definition.ts';
export { controlClient, exposeControl } from './control-plane.ts';
export type { ControlClient, ControlClientOptions, ControlExposure, ControlFunctions } from './control-plane.ts';
export type { WaitMode } from './thread-program.ts';
export { ActorSystem, createSystem } from '../system/actor-system.ts';
export type { SpawnOptions, SystemOptions } from '../system/actor-system.ts';
export { layout } from '../mailbox/body-layout.ts';
export type { FieldKind, Layout, LayoutBody, LayoutFields } from '../mailbox/body-layout.ts';
export type { OverflowPolicy } from '../mailbox/overflow.ts';
export type { ExitReason } from '../base/exit-reason.ts';
