// The program of a thread of the off-load pool: wiring only. Piscina calls the default export once per task.
import { performTask, TASKS } from '../src/offload/tasks.ts';
import type { TaskReply, TaskRequest } from '../src/offload/tasks.ts';

export default function offloadTask(request: TaskRequest): Promise<TaskReply> {
  return performTask(TASKS, request);
}
