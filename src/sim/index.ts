/**
 * Deterministic simulation of clusters and actors: one seed, one run.
 *
 * @packageDocumentation
 */
export { seededRandom } from '../base/random.ts';
export type { Random } from '../base/random.ts';
