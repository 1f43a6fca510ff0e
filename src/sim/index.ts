/**
 * Deterministic simulation of clusters and actors: one seed, one run.
 *
 * @packageDocumentation
 */
export type { Random } from '../base/random.ts';
