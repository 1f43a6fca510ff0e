// Stops this whole process for a while, as a container runtime or a person with a debugger does. Nobody in it can
// start it again, so a small process of its own does both.
import { spawn } from 'node:child_process';

/** Longest stop, in milliseconds. */
const STOP_MS_MAX = 2000;

const HELPER = `
const [pid, ms] = process.argv.slice(1).map(Number);
try {
  process.kill(pid, 'SIGSTOP');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
} finally {
  process.kill(pid, 'SIGCONT');
}`;

/**
 * Stops the process and starts it again after `ms`. Main thread only.
 *
 * @returns whether it was done: not on Windows, which has no such signals.
 */
export async function stopProcess(ms: number): Promise<boolean> {
  if (process.platform === 'win32') return false;
  const argv = ['-e', HELPER, String(process.pid), String(Math.min(ms, STOP_MS_MAX))];
  const helper = spawn(process.execPath, argv, { stdio: 'ignore', env: {} });
  return new Promise((resolve) => {
    helper.once('error', () => resolve(false));
    helper.once('exit', (code) => resolve(code === 0));
  });
}
