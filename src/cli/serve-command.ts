// `quorate serve`: a replicated store over HTTP.
import { REPLICAS_MAX } from '../base/limits.ts';
import { clusterSizes } from '../cluster/cluster-sizes.ts';
import { openCluster } from '../cluster/open-cluster.ts';
import { readConfiguration, type ServiceConfiguration } from '../http/configuration.ts';
import { serve } from '../http/server.ts';
import { integerOf, textOf, UsageError, type Arguments } from './arguments.ts';
import type { Command } from './command.ts';
import type { CommandContext } from './io.ts';

const QUORUM = { min: 1, max: REPLICAS_MAX };
const BODY_BYTES_MAX = 2 ** 28;

/** Serves until a signal ends it; requests in flight are answered first. */
export const serveCommand: Command = {
  spec: {
    name: 'serve',
    summary: 'serve a replicated key-value store over HTTP',
    usage: '[options]',
    about: [
      'Opens a cluster in this process and serves it: GET, POST and DELETE under /data, /health, /metrics.',
      'SIGINT or SIGTERM answers what is in flight, then ends.',
    ],
    options: {
      port: { type: 'string', value: 'PORT', help: '0 to 65535, 0 for any free one (3000)' },
      host: {
        type: 'string',
        value: 'HOST',
        help: 'address to bind; others reach it only if it is theirs (127.0.0.1)',
      },
      replicas: { type: 'string', value: 'N', help: 'replicas, 1 to 15 (5); --nodes is the same' },
      nodes: { type: 'string', value: 'N', help: 'replicas' },
      threads: { type: 'string', value: 'T', help: 'instead: replicas over which keys are spread, up to 15 (N)' },
      'replication-factor': { type: 'string', value: 'N', help: 'and copies of each key, up to T (5, or T if less)' },
      read: { type: 'string', value: 'R', help: 'replicas that a read asks (3 of 5, else a majority)' },
      write: { type: 'string', value: 'W', help: 'replicas that accept a write (4 of 5, else a majority)' },
      prepare: { type: 'string', value: 'P', help: 'replicas that promise (a majority)' },
      'body-bytes-max': { type: 'string', value: 'BYTES', help: 'longest body of a request (1048576)' },
    },
    environment: {
      PORT: 'like --port, which wins',
      NODE_COUNT: 'like --replicas',
      READ_QUORUM: 'like --read',
      WRITE_QUORUM: 'like --write',
    },
    examples: [
      'quorate serve',
      'quorate serve --port 8080 --replicas 3',
      'PORT=8080 NODE_COUNT=3 quorate serve --json',
    ],
    positionalsMax: 0,
  },

  async run(given, context) {
    const configuration = configurationOf(given, context.io.env);
    const prepare = integerOf(given, 'prepare', { min: 1, max: configuration.replicas });
    const bodyBytesMax = integerOf(given, 'body-bytes-max', { min: 1, max: BODY_BYTES_MAX });
    const { replicas: replicationFactor, read, write, port } = configuration;
    const replicas = integerOf(given, 'threads', QUORUM) ?? replicationFactor;
    const sizes = { threads: replicas, replicationFactor, read, write };
    const cluster = await openCluster({ ...sizes, ...(prepare !== undefined && { prepare }) });
    try {
      noteEvents(cluster, context);
      const host = textOf(given, 'host') ?? '127.0.0.1';
      const server = await serve(cluster, { port, host, ...(bodyBytesMax !== undefined && { bodyBytesMax }) });
      announce(given, context, { url: server.url, replicas, replicationFactor, read, write });
      await aborted(context.signal);
      context.io.stderr.write('Draining; a second signal ends at once\n');
      await server.close();
    } finally {
      await cluster.close(); // Also when the port is in use: no thread stays behind.
    }
    return 0;
  },
};

/** Options before environment before defaults. @throws {UsageError} | {QuorateError} that names what is wrong. */
export function configurationOf(given: Arguments, env: CommandContext['io']['env']): ServiceConfiguration {
  const nodes = integerOf(given, 'nodes', QUORUM);
  const replicas = integerOf(given, 'replicas', QUORUM) ?? nodes;
  if (nodes !== undefined && nodes !== replicas) {
    throw new UsageError(`Cannot use --nodes ${nodes} with --replicas ${replicas}: they are the same option`);
  }
  const copies = copiesOf(given, replicas);
  const options = {
    PORT: integerOf(given, 'port', { min: 0, max: 65_535 }),
    NODE_COUNT: copies,
    READ_QUORUM: integerOf(given, 'read', QUORUM),
    WRITE_QUORUM: integerOf(given, 'write', QUORUM),
  };
  const set = Object.entries(options).filter(([, value]) => value !== undefined);
  return readConfiguration({ ...env, ...Object.fromEntries(set.map(([name, value]) => [name, String(value)])) });
}

/** Copies of each key, where the command line says anything of them. */
function copiesOf(given: Arguments, replicas: number | undefined): number | undefined {
  const threads = integerOf(given, 'threads', QUORUM);
  const replicationFactor = integerOf(given, 'replication-factor', QUORUM);
  if (threads === undefined && replicationFactor === undefined) return replicas;
  return clusterSizes({
    ...(replicas !== undefined && { replicas }),
    ...(threads !== undefined && { threads }),
    ...(replicationFactor !== undefined && { replicationFactor }),
  }).replicas;
}

function announce(given: Arguments, { io }: CommandContext, facts: Readonly<Record<string, unknown>>): void {
  if (given.values['json'] === true) io.stdout.write(`${JSON.stringify({ ...facts, pid: process.pid })}\n`);
  else {
    const { url, replicas, replicationFactor, read, write } = facts;
    const copies = replicas === replicationFactor ? '' : `, N = ${String(replicationFactor)}`;
    const sizes = `${String(replicas)} replicas${copies}, R = ${String(read)}, W = ${String(write)}`;
    io.stdout.write(`Listening on ${String(url)}: ${sizes}\n`);
  }
}

function noteEvents(cluster: Awaited<ReturnType<typeof openCluster>>, { io }: CommandContext): void {
  cluster.on('down', ({ replica, reason }) => io.stderr.write(`Replica ${replica} is down: ${reason.kind}\n`));
  cluster.on('operational', ({ replica, recoveryMs }) =>
    io.stderr.write(`Replica ${replica} votes again after ${Math.round(recoveryMs)} ms\n`),
  );
  cluster.on('stateLost', ({ down }) =>
    io.stderr.write(`State lost: replicas ${down.join(', ')} were down at once; restart to begin empty\n`),
  );
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
