// The Host header: a page of another site must not reach a service on this machine by DNS rebinding.
import type { IncomingMessage } from 'node:http';

import { failure } from './reply.ts';
import type { Reply } from './reply.ts';

/** Names that lead to this machine whoever asks, so that no rebinding can borrow them. */
const LOOPBACK_NAMES: readonly string[] = ['localhost', '127.0.0.1', '[::1]'];

/** Decides whether a request may pass; the reply is its refusal. */
export type HostGuard = (request: IncomingMessage) => Reply | undefined;

/**
 * Makes the guard of a server that is bound to `host`. Loopback names and `host` itself pass, and those in `allowed`;
 * `'*'` in `allowed` lets every name pass. Ports are not compared.
 */
export function hostGuard(host: string, allowed: readonly string[]): HostGuard {
  const names = new Set([...LOOPBACK_NAMES, host.includes(':') ? `[${host}]` : host, ...allowed].map(lowerCase));
  const isOpen = names.has('*');
  return (request) => {
    if (countOfHost(request.rawHeaders) !== 1) {
      return failure(400, 'ERR_QUORATE_HTTP_HOST', 'The request must have one Host header', { closes: true });
    }
    if (isOpen || names.has(nameOf(request.headers.host ?? ''))) return undefined;
    return failure(421, 'ERR_QUORATE_HTTP_HOST', 'This service does not answer for the host that the request names');
  };
}

/** node:http keeps the first of several Host headers; a proxy before it may have believed the last. */
function countOfHost(rawHeaders: readonly string[]): number {
  let count = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!;
    if (name.length === 4 && name.toLowerCase() === 'host') count++;
  }
  return count;
}

function nameOf(header: string): string {
  const portAt = header.lastIndexOf(':');
  const hasPort = portAt > header.lastIndexOf(']');
  return lowerCase(hasPort ? header.slice(0, portAt) : header);
}

function lowerCase(name: string): string {
  return name.toLowerCase();
}
