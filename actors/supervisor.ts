// The program of the supervisor's thread. Wiring only.
import { workerData } from 'node:worker_threads';
import { exposeControl } from '../src/actor/control-plane.ts';
import type { Membership } from '../src/quorum/configuration.ts';
import type { Fault } from '../src/cluster/fault.ts';
import { Supervisor } from '../src/cluster/supervisor-thread.ts';
import type { SupervisorStart } from '../src/cluster/supervisor-thread.ts';

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- openCluster starts this program, with nothing else
const { wiring, control, events } = workerData as SupervisorStart;
const supervisor = new Supervisor(wiring, events);
exposeControl(control, {
  start: () => supervisor.start(),
  stop: () => supervisor.stop(),
  reset: () => supervisor.reset(),
  injectFault: (replica: number, fault: Fault, isForced: boolean) => supervisor.injectFault(replica, fault, isForced),
  threadIds: () => supervisor.threadIds(),
  beginChange: (target: Membership) => supervisor.beginChange(target),
  compared: (replicas: number, number: number) => supervisor.compared(replicas, number),
  undoChange: () => supervisor.undoChange(),
});
