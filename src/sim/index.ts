/**
 * Deterministic simulation of clusters and actors: one seed, one run.
 *
 * @packageDocumentation
 */
export type { Random } from '../base/random.ts';
export { explore } from './explorer/explore.ts';
export type { Exploration, ExploreOptions, StateModel, Step } from './explorer/explore.ts';
