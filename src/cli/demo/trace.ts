// Reads recorded workloads, a line at a time, so that a file of any size fits:
// - CloudPhysics: block requests of virtual machines, `version,time,op,size,lbn` with a header; the block is the key.
//   Source: Waldspurger et al., "Efficient MRC Construction with SHARDS" (2015); published with libCacheSim.
// - Twitter: requests of cache clusters, `timestamp,key,key size,value size,client id,operation,TTL`, no header.
//   Source: Yang et al., "A Large Scale Analysis of Hundreds of In-memory Cache Clusters at Twitter" (2020).
import { createReadStream } from 'node:fs';
import { QuorateError } from '../../base/errors.ts';
import { KEY_BYTES_MAX } from '../../base/limits.ts';

/** Longest line of a trace, in characters. */
const LINE_LENGTH_MAX = 8192;

export type TraceFormat = 'cloudphysics' | 'twitter';

/** One request of a recorded workload. */
export interface TraceRequest {
  readonly kind: 'get' | 'put' | 'delete';
  readonly key: string;
  /** Length of the value as recorded, in bytes; 0 for a delete. */
  readonly bytes: number;
}

/** What a whole trace holds, and what it takes to keep it. */
export interface TraceSummary {
  readonly format: TraceFormat;
  readonly requests: number;
  readonly gets: number;
  readonly puts: number;
  readonly deletes: number;
  readonly keys: number;
  /** Bytes of all keys, each with its longest value (cut): the most that one replica has to hold. */
  readonly bytes: number;
}

const CLOUD_PHYSICS_HEADER = 'version,time,op,size,lbn';

/** SCSI operation codes: READ and WRITE with 6, 10, 12 and 16 bytes. */
const SCSI: Readonly<Record<string, 'get' | 'put'>> = {
  '08': 'get',
  '28': 'get',
  a8: 'get',
  '88': 'get',
  '0a': 'put',
  '2a': 'put',
  aa: 'put',
  '8a': 'put',
};

/** Operations of memcached, as a store without them would be asked to do. */
const MEMCACHED: Readonly<Record<string, TraceRequest['kind']>> = {
  get: 'get',
  gets: 'get',
  set: 'put',
  add: 'put',
  replace: 'put',
  cas: 'put',
  append: 'put',
  prepend: 'put',
  incr: 'put',
  decr: 'put',
  delete: 'delete',
};

/** The format of a trace by its first line. @throws `ERR_QUORATE_TRACE` when it is neither. */
export function detectTrace(firstLine: string): TraceFormat {
  if (firstLine.trim() === CLOUD_PHYSICS_HEADER) return 'cloudphysics';
  if (parseTwitter(firstLine) !== undefined) return 'twitter';
  const allowed = `the CloudPhysics header "${CLOUD_PHYSICS_HEADER}" or a Twitter line of 7 fields`;
  throw traceError(1, firstLine, `it must be ${allowed}`);
}

/** One line of a trace. @throws `ERR_QUORATE_TRACE` with `line` and `text` when it does not parse. */
export function parseTraceLine(format: TraceFormat, text: string, line: number): TraceRequest {
  const request = format === 'cloudphysics' ? parseCloudPhysics(text) : parseTwitter(text);
  if (request === undefined) throw traceError(line, text, `it must be a line of the ${format} format`);
  if (Buffer.byteLength(request.key) > KEY_BYTES_MAX) {
    throw traceError(line, text, `its key must have at most ${KEY_BYTES_MAX} bytes`);
  }
  return request;
}

/** The requests of a file, in batches, one batch per piece read. @throws `ERR_QUORATE_TRACE`; `ENOENT` and the like. */
export async function* readTrace(path: string): AsyncGenerator<readonly TraceRequest[], void, undefined> {
  let format: TraceFormat | undefined;
  let line = 0;
  let rest = '';
  const parse = (lines: readonly string[]): TraceRequest[] => {
    const batch: TraceRequest[] = [];
    for (const text of lines) {
      line += 1;
      if (text.trim() === '') continue;
      const isFirst = format === undefined;
      format ??= detectTrace(text);
      if (!isFirst || format !== 'cloudphysics') batch.push(parseTraceLine(format, text, line));
    }
    return batch;
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- with an encoding, pieces are strings
  for await (const piece of createReadStream(path, { encoding: 'utf8' }) as AsyncIterable<string>) {
    const lines = (rest + piece).split('\n');
    rest = lines.pop() ?? '';
    const batch = parse(lines);
    if (rest.length > LINE_LENGTH_MAX)
      throw traceError(line + 1, rest, `it must have at most ${LINE_LENGTH_MAX} characters`);
    yield batch;
  }
  yield parse([rest]);
  if (format === undefined) throw traceError(1, '', 'the file must not be empty');
}

/** The requests of a file again and again. */
export async function* repeatTrace(path: string): AsyncGenerator<readonly TraceRequest[], void, undefined> {
  for (;;) yield* readTrace(path);
}

/** Reads a whole trace to see what it needs, with values cut to `valueBytesMax`; `valueBytesMin` is the shortest. */
export async function summarizeTrace(
  path: string,
  limits: { readonly valueBytesMin: number; readonly valueBytesMax: number },
): Promise<TraceSummary> {
  const longest = new Map<string, number>();
  const counts = { get: 0, put: 0, delete: 0 };
  for await (const batch of readTrace(path)) {
    for (const { kind, key, bytes } of batch) {
      counts[kind] += 1;
      const before = longest.get(key) ?? 0;
      const cut = kind === 'put' ? Math.min(Math.max(bytes, limits.valueBytesMin), limits.valueBytesMax) : 0;
      if (cut > before || before === 0) longest.set(key, Math.max(cut, before));
    }
  }
  let bytes = 0;
  for (const [key, value] of longest) bytes += Buffer.byteLength(key) + value;
  const format = await formatOf(path);
  const requests = counts.get + counts.put + counts.delete;
  return { format, requests, gets: counts.get, puts: counts.put, deletes: counts.delete, keys: longest.size, bytes };
}

async function formatOf(path: string): Promise<TraceFormat> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- with an encoding, pieces are strings
  for await (const piece of createReadStream(path, { encoding: 'utf8' }) as AsyncIterable<string>) {
    return detectTrace(piece.trimStart().split('\n', 1)[0] ?? '');
  }
  throw traceError(1, '', 'the file must not be empty');
}

function parseCloudPhysics(text: string): TraceRequest | undefined {
  const [, time, operation, size, block, more] = text.trimEnd().split(',');
  const kind = SCSI[operation?.toLowerCase() ?? ''];
  if (kind === undefined || block === undefined || block === '' || more !== undefined) return undefined;
  const bytes = wholeNumber(size);
  if (bytes === undefined || wholeNumber(time) === undefined || wholeNumber(block) === undefined) return undefined;
  return { kind, key: block, bytes };
}

function parseTwitter(text: string): TraceRequest | undefined {
  const fields = text.trimEnd().split(',');
  if (fields.length < 7) return undefined;
  // Keys are anonymized and may hold commas; what stands around them may not.
  const [keySize, valueSize, clientId, operation, ttl] = fields.slice(-5);
  const key = fields.slice(1, -5).join(',');
  const kind = MEMCACHED[operation?.toLowerCase() ?? ''];
  const bytes = wholeNumber(valueSize);
  const numbers = [fields[0], keySize, clientId, ttl].map(wholeNumber);
  if (kind === undefined || key === '' || bytes === undefined || numbers.includes(undefined)) return undefined;
  return { kind, key, bytes: kind === 'delete' ? 0 : bytes };
}

function wholeNumber(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,15}(\.\d+)?$/.test(text)) return undefined;
  return Math.floor(Number(text));
}

function traceError(line: number, text: string, reason: string): QuorateError {
  const shown = text.length > 80 ? `${text.slice(0, 77)}...` : text;
  return new QuorateError('ERR_QUORATE_TRACE', `Cannot read line ${line} of the trace, "${shown}": ${reason}`, {
    fields: { line, text: shown },
  });
}
