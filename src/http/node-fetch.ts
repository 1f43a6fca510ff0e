// Between node:http and fetch objects, for handlers that are not ours. Ours do without these objects.
import type { ServerResponse } from 'node:http';

import type { Exchange, NodeCall } from './node-call.ts';

/** The Request that a node:http request stands for; `body` has been read already. */
export function requestOf({ request }: Exchange, call: NodeCall, body: Uint8Array | undefined): Request {
  const headers = new Headers();
  const flat = request.rawHeaders;
  for (let at = 0; at < flat.length; at += 2) headers.append(flat[at]!, flat[at + 1]!);
  const url = new URL(call.target, `http://${request.headers.host ?? 'localhost'}`);
  const { method, signal } = call;
  return new Request(url, body === undefined ? { method, headers, signal } : { method, headers, signal, body });
}

/** Puts a Response on the wire, no faster than the client reads. Rejects when the response's body fails. */
export async function sendResponse({ request, response }: Exchange, from: Response, closes: boolean): Promise<void> {
  if (response.destroyed) return;
  const cookies = from.headers.getSetCookie();
  if (cookies.length > 0) response.setHeader('set-cookie', cookies);
  for (const [name, value] of from.headers) if (name !== 'set-cookie') response.setHeader(name, value);
  if (closes || !request.complete) response.setHeader('connection', 'close');
  response.writeHead(from.status);
  if (from.body !== null) {
    for await (const chunk of from.body as ReadableStream<Uint8Array>) {
      if (response.destroyed) return; // Leaving the loop cancels the stream.
      if (!response.write(chunk)) await drained(response);
    }
  }
  response.end();
}

/** Waits until the client has read enough, or is gone. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      response.off('drain', settle).off('close', settle);
      resolve();
    };
    response.on('drain', settle).on('close', settle);
  });
}
