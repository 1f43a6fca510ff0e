// etcd: three members that agree by Raft, data in memory (tmpfs) where the machine has it, one call per operation.
// Reads are linearizable. An increment is a transaction that puts the next number if the key was last changed where
// this client has seen it last. Increments of one key go one after the other: sent at once, all but one of them would
// fail and be sent again.
//
//     main --gRPC on loopback--> member 1 <--Raft--> members 2 and 3
import { basename } from 'node:path';
import { Client, credentials } from '@grpc/grpc-js';
import { counterSubjects } from '../harness/counter.ts';
import type { Counter } from '../harness/counter.ts';
import { keyValueSubjects } from '../harness/key-value.ts';
import type { KeyValue } from '../harness/key-value.ts';
import { freePorts, memoryFolder, removeFolder, startServer, versionOfCommand } from '../harness/server.ts';
import type { Skipped, Subject } from '../harness/subject.ts';
import { packageNote } from '../harness/version.ts';
import { readRangeResponse, readTxnResponse, writeFields, writePutIf } from './programs/etcd-messages.ts';

const MEMBERS = [1, 2, 3];
/** Each member reserves two log segments of 64 MiB at once. */
const FOLDER_BYTES = 1024 * 1024 * 1024;
const DEADLINE_MS = 10_000;

export const subjects: readonly Subject[] = [
  ...keyValueSubjects('etcd', startKeyValue),
  ...counterSubjects('etcd, transactions', startCounter),
];

/** The last number that this client has put under a key, and in which revision. */
interface Seen {
  readonly number: number;
  readonly revision: number;
}

const NOTHING: Seen = { number: 0, revision: 0 };

async function startKeyValue(): Promise<KeyValue | Skipped> {
  const started = await startEtcd();
  if ('skipped' in started) return started;
  const { put, get, close, note } = started;
  return { put, get, close, note };
}

async function startCounter(): Promise<Counter | Skipped> {
  const started = await startEtcd();
  if ('skipped' in started) return started;
  const { call, get, close, note } = started;
  const last = new Map<string, Promise<Seen>>();
  const next = async (key: string, before: Promise<Seen>): Promise<Seen> => {
    const { number, revision } = await before;
    const response = readTxnResponse(await call('Txn', writePutIf(key, revision, String(number + 1))));
    if (!response.isMade) throw new Error(`Wrong answer: somebody else has changed ${key}`);
    return { number: number + 1, revision: response.revision };
  };
  return {
    increment: (key) => {
      const increment = next(key, last.get(key) ?? Promise.resolve(NOTHING));
      last.set(key, increment);
      return increment;
    },
    read: async (key) => Number((await get(key)) ?? 0),
    close,
    note: () => note,
  };
}

interface Started extends KeyValue {
  readonly call: (method: string, request: Buffer) => Promise<Buffer>;
  readonly note: string;
}

async function startEtcd(): Promise<Started | Skipped> {
  const version = versionOfCommand('etcd');
  if (version === undefined) return { skipped: 'etcd is not installed (Debian: etcd-server)' };
  const ports = await freePorts(2 * MEMBERS.length);
  const folder = memoryFolder(FOLDER_BYTES);
  const client = new Client(`127.0.0.1:${ports[0]!}`, credentials.createInsecure());
  const call = (method: string, request: Buffer): Promise<Buffer> => {
    return new Promise((resolve, reject) => {
      const deadline = new Date(Date.now() + DEADLINE_MS);
      client.makeUnaryRequest(`/etcdserverpb.KV/${method}`, same, same, request, { deadline }, (error, response) => {
        if (error === null && response !== undefined) resolve(response);
        else reject(error ?? new Error('No response'));
      });
    });
  };
  const put = async (key: string, value: string): Promise<boolean> => {
    return (await call('Put', writeFields([key, value]))).length > 0; // At least a header with the revision.
  };
  const servers = await Promise.all(
    MEMBERS.map((member) => startServer('etcd', memberArguments(member, ports, folder), () => put('ready', 'yes'))),
  );
  return {
    call,
    put,
    get: async (key) => readRangeResponse(await call('Range', writeFields([key]))),
    close: async () => {
      client.close();
      await Promise.all(servers.map((server) => server.stop()));
      removeFolder(folder);
    },
    note: [
      `etcd ${/Version: (\S+)/.exec(version)?.[1] ?? version}`,
      packageNote('@grpc/grpc-js', import.meta.url),
      `data in ${folder.slice(0, -basename(folder).length - 1)}`,
    ].join(', '),
  };
}

function memberArguments(member: number, ports: readonly number[], folder: string): readonly string[] {
  const clientUrl = `http://127.0.0.1:${ports[member - 1]!}`;
  const peerUrl = (of: number): string => `http://127.0.0.1:${ports[MEMBERS.length + of - 1]!}`;
  return Object.entries({
    name: `m${member}`,
    'data-dir': `${folder}/m${member}`,
    'listen-client-urls': clientUrl,
    'advertise-client-urls': clientUrl,
    'listen-peer-urls': peerUrl(member),
    'initial-advertise-peer-urls': peerUrl(member),
    'initial-cluster': MEMBERS.map((each) => `m${each}=${peerUrl(each)}`).join(','),
    'log-level': 'error',
  }).flatMap(([name, value]) => [`--${name}`, value]);
}

function same(bytes: Buffer): Buffer {
  return bytes;
}
