// The listener of a node:http server: for a store, straight to the service; for a fetch handler, through its objects.
import type { IncomingMessage, ServerResponse } from 'node:http';

import { serviceOf } from './handler.ts';
import { NodeCall, sendReply } from './node-call.ts';
import type { Exchange } from './node-call.ts';
import { requestOf, sendResponse } from './node-fetch.ts';
import { readBodyOf, refuseLongBody, Service, settingsOf } from './service.ts';
import type { ServiceOptions, ServiceSettings } from './service.ts';
import { internalFailure } from './settled.ts';
import type { ObservedStore } from './status.ts';

/** A Web-standard handler that is not ours: it need not be asynchronous. */
export type ForeignHandler = (request: Request) => Response | Promise<Response>;

/** What a server serves: a store, or a Web-standard handler (of {@link createHandler} or any other). */
export type Source = ObservedStore | ForeignHandler;

/** A request listener of node:http. */
export type NodeListener = (request: IncomingMessage, response: ServerResponse) => void;

/** How the server wants one exchange answered. */
export interface AnswerOptions {
  /** Asked when the reply is sent: whether this connection serves no further request. */
  readonly closes: () => boolean;
  /** The client waits for "100 Continue" before it sends the body. */
  readonly mustContinue: boolean;
}

/** Answers one exchange; never rejects. */
export type Answer = (exchange: Exchange, options: AnswerOptions) => Promise<void>;

const IN_A_FRAMEWORK: AnswerOptions = { closes: () => false, mustContinue: false };

/**
 * Makes a listener that mounts in a `node:http` server, Express or Fastify. It must come before body parsers, and does
 * not check the Host header: its server does.
 *
 * @throws {RangeError} `ERR_QUORATE_INVALID_ARGUMENT` when an option is out of range.
 * @example
 * ```ts
 * import { createServer } from 'node:http';
 * import { openCluster } from 'quorate';
 * import { createListener } from 'quorate/http';
 *
 * const cluster = await openCluster({ replicas: 3 });
 * const server = createServer(createListener(cluster)); // With Express: app.use('/store', createListener(cluster))
 * server.close();
 * await cluster.close();
 * ```
 */
export function createListener(source: Source, options: ServiceOptions = {}): NodeListener {
  const answer = answerOf(source, options);
  return (request, response) => void answer({ request, response }, IN_A_FRAMEWORK);
}

/** Makes the function behind a listener. The options are those of a new service: a handler brings its own. */
export function answerOf(source: Source, options: ServiceOptions): Answer {
  if (typeof source !== 'function') return directAnswer(new Service(source, options));
  const service = serviceOf(source);
  return service === undefined ? fetchAnswer(source, settingsOf(options)) : directAnswer(service);
}

function directAnswer(service: Service): Answer {
  return async (exchange, { closes, mustContinue }) => {
    try {
      sendReply(exchange, await service.respond(new NodeCall(exchange, mustContinue)), closes());
    } catch (error) {
      service.settings.onError(error);
      exchange.response.destroy();
    }
  };
}

function fetchAnswer(handler: ForeignHandler, settings: ServiceSettings): Answer {
  return async (exchange, { closes, mustContinue }) => {
    const call = new NodeCall(exchange, mustContinue);
    try {
      const body = call.hasBody ? await readBodyOf(call, settings.bodyBytesMax) : undefined;
      if (call.hasBody && body === undefined) sendReply(exchange, refuseLongBody(settings.bodyBytesMax), closes());
      else await sendResponse(exchange, await handler(requestOf(exchange, call, body)), closes());
    } catch (error) {
      if (call.signal.aborted) return; // The client is gone, and what it began has been told so.
      settings.onError(error);
      if (exchange.response.headersSent) exchange.response.destroy();
      else sendReply(exchange, internalFailure('unknown'), true);
    }
  };
}
