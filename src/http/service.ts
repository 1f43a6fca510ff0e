// The service itself: routes, methods, outcomes. Both faces, fetch and node:http, hand their requests to it.
import { integerOption } from '../base/errors.ts';
import { HTTP_BODY_BYTES_MAX, IDEMPOTENCY_KEYS_MAX } from '../base/limits.ts';
import type { OperationOptions, ReadOk, WriteOptions, WriteResult } from '../store/store.ts';
import {
  keyOfSegment,
  keyValueOf,
  optionsOfQuery,
  readOptionsOfQuery,
  refuseMediaType,
  valueOf,
} from './data-request.ts';
import type { ChosenOptions, KeyValue, Parsed } from './data-request.ts';
import { counterMetrics, statusMetrics, writeMetrics } from './metrics-text.ts';
import { etagOf, preconditionOf } from './precondition.ts';
import type { Precondition, PreconditionHeader } from './precondition.ts';
import { failure, jsonReply, metricsReply } from './reply.ts';
import type { Reply } from './reply.ts';
import { RequestCounter } from './request-counter.ts';
import type { Route } from './request-counter.ts';
import { membersOf, pageText, scanOfQuery } from './scan-request.ts';
import { internalFailure, NO_QUORUM, rejectionOf } from './settled.ts';
import { healthReply } from './status.ts';
import type { ObservedStore } from './status.ts';
import { Writes } from './writes.ts';
import type { Asker } from './writes.ts';

/** Options of the service, whatever face it has. */
export interface ServiceOptions {
  /** Longest body of a request, in bytes, an integer from 1 to 2^28; default 1 MiB. */
  readonly bodyBytesMax?: number;
  /** Idempotency keys that are remembered, an integer from 1 to 2^20; default 16,384. */
  readonly idempotencyKeysMax?: number;
  /** Told of each defect that a client saw as status 500; by default it becomes a process warning. */
  readonly onError?: (error: unknown) => void;
}

/** One request, as a face presents it. */
export interface Call {
  readonly method: string;
  /** Path and query as they were sent, percent-encoded. */
  readonly target: string;
  readonly hasBody: boolean;
  /** Fires when the client is gone. */
  readonly signal: AbortSignal;
  /** The value of a header, by its name in lower case. */
  header(name: string): string | undefined;
  /** The whole body; `undefined` as soon as it is longer than `bytesMax`. Rejects when the client is gone. */
  readBody(bytesMax: number): Promise<Uint8Array | undefined>;
}

/** Reads the body of a call; `undefined` when it is, or says that it is, longer than `bytesMax`. */
export async function readBodyOf(call: Call, bytesMax: number): Promise<Uint8Array | undefined> {
  const declared = Number(call.header('content-length') ?? 0);
  return declared > bytesMax ? undefined : call.readBody(bytesMax);
}

/** Options of {@link Service}, complete. */
export type ServiceSettings = Required<ServiceOptions>;

const ALLOWED_DATA = 'GET, POST';
const ALLOWED_KEY = 'GET, PUT, DELETE';
const ALLOWED_READ = 'GET';

/** Answers requests from a store. Never rejects. */
export class Service {
  readonly settings: ServiceSettings;
  readonly #store: ObservedStore;
  readonly #writes: Writes;
  readonly #requests = new RequestCounter();

  constructor(store: ObservedStore, options: ServiceOptions = {}) {
    this.#store = store;
    this.settings = settingsOf(options);
    this.#writes = new Writes({ store, ...this.settings });
  }

  /** Answers one request. */
  async respond(call: Call): Promise<Reply> {
    const queryAt = call.target.indexOf('?');
    const path = queryAt === -1 ? call.target : call.target.slice(0, queryAt);
    const query = queryAt === -1 ? '' : call.target.slice(queryAt + 1);
    this.#requests.begin();
    const reply = await this.#settled(call, path, query);
    this.#requests.end(routeOf(path), call.method, reply.status);
    return reply;
  }

  async #settled(call: Call, path: string, query: string): Promise<Reply> {
    try {
      return await this.#route(call, path, query);
    } catch (error) {
      return this.#refuseRejection(error, call);
    }
  }

  #route(call: Call, path: string, query: string): Reply | Promise<Reply> {
    const { method } = call;
    if (call.target.includes('#')) return refuseFragment();
    if (call.hasBody && method !== 'POST' && method !== 'PUT') return refuseBody();
    if (path === '/data') {
      if (method === 'GET') return this.#scan(call, query);
      return method === 'POST' ? this.#post(call, query) : refuseMethod(ALLOWED_DATA);
    }
    if (path.startsWith('/data/')) {
      const segment = path.slice('/data/'.length);
      if (segment.includes('/')) return refuseRoute();
      if (method === 'GET') return this.#get(call, segment, query);
      if (method === 'PUT') return this.#put(call, segment, query);
      return method === 'DELETE' ? this.#delete(call, segment, query) : refuseMethod(ALLOWED_KEY);
    }
    if (path !== '/health' && path !== '/metrics') return refuseRoute();
    if (method !== 'GET') return refuseMethod(ALLOWED_READ);
    return path === '/health' ? healthReply(this.#store.inspect?.()) : metricsReply(this.#metricsText());
  }

  async #get(call: Call, segment: string, query: string): Promise<Reply> {
    const key = keyOfSegment(segment);
    if (key.kind === 'refused') return key.reply;
    const chosen = readOptionsOfQuery(query);
    if (chosen.kind === 'refused') return chosen.reply;
    const result = await this.#store.get(key.value, { ...chosen.value, signal: call.signal });
    if (result.outcome === 'absent') return failure(404, 'ERR_QUORATE_ABSENT', 'The key has no value');
    return result.outcome === 'unavailable' ? NO_QUORUM : valueReply(result);
  }

  async #scan(call: Call, query: string): Promise<Reply> {
    const asked = scanOfQuery(query);
    if (asked.kind === 'refused') return asked.reply;
    const { prefix, options } = asked.value;
    const page = await this.#store.scan(prefix, { ...options, signal: call.signal });
    return page.outcome === 'unavailable' ? NO_QUORUM : jsonReply(200, pageText(page));
  }

  async #post(call: Call, query: string): Promise<Reply> {
    const asked = askedOf(call, query, []);
    if (asked.kind === 'refused') return asked.reply;
    const body = await this.#bodyOf(call);
    if (body.kind === 'refused') return body.reply;
    const entry = keyValueOf(body.value);
    if (entry.kind === 'refused') return entry.reply;
    return this.#write(call, { ...entry.value, ...asked.value, body: body.value });
  }

  async #put(call: Call, segment: string, query: string): Promise<Reply> {
    const key = keyOfSegment(segment);
    if (key.kind === 'refused') return key.reply;
    const asked = askedOf(call, query, ['if-match', 'if-none-match']);
    if (asked.kind === 'refused') return asked.reply;
    const body = await this.#bodyOf(call);
    if (body.kind === 'refused') return body.reply;
    const value = valueOf(body.value);
    if (value.kind === 'refused') return value.reply;
    return this.#write(call, { key: key.value, ...value.value, ...asked.value, body: body.value });
  }

  async #delete(call: Call, segment: string, query: string): Promise<Reply> {
    const key = keyOfSegment(segment);
    if (key.kind === 'refused') return key.reply;
    const asked = askedOf(call, query, ['if-match']);
    if (asked.kind === 'refused') return asked.reply;
    const { precondition } = asked.value;
    return this.#writes.run(
      {
        kind: 'delete',
        request: [key.value],
        ...asked.value,
        begin: (options) => this.#store.delete(key.value, writeOptionsOf(options, precondition)),
      },
      askerOf(call),
    );
  }

  #write(call: Call, { key, value, ttlMs, body, ...asked }: PutRequest): Promise<Reply> {
    const begin = (chosen: OperationOptions): Promise<WriteResult> => {
      const options = ttlMs === undefined ? chosen : { ...chosen, ttlMs };
      if (asked.precondition.kind === 'absent') return this.#store.putIfAbsent(key, value, options);
      return this.#store.put(key, value, writeOptionsOf(options, asked.precondition));
    };
    return this.#writes.run(
      { kind: 'put', request: [`${call.method} ${JSON.stringify(key)}\n`, body], ...asked, begin },
      askerOf(call),
    );
  }

  async #bodyOf(call: Call): Promise<Parsed<Uint8Array>> {
    const refusal = refuseMediaType(call.header('content-type'), call.header('content-encoding'));
    if (refusal !== undefined) return { kind: 'refused', reply: refusal };
    const { bodyBytesMax } = this.settings;
    const value = await readBodyOf(call, bodyBytesMax);
    return value === undefined ? { kind: 'refused', reply: refuseLongBody(bodyBytesMax) } : { kind: 'parsed', value };
  }

  /** Writes settle on their own, so what was rejected here was a read, or a write that never began. */
  #refuseRejection(error: unknown, call: Call): Reply {
    const known = rejectionOf(error, call.signal);
    if (known !== undefined) return failure(known.status, known.code, known.sentence);
    this.#report(error);
    return internalFailure('not-applied');
  }

  #report(error: unknown): void {
    this.settings.onError(error);
  }

  #metricsText(): string {
    const metrics = this.#requests.metrics();
    const counters = this.#store.metrics?.();
    const status = this.#store.inspect?.();
    if (counters !== undefined) metrics.push(...counterMetrics(counters));
    if (status !== undefined) metrics.push(...statusMetrics(status));
    return writeMetrics(metrics);
  }
}

/** What the head of a write asks for. */
interface Asked {
  readonly chosen: ChosenOptions;
  readonly precondition: Precondition;
}

/** One put, by either route. */
interface PutRequest extends Asked, KeyValue {
  readonly body: Uint8Array;
}

function askedOf(call: Call, query: string, taken: readonly PreconditionHeader[]): Parsed<Asked> {
  const chosen = optionsOfQuery(query);
  if (chosen.kind === 'refused') return chosen;
  const precondition = preconditionOf((name) => call.header(name), taken);
  if (precondition.kind === 'refused') return precondition;
  return { kind: 'parsed', value: { chosen: chosen.value, precondition: precondition.value } };
}

function writeOptionsOf<Options extends OperationOptions>(
  options: Options,
  precondition: Precondition,
): Options & WriteOptions {
  return precondition.kind === 'version' ? { ...options, ifVersion: precondition.version } : options;
}

/** The signal stays a getter: a face makes it on first use. */
function askerOf(call: Call): Asker {
  const idempotencyKey = call.header('idempotency-key');
  return {
    idempotencyKey,
    get signal() {
      return call.signal;
    },
  };
}

/**
 * Completes and checks the options.
 *
 * @throws {RangeError} `ERR_QUORATE_INVALID_ARGUMENT` when one is out of range.
 */
export function settingsOf(options: ServiceOptions): ServiceSettings {
  const { bodyBytesMax = HTTP_BODY_BYTES_MAX, idempotencyKeysMax = IDEMPOTENCY_KEYS_MAX, onError = warn } = options;
  return {
    bodyBytesMax: integerOption('bodyBytesMax', bodyBytesMax, { min: 1, max: 1 << 28 }),
    idempotencyKeysMax: integerOption('idempotencyKeysMax', idempotencyKeysMax, { min: 1, max: 1 << 20 }),
    onError,
  };
}

function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : new Error('The HTTP service failed', { cause: error }));
}

/** JSON carries a value exactly, or as the base64 of its bytes and says so, or not at all. */
function valueReply({ value, version, expiresInMs, ageMs }: ReadOk): Reply {
  const members = membersOf(value);
  const time = expiresInMs === undefined ? '' : `,"expiresInMs":${expiresInMs}`;
  const age = ageMs === undefined ? '' : `,"ageMs":${Math.ceil(ageMs)}`;
  if (members !== undefined) return jsonReply(200, `{${members}${time}${age}}`, etagOf(version));
  return failure(406, 'ERR_QUORATE_NOT_JSON', 'The value has no exact form in JSON');
}

function routeOf(path: string): Route {
  if (path === '/data' || path.startsWith('/data/')) return 'data';
  if (path === '/health') return 'health';
  return path === '/metrics' ? 'metrics' : 'other';
}

function refuseMethod(allowed: string): Reply {
  const headers = ['allow', allowed];
  return failure(405, 'ERR_QUORATE_HTTP_METHOD', `The route takes ${allowed}`, { headers });
}

function refuseRoute(): Reply {
  return failure(404, 'ERR_QUORATE_HTTP_ROUTE', 'There is no such path');
}

function refuseFragment(): Reply {
  return failure(400, 'ERR_QUORATE_HTTP_REQUEST', 'The path holds a "#": a key with one spells it %23');
}

function refuseBody(): Reply {
  return failure(400, 'ERR_QUORATE_HTTP_REQUEST', 'The method takes no body', { closes: true });
}

/** The refusal of a body that is longer than the limit. */
export function refuseLongBody(bytesMax: number): Reply {
  const sentence = `The body is longer than ${bytesMax} bytes`;
  return failure(413, 'ERR_QUORATE_HTTP_BODY_TOO_LARGE', sentence, { closes: true });
}
