// The public entry `quorate/http`.
export { readConfiguration } from './configuration.ts';
export type { ServiceConfiguration } from './configuration.ts';
export { createHandler } from './handler.ts';
export type { FetchHandler } from './handler.ts';
export { createListener } from './listener.ts';
export type { ForeignHandler, NodeListener, Source } from './listener.ts';
export type { FailureOutcome, HttpErrorCode } from './reply.ts';
export { serve } from './server.ts';
export type { CloseOptions, HttpServer, ServeOptions } from './server.ts';
export type { ServiceOptions } from './service.ts';
export { healthOf } from './status.ts';
export type {
  ConfigurationGauges,
  Health,
  ObservedStore,
  ReplicaGauges,
  StoreCounters,
  StoreStatus,
} from './status.ts';
