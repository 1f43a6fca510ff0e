// Redis: one server without replicas or persistence, through ioredis.
//
//     main --TCP on loopback--> redis-server
//
// With auto-pipelining, ioredis gathers the commands of one turn of the event loop into one write.
import { Redis } from 'ioredis';
import { keyValueSubjects } from '../harness/key-value.ts';
import type { KeyValue } from '../harness/key-value.ts';
import { freePorts, memoryFolder, removeFolder, startServer, versionOfCommand } from '../harness/server.ts';
import type { Skipped, Subject } from '../harness/subject.ts';
import { packageNote } from '../harness/version.ts';

const FOLDER_BYTES = 1024 * 1024;

export const subjects: readonly Subject[] = [
  ...keyValueSubjects('Redis', () => startRedis(false)),
  ...keyValueSubjects('Redis, auto-pipelining', () => startRedis(true)),
];

async function startRedis(enableAutoPipelining: boolean): Promise<KeyValue | Skipped> {
  const version = versionOfCommand('redis-server');
  if (version === undefined) return { skipped: 'redis-server is not installed' };
  const [port = 0] = await freePorts(1);
  const folder = memoryFolder(FOLDER_BYTES);
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder];
  const redis = new Redis({
    port,
    host: '127.0.0.1',
    lazyConnect: true,
    enableAutoPipelining,
    retryStrategy: () => 50,
  });
  redis.on('error', () => {
    // It tries again until the server is up; `startServer` gives up in the end.
  });
  const server = await startServer('redis-server', args, () => redis.ping());
  return {
    put: async (key, value) => (await redis.set(key, value)) === 'OK',
    get: async (key) => (await redis.get(key)) ?? undefined,
    close: async () => {
      redis.disconnect();
      await server.stop();
      removeFolder(folder);
    },
    note: `redis ${/v=(\S+)/.exec(version)?.[1] ?? version}, ${packageNote('ioredis', import.meta.url)}`,
  };
}
