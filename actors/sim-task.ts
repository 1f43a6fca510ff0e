// The program of a thread of the pool that simulates: wiring only. Piscina calls the default export once per task.
import { performTask } from '../src/offload/tasks.ts';
import type { TaskReply, TaskRequest } from '../src/offload/tasks.ts';
import { SIM_TASKS } from '../src/cli/sim/tasks.ts';

export default function simTask(request: TaskRequest): Promise<TaskReply> {
  return performTask(SIM_TASKS, request);
}
