// The program of the pool's threads that check the histories of a torture run: wiring only.
import { performTask } from '../src/offload/tasks.ts';
import type { TaskReply, TaskRequest } from '../src/offload/tasks.ts';
import { CHECK_TASKS } from '../src/torture/check-task.ts';

export default function checkTask(request: TaskRequest): Promise<TaskReply> {
  return performTask(CHECK_TASKS, request);
}
