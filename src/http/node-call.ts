// The node:http face of one request: presents it as a Call and puts the Reply on the wire, without fetch objects.
import type { IncomingMessage, ServerResponse } from 'node:http';

import { QuorateError } from '../base/errors.ts';
import { HTTP_LINGER_MS } from '../base/limits.ts';
import { headersOf } from './reply.ts';
import type { Reply } from './reply.ts';
import type { Call } from './service.ts';

/** One request of node:http and the response that belongs to it. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** A request of node:http as the service sees it. */
export class NodeCall implements Call {
  readonly method: string;
  readonly target: string;
  readonly hasBody: boolean;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #mustContinue: boolean;
  #gone: AbortController | undefined;

  /** `mustContinue` when the client waits for "100 Continue" before it sends the body. */
  constructor({ request, response }: Exchange, mustContinue: boolean) {
    this.method = request.method ?? '';
    this.target = request.url ?? '';
    const { 'content-length': length = '0', 'transfer-encoding': coding } = request.headers;
    this.hasBody = coding !== undefined || length !== '0';
    this.#request = request;
    this.#response = response;
    this.#mustContinue = mustContinue;
  }

  /** Made on first use: most refusals never look at it. */
  get signal(): AbortSignal {
    if (this.#gone === undefined) {
      const gone = new AbortController();
      this.#gone = gone;
      const response = this.#response;
      if (response.destroyed) gone.abort();
      else response.once('close', () => response.writableFinished || gone.abort());
    }
    return this.#gone.signal;
  }

  header(name: string): string | undefined {
    const value = this.#request.headers[name];
    return Array.isArray(value) ? value.join(', ') : value;
  }

  readBody(bytesMax: number): Promise<Uint8Array | undefined> {
    if (this.#mustContinue) this.#response.writeContinue();
    return readMessage(this.#request, bytesMax);
  }
}

/** Reads a message of node:http to its end; `undefined`, and paused, as soon as it is longer than `bytesMax`. */
function readMessage(request: IncomingMessage, bytesMax: number): Promise<Uint8Array | undefined> {
  return new Promise((resolve, reject) => {
    if (request.readableEnded) {
      reject(new TypeError('Cannot read the body: something before this handler has read it'));
      return;
    }
    const chunks: Buffer[] = [];
    let length = 0;
    const onData = (chunk: Buffer): void => {
      length += chunk.byteLength;
      chunks.push(chunk);
      if (length <= bytesMax) return;
      request.pause();
      finish();
      resolve(undefined);
    };
    const onEnd = (): void => {
      finish();
      resolve(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, length));
    };
    const onGone = (cause?: unknown): void => {
      finish();
      reject(new QuorateError('ERR_QUORATE_ABORTED', 'The body did not arrive', { cause }));
    };
    const finish = (): void => {
      request.off('data', onData).off('end', onEnd).off('close', onGone);
    };
    request.on('data', onData).on('end', onEnd).on('close', onGone);
    request.on('error', onGone); // Stays: the loss of a request that nobody reads any more is no uncaught error.
  });
}

/** Writes a reply, and closes the connection if `closes` or where the request was not read to its end. */
export function sendReply({ request, response }: Exchange, reply: Reply, closes: boolean): void {
  if (response.destroyed || response.headersSent) return;
  const isUnread = !request.complete;
  const headers = headersOf(reply);
  headers.push('content-length', String(Buffer.byteLength(reply.body)));
  if (closes || reply.closes || isUnread) headers.push('connection', 'close');
  response.writeHead(reply.status, headers);
  if (isUnread) endAfterDiscarding({ request, response }, reply.body);
  else response.end(reply.body);
}

/**
 * Ends a response whose request is still arriving. Closing at once would reset the connection, and a client in the
 * middle of its upload would never read why: so its bytes are thrown away for a while.
 */
function endAfterDiscarding({ request, response }: Exchange, body: string): void {
  response.write(body);
  const end = (): void => {
    clearTimeout(timer);
    response.end();
  };
  const timer = setTimeout(end, HTTP_LINGER_MS);
  request.once('end', end).once('close', end).resume();
}
