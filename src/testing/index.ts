// The public entry for tests of applications: faults on purpose.
export { injectFault } from '../cluster/chaos.ts';
export type { FailPoint, Fault } from '../cluster/chaos.ts';
export { openSabotaged } from '../cluster/open-cluster.ts';
export { SABOTAGES } from '../cluster/sabotage.ts';
export type { Sabotage } from '../cluster/sabotage.ts';
export { brokenMergeLaws } from './merge-laws.ts';
