// Redis: one server without replicas, through ioredis. It keeps nothing on disk unless its subject says so: then each
// change is written to a file, and that is synced once a second (everysec) or before the answer (always).
//
//     main --TCP on loopback--> redis-server
//
// With auto-pipelining, ioredis gathers the commands of one turn of the event loop into one write; without, it still
// sends each without waiting for the answers to those before.
import { Redis } from 'ioredis';
import { counterSubjects } from '../harness/counter.ts';
import type { Counter } from '../harness/counter.ts';
import { keyValueSubjects } from '../harness/key-value.ts';
import type { KeyValue } from '../harness/key-value.ts';
import { INCREMENT_64 } from '../harness/questions.ts';
import { diskFolder, freePorts, memoryFolder, removeFolder, startServer, versionOfCommand } from '../harness/server.ts';
import type { Skipped, Subject } from '../harness/subject.ts';
import { packageNote } from '../harness/version.ts';

const FOLDER_BYTES = 1024 * 1024;

interface Setting {
  readonly name: string;
  readonly enableAutoPipelining: boolean;
  /** How often what changes is synced to disk; never by default. */
  readonly appendFsync?: 'everysec' | 'always';
}

const PLAIN: Setting = { name: 'Redis', enableAutoPipelining: false };
const PIPELINED: Setting = { name: 'Redis, auto-pipelining', enableAutoPipelining: true };
const ON_DISK: readonly Setting[] = (['everysec', 'always'] as const).map((appendFsync) => {
  return { name: `Redis, auto-pipelining, appendfsync ${appendFsync}`, enableAutoPipelining: true, appendFsync };
});

export const subjects: readonly Subject[] = [
  ...[PLAIN, PIPELINED].flatMap((setting) => keyValueSubjects(setting.name, () => startKeyValue(setting))),
  ...[PLAIN, PIPELINED].flatMap((setting) => counterSubjects(setting.name, () => startCounter(setting))),
  ...ON_DISK.flatMap((setting) => counterSubjects(setting.name, () => startCounter(setting), [INCREMENT_64])),
];

async function startKeyValue(setting: Setting): Promise<KeyValue | Skipped> {
  const started = await startRedis(setting);
  if ('skipped' in started) return started;
  const { redis, ...rest } = started;
  return {
    ...rest,
    put: async (key, value) => (await redis.set(key, value)) === 'OK',
    get: async (key) => (await redis.get(key)) ?? undefined,
  };
}

async function startCounter(setting: Setting): Promise<Counter | Skipped> {
  const started = await startRedis(setting);
  if ('skipped' in started) return started;
  const { redis, close, note } = started;
  return {
    increment: (key) => redis.incr(key),
    read: async (key) => Number(await redis.get(key)),
    close,
    note: () => note,
  };
}

interface Started extends Pick<KeyValue, 'close'> {
  readonly redis: Redis;
  readonly note: string;
}

async function startRedis({ enableAutoPipelining, appendFsync }: Setting): Promise<Started | Skipped> {
  const version = versionOfCommand('redis-server');
  if (version === undefined) return { skipped: 'redis-server is not installed' };
  const [port = 0] = await freePorts(1);
  const folder = appendFsync === undefined ? memoryFolder(FOLDER_BYTES) : diskFolder();
  const persistence =
    appendFsync === undefined ? ['--appendonly', 'no'] : ['--appendonly', 'yes', '--appendfsync', appendFsync];
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', ...persistence, '--dir', folder];
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
    redis,
    close: async () => {
      redis.disconnect();
      await server.stop();
      removeFolder(folder);
    },
    note: `redis ${/v=(\S+)/.exec(version)?.[1] ?? version}, ${packageNote('ioredis', import.meta.url)}`,
  };
}
