// Runs an example as its reader would: a process of its own, ended by a signal.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** An example that has said where it listens. */
export interface RunningExample {
  readonly url: string;
  /** Asks it to end, and settles with its exit code and everything that it printed to stderr. */
  stop(signal: 'SIGINT' | 'SIGTERM'): Promise<{ readonly code: number | null; readonly stderr: string }>;
}

/** What Node.js is called with to run `examples/NAME.ts` from the sources. */
export function commandOf(name: string): string[] {
  const hooks = new URL('from-source.ts', import.meta.url).href;
  const path = fileURLToPath(new URL(`../../examples/${name}.ts`, import.meta.url));
  return ['--disable-warning=ExperimentalWarning', '--import', hooks, path];
}

/** The environment of an example: not the options of the process that tests it. */
export function environment(): NodeJS.ProcessEnv {
  return { ...process.env, NODE_OPTIONS: '' };
}

/** Starts `examples/NAME.ts` on a free port. Rejects with its output when it ends before it listens. */
export async function runExample(name: string, env: Readonly<Record<string, string>> = {}): Promise<RunningExample> {
  const child = spawn(process.execPath, commandOf(name), {
    env: { ...environment(), PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(child, 'exit');
  let stdout = '';
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      const address = /http:\/\/\S+/.exec(stdout)?.[0];
      if (address !== undefined) resolve(address);
    });
    child.once('exit', () => reject(new Error(`examples/${name}.ts ended before it listened:\n${stdout}${stderr}`)));
  });
  return {
    url,
    stop: async (signal) => {
      child.kill(signal);
      const [code] = (await exited) as [number | null];
      return { code, stderr };
    },
  };
}
