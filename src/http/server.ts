// The node:http server around the service: who may connect, how long a request may take, how it all ends.
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';

import { assert } from '../base/assert.ts';
import { integerOption, QuorateError, rangeError } from '../base/errors.ts';
import * as limits from '../base/limits.ts';
import { hostGuard } from './host.ts';
import type { HostGuard } from './host.ts';
import { answerOf } from './listener.ts';
import type { Answer, Source } from './listener.ts';
import { sendReply } from './node-call.ts';
import { failure } from './reply.ts';
import type { Reply } from './reply.ts';
import type { ServiceOptions } from './service.ts';
import { wireErrorText } from './wire-error.ts';

/** Options of {@link serve}. Those of the service are for a store: a handler brings its own. */
export interface ServeOptions extends ServiceOptions {
  /** An integer from 0 (any free port) to 65535; default 3000. */
  readonly port?: number;
  /** Address to bind; default `127.0.0.1`, which only this machine reaches. */
  readonly host?: string;
  /** Names that the Host header may hold beside `host` and the loopback names, without ports; `'*'` for all. */
  readonly allowedHosts?: readonly string[];
  /** Wait for the head of a request, in milliseconds; default 10,000. */
  readonly headersTimeoutMs?: number;
  /** Wait for the whole request, in milliseconds, at least `headersTimeoutMs`; default 15,000. */
  readonly requestTimeoutMs?: number;
  /** Connections that are served at once, an integer from 1 to 65535; default 1024. Further ones hear 503. */
  readonly connectionsMax?: number;
}

/** Options of closing a server. */
export interface CloseOptions {
  /** Wait for requests in flight, in milliseconds, before their connections are destroyed; default 10,000. */
  readonly timeoutMs?: number;
}

/** A server that listens. */
export interface HttpServer extends AsyncDisposable {
  /** Where it listens, such as `http://127.0.0.1:3000`. */
  readonly url: string;
  /** Connections that are open. */
  readonly connections: number;
  /** Accepts nothing new, answers what is in flight, then is closed. Does not close the store. */
  close(options?: CloseOptions): Promise<void>;
}

/**
 * Serves a store, or a Web-standard handler, over HTTP/1.1. Needs an event loop that turns: any thread may call.
 *
 * @throws {RangeError} `ERR_QUORATE_INVALID_ARGUMENT` when an option is out of range.
 * @throws {QuorateError} `ERR_QUORATE_START_FAILED` when the address cannot be bound (rejects).
 * @example
 * ```ts
 * import { openCluster } from 'quorate';
 * import { serve } from 'quorate/http';
 *
 * const cluster = await openCluster({ replicas: 3 });
 * const server = await serve(cluster, { port: 0 });
 * console.log((await fetch(`${server.url}/data/nothing`)).status); // 404
 * await server.close();
 * await cluster.close();
 * ```
 */
export async function serve(source: Source, options: ServeOptions = {}): Promise<HttpServer> {
  const settings = settingsOf(options);
  const listening = new ListeningServer(answerOf(source, options), settings);
  await listening.listen();
  return listening;
}

type Settings = Required<Omit<ServeOptions, keyof ServiceOptions>>;

function settingsOf(options: ServeOptions): Settings {
  const { port = 3000, host = '127.0.0.1', allowedHosts = [], connectionsMax = limits.HTTP_CONNECTIONS_MAX } = options;
  const { headersTimeoutMs = limits.HTTP_HEADERS_TIMEOUT_MS } = options;
  const { requestTimeoutMs = Math.max(limits.HTTP_REQUEST_TIMEOUT_MS, headersTimeoutMs) } = options;
  const timeouts = { min: 1, max: limits.TIMEOUT_MS_MAX };
  if (host === '')
    throw rangeError('ERR_QUORATE_INVALID_ARGUMENT', 'Cannot bind host "": it must be an address or name');
  return {
    port: integerOption('port', port, { min: 0, max: 65_535 }),
    host,
    allowedHosts,
    headersTimeoutMs: integerOption('headersTimeoutMs', headersTimeoutMs, timeouts),
    requestTimeoutMs: integerOption('requestTimeoutMs', requestTimeoutMs, { ...timeouts, min: headersTimeoutMs }),
    connectionsMax: integerOption('connectionsMax', connectionsMax, { min: 1, max: 65_535 }),
  };
}

const TOO_MANY_CONNECTIONS: Reply = failure(503, 'ERR_QUORATE_HTTP_CONNECTIONS', 'Too many connections', {
  closes: true,
});

class ListeningServer implements HttpServer {
  readonly #answer: Answer;
  readonly #guard: HostGuard;
  readonly #settings: Settings;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Connections beyond the limit: each hears 503 and is closed. */
  readonly #refused = new Set<Socket>();
  /** The newest response of each connection: once it is finished, nothing is in flight there. */
  readonly #newest = new WeakMap<Duplex, ServerResponse>();
  #url = '';
  #closing: Promise<void> | undefined;

  constructor(answer: Answer, settings: Settings) {
    this.#answer = answer;
    this.#settings = settings;
    this.#guard = hostGuard(settings.host, settings.allowedHosts);
    this.#server = this.#makeServer();
  }

  get url(): string {
    return this.#url;
  }

  get connections(): number {
    return this.#sockets.size;
  }

  listen(): Promise<void> {
    const { host, port } = this.#settings;
    return new Promise((resolve, reject) => {
      this.#server.once('error', (cause: NodeJS.ErrnoException) => {
        const message = `Cannot listen on ${host}:${port}: ${cause.code ?? cause.message}`;
        reject(new QuorateError('ERR_QUORATE_START_FAILED', message, { cause, fields: { host, port } }));
      });
      this.#server.listen({ host, port }, () => {
        this.#server.removeAllListeners('error');
        this.#url = urlOf(this.#server.address());
        resolve();
      });
    });
  }

  close(options: CloseOptions = {}): Promise<void> {
    const { timeoutMs = limits.HTTP_CLOSE_TIMEOUT_MS } = options;
    integerOption('timeoutMs', timeoutMs, { min: 0, max: limits.TIMEOUT_MS_MAX });
    this.#closing ??= this.#drain(timeoutMs);
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #makeServer(): Server {
    const { headersTimeoutMs, requestTimeoutMs, connectionsMax } = this.#settings;
    const server = createServer({
      headersTimeout: headersTimeoutMs,
      requestTimeout: requestTimeoutMs,
      connectionsCheckingInterval: Math.max(10, Math.min(1_000, headersTimeoutMs / 4)),
      insecureHTTPParser: false, // Whatever NODE_OPTIONS says: lenient parsing is what request smuggling needs.
      requireHostHeader: false, // The guard refuses its absence, in the form of our other errors.
    });
    server.maxConnections = connectionsMax + limits.HTTP_REFUSALS_MAX;
    server.timeout = limits.HTTP_IDLE_TIMEOUT_MS;
    server.on('connection', (socket) => this.#admit(socket));
    server.on('request', (request, response) => this.#accept(request, response, false));
    server.on('checkContinue', (request, response) => this.#accept(request, response, true));
    server.on('clientError', (error: NodeJS.ErrnoException, socket) => this.#refuseWire(error, socket));
    return server;
  }

  #admit(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      this.#refused.delete(socket);
    });
    if (this.#sockets.size - this.#refused.size <= this.#settings.connectionsMax) return;
    // It hears 503 in answer to its request, since clients drop an answer that comes before they asked.
    this.#refused.add(socket);
    destroyLater(socket);
  }

  #accept(request: IncomingMessage, response: ServerResponse, mustContinue: boolean): void {
    const { socket } = request;
    this.#newest.set(socket, response);
    const refusal = this.#refused.has(socket) ? TOO_MANY_CONNECTIONS : this.#guard(request);
    const closes = (): boolean => this.#closing !== undefined;
    if (refusal === undefined) void this.#answer({ request, response }, { closes, mustContinue });
    else sendReply({ request, response }, refusal, closes());
  }

  /** Bytes that are no request, or do not come: an answer is written only where it cannot be taken for another's. */
  #refuseWire(error: NodeJS.ErrnoException, socket: Duplex): void {
    const newest = this.#newest.get(socket);
    const isInFlight = newest !== undefined && !newest.writableFinished;
    if (isInFlight || !socket.writable || error.code === 'ECONNRESET') {
      socket.destroy();
    } else if (!socket.writableEnded) {
      socket.end(wireErrorText(error.code));
      destroyLater(socket);
    }
  }

  #drain(timeoutMs: number): Promise<void> {
    const server = this.#server;
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        for (const socket of this.#sockets) socket.destroy();
      }, timeoutMs);
      server.close(() => {
        clearTimeout(timer);
        resolve();
      });
      server.closeIdleConnections();
      for (const socket of this.#sockets) if (socket.bytesRead === 0) socket.destroy(); // It has not asked anything.
    });
  }
}

/** Gives a client that is being refused a moment to read why. */
function destroyLater(socket: Duplex): void {
  const timer = setTimeout(() => socket.destroy(), limits.HTTP_LINGER_MS);
  socket.once('close', () => clearTimeout(timer));
}

function urlOf(address: AddressInfo | string | null): string {
  assert(typeof address === 'object' && address !== null, 'A server that listens on a port has an address');
  return `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`;
}
