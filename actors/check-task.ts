// The program of the pool's threads that check histories for the command line: wiring only.
import { CHECK_TASKS } from '../src/cli/check/check-task.ts';
import { performTask } from '../src/offload/tasks.ts';
import type { TaskReply, TaskRequest } from '../src/offload/tasks.ts';

export default function checkTask(request: TaskRequest): Promise<TaskReply> {
  return performTask(CHECK_TASKS, request);
}
