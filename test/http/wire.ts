// A raw TCP client: says exactly the bytes it is told to, and hears all of the answer.
import { connect } from 'node:net';
import type { Socket } from 'node:net';

/** A connection whose bytes a test writes itself. */
export interface Wire {
  readonly socket: Socket;
  /** Settles with all that was heard once the other side has closed. */
  readonly closed: Promise<string>;
  /** Settles once what was heard so far matches. */
  heard(pattern: RegExp): Promise<string>;
}

export function openWire(url: string): Promise<Wire> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  let text = '';
  let waiters: { readonly pattern: RegExp; readonly resolve: (text: string) => void }[] = [];
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    text += chunk;
    for (const { pattern, resolve } of waiters) if (pattern.test(text)) resolve(text);
    waiters = waiters.filter(({ pattern }) => !pattern.test(text));
  });
  socket.on('error', () => {}); // A reset is one of the answers that tests look for.
  const closed = new Promise<string>((resolve) => {
    socket.on('close', () => resolve(text));
  });
  const heard = (pattern: RegExp): Promise<string> => {
    if (pattern.test(text)) return Promise.resolve(text);
    return new Promise((resolve) => waiters.push({ pattern, resolve }));
  };
  return new Promise((resolve, reject) => {
    socket.once('connect', () => resolve({ socket, closed, heard })).once('error', reject);
  });
}

/** Says `bytes` and hears everything until the other side closes. */
export async function sayAndHear(url: string, bytes: string): Promise<string> {
  const wire = await openWire(url);
  wire.socket.write(bytes, 'latin1');
  return wire.closed;
}

/** The head of a request, with the lines that every one needs. */
export function head(line: string, ...headers: readonly string[]): string {
  return [`${line} HTTP/1.1`, 'Host: localhost', ...headers, '', ''].join('\r\n');
}
