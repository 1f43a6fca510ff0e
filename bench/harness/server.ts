// Servers that a peer needs: started on free loopback ports with their data in memory, and ended with the benchmark,
// however it ends (but for SIGKILL).
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const children = new Set<ChildProcess>();
const folders = new Set<string>();
let isWatchingExit = false;

/** What the command prints for `--version`, or `undefined` when it is not installed. */
export function versionOfCommand(command: string): string | undefined {
  const { error, stdout } = spawnSync(command, ['--version'], { encoding: 'utf8' });
  return error === undefined ? stdout.trim() : undefined;
}

/** Ports of the loopback interface that nobody listens on at this moment. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => {
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('Cannot find a free port');
    return address.port;
  });
  await Promise.all(
    servers.map((server) => {
      server.close();
      return once(server, 'close');
    }),
  );
  return ports;
}

/** A new folder in memory where the machine offers `bytes` there, else on disk; removed with the benchmark. */
export function memoryFolder(bytes: number): string {
  return folderIn(hasRoom('/dev/shm', bytes) ? '/dev/shm' : tmpdir());
}

/** A new folder on the disk of the machine's temporary files; removed with the benchmark. */
export function diskFolder(): string {
  return folderIn(tmpdir());
}

/** A running server. */
export interface Server {
  /** Ends the process by its id and waits for that. */
  readonly stop: () => Promise<void>;
}

/** Starts a server. It is up when `isUp` answers without rejecting, which is tried for 20 s. */
export async function startServer(
  command: string,
  args: readonly string[],
  isUp: () => Promise<unknown>,
): Promise<Server> {
  watchExit();
  const child = spawn(command, args, { stdio: 'ignore' });
  children.add(child);
  const exited = once(child, 'exit').then(() => children.delete(child));
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await exited;
  };
  for (let tries = 0; ; tries++) {
    if (child.exitCode !== null) throw new Error(`${command} ended with exit code ${child.exitCode}`);
    try {
      await isUp();
      return { stop };
    } catch (cause) {
      if (tries > 200) {
        await stop();
        throw new Error(`${command} does not answer`, { cause });
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** Removes a folder that {@link memoryFolder} or {@link diskFolder} made. */
export function removeFolder(folder: string): void {
  folders.delete(folder);
  rmSync(folder, { recursive: true, force: true });
}

function folderIn(parent: string): string {
  watchExit();
  const folder = mkdtempSync(join(parent, 'quorate-bench-'));
  folders.add(folder);
  return folder;
}

function hasRoom(folder: string, bytes: number): boolean {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize > bytes;
  } catch {
    return false; // Not a system that has it.
  }
}

function watchExit(): void {
  if (isWatchingExit) return;
  isWatchingExit = true;
  process.once('exit', () => {
    for (const child of children) child.kill('SIGKILL');
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });
}
