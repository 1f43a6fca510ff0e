// The public entry for tests of applications: faults on purpose.
export { injectFault } from '../cluster/chaos.ts';
export type { Fault } from '../cluster/chaos.ts';
