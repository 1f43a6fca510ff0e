// The Web-standard face: a function from Request to Response, which mounts in any framework that knows fetch.
import { QuorateError } from '../base/errors.ts';
import { headersOf } from './reply.ts';
import type { Reply } from './reply.ts';
import { Service } from './service.ts';
import type { Call, ServiceOptions } from './service.ts';
import type { ObservedStore } from './status.ts';

/** A Web-standard request handler. */
export type FetchHandler = (request: Request) => Promise<Response>;

const SERVICE_OF_HANDLER = new WeakMap<object, Service>();

/**
 * Makes a handler that serves a store over HTTP: `GET`, `PUT` and `DELETE /data/:key`, `POST /data`, `GET /health`
 * and `GET /metrics`; see docs/HTTP.md. The handler never rejects, and does not close the store.
 *
 * @throws {RangeError} `ERR_QUORATE_INVALID_ARGUMENT` when an option is out of range.
 * @example
 * ```ts
 * import { openCluster } from 'quorate';
 * import { createHandler } from 'quorate/http';
 *
 * const cluster = await openCluster({ replicas: 3 });
 * const handler = createHandler(cluster);
 * await cluster.put('greeting', 'hello');
 * const response = await handler(new Request('http://localhost/data/greeting'));
 * console.log(await response.text()); // {"data":"hello"}
 * await cluster.close();
 * ```
 */
export function createHandler(store: ObservedStore, options: ServiceOptions = {}): FetchHandler {
  const service = new Service(store, options);
  const handler: FetchHandler = async (request) => {
    return responseOf(await service.respond(callOf(request)), request.method);
  };
  SERVICE_OF_HANDLER.set(handler, service);
  return handler;
}

/** The service behind a handler of {@link createHandler}, so that a Node.js face need not go through fetch objects. */
export function serviceOf(handler: object): Service | undefined {
  return SERVICE_OF_HANDLER.get(handler);
}

function callOf(request: Request): Call {
  const { url, method, headers, body, signal } = request;
  // A Request's URL is absolute and normal, so the path starts at the first slash behind the authority.
  const pathAt = url.indexOf('/', url.indexOf('://') + '://'.length);
  const fragmentAt = url.indexOf('#', pathAt);
  return {
    method,
    target: fragmentAt === -1 ? url.slice(pathAt) : url.slice(pathAt, fragmentAt),
    hasBody: body !== null,
    signal,
    header: (name) => headers.get(name) ?? undefined,
    readBody: (bytesMax) => readStream(request, bytesMax),
  };
}

/** Reads chunk by chunk, so that no more than `bytesMax` and one chunk are ever held. */
async function readStream(request: Request, bytesMax: number): Promise<Uint8Array | undefined> {
  if (request.body === null) return new Uint8Array(0);
  if (request.bodyUsed) throw new TypeError('Cannot read the body: something before this handler has read it');
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of request.body as ReadableStream<Uint8Array>) {
      length += chunk.byteLength;
      if (length > bytesMax) return undefined; // Leaving the loop cancels the stream.
      chunks.push(chunk);
    }
  } catch (cause) {
    throw new QuorateError('ERR_QUORATE_ABORTED', 'The body did not arrive', { cause });
  }
  return Buffer.concat(chunks, length);
}

function responseOf(reply: Reply, method: string): Response {
  const headers = new Headers();
  const flat = headersOf(reply);
  for (let at = 0; at < flat.length; at += 2) headers.append(flat[at]!, flat[at + 1]!);
  if (reply.closes) headers.append('connection', 'close');
  return new Response(method === 'HEAD' ? null : reply.body, { status: reply.status, headers });
}
