// The node:http server: limits, raw bytes, disconnects, closing. Cases H1, H6, H7, H11 to H13 of the threat list.
import { once } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { describe, expect, it, onTestFinished } from 'vitest';

import { HTTP_HEADERS_TIMEOUT_MS, HTTP_REQUEST_TIMEOUT_MS } from '../../src/base/limits.ts';
import { createHandler } from '../../src/http/handler.ts';
import { serve } from '../../src/http/server.ts';
import type { HttpServer, ServeOptions } from '../../src/http/server.ts';
import { jsonBody } from './faces.ts';
import { FakeStore, makeGate } from './fake-store.ts';
import { head, openWire, sayAndHear } from './wire.ts';

const MIB = 1024 * 1024;
const POST_HEADERS = ['Content-Type: application/json'] as const;

async function open(options: ServeOptions = {}): Promise<{ store: FakeStore; server: HttpServer; url: string }> {
  const store = new FakeStore();
  const server = await serve(store, { port: 0, ...options });
  onTestFinished(() => server.close({ timeoutMs: 0 }));
  return { store, server, url: server.url };
}

/** So that memory tells what is held, not what has been dropped since. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const gc: () => void = runInNewContext('gc');
  gc();
  gc(); // The first only begins to free array buffers; the second waits for it.
}

describe('H1: the limit of a body', () => {
  it('takes exactly bodyBytesMax, and refuses one more with 413', async () => {
    const body = JSON.stringify({ key: 'k', value: 'x' });
    const { store, url } = await open({ bodyBytesMax: body.length });
    expect((await fetch(`${url}/data`, { method: 'POST', ...jsonBody(body) })).status).toBe(200);
    const answer = await fetch(`${url}/data`, { method: 'POST', ...jsonBody(`${body} `) });
    expect(answer.status).toBe(413);
    expect(answer.headers.get('connection')).toBe('close');
    expect(await answer.json()).toMatchObject({ code: 'ERR_QUORATE_HTTP_BODY_TOO_LARGE', outcome: 'not-applied' });
    expect(store.operations.length).toBe(1);
  });

  it('refuses a declared length before any of the body has arrived, and closes', async () => {
    const { url } = await open();
    const said = head('POST /data', ...POST_HEADERS, `Content-Length: ${1024 * 1024 + 1}`);
    expect(await sayAndHear(url, said)).toMatch(/^HTTP\/1\.1 413 [^]*connection: close[^]*BODY_TOO_LARGE/);
  });

  it('refuses an endless chunked body, closes, and holds none of it', async () => {
    const { store, url } = await open();
    const wire = await openWire(url);
    wire.socket.write(head('POST /data', ...POST_HEADERS, 'Transfer-Encoding: chunked'));
    const chunk = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(0x10000, ' '), Buffer.from('\r\n')]);
    collectGarbage();
    const before = process.memoryUsage().arrayBuffers;
    let held = 0;
    let sent = 0;
    const pump = (): void => {
      while (!wire.socket.destroyed && sent < 64 * MIB) {
        sent += 0x10000;
        if (sent % (8 * MIB) === 0) {
          collectGarbage();
          held = Math.max(held, process.memoryUsage().arrayBuffers - before);
        }
        if (!wire.socket.write(chunk)) return void wire.socket.once('drain', pump);
      }
    };
    pump();
    expect(await wire.closed).toMatch(/^HTTP\/1\.1 413 /);
    expect(sent).toBeGreaterThan(8 * MIB);
    expect(held).toBeLessThan(4 * MIB);
    expect(store.operations).toEqual([]);
  });

  it('asks for the body of an "Expect: 100-continue" only where it wants it', async () => {
    const { url } = await open();
    const body = '{"key":"k","value":1}';
    const wire = await openWire(url);
    const expecting = [...POST_HEADERS, 'Expect: 100-continue', 'Connection: close'];
    wire.socket.write(head('POST /data', ...expecting, `Content-Length: ${body.length}`));
    await wire.heard(/^HTTP\/1\.1 100 Continue\r\n\r\n$/);
    wire.socket.write(body);
    expect(await wire.closed).toMatch(/HTTP\/1\.1 200 OK/);
    const refused = head('POST /data', ...expecting, 'Content-Length: 2000000');
    expect(await sayAndHear(url, refused)).toMatch(/^HTTP\/1\.1 413 /);
  });
});

describe('H6: slow clients', () => {
  const FAST: ServeOptions = { headersTimeoutMs: 60, requestTimeoutMs: 120 };

  it('closes a connection that says nothing, with 408', async () => {
    const { url } = await open(FAST);
    expect(await sayAndHear(url, '')).toMatch(/^HTTP\/1\.1 408 [^]*REQUEST_TIMEOUT/);
  });

  it('closes a connection whose headers never end, with 408', async () => {
    const { url } = await open(FAST);
    expect(await sayAndHear(url, 'GET /health HTTP/1.1\r\nHost: localhost\r\nX-Slow: a')).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('closes a connection whose body never ends, and the store never hears of it', async () => {
    const { store, url } = await open(FAST);
    const said = `${head('POST /data', ...POST_HEADERS, 'Content-Length: 100')}{"key":"k",`;
    expect(await sayAndHear(url, said)).toBe('');
    expect(store.operations).toEqual([]);
  });

  it('gives up after 10 and 15 seconds unless configured', () => {
    expect([HTTP_HEADERS_TIMEOUT_MS, HTTP_REQUEST_TIMEOUT_MS]).toEqual([10_000, 15_000]);
  });
});

describe('H7: too many connections', () => {
  it('answers those over the limit with 503 and Retry-After, while those within it are served', async () => {
    const { url, server } = await open({ connectionsMax: 4 });
    const within = await Promise.all(Array.from({ length: 4 }, () => openWire(url)));
    for (const wire of within) wire.socket.write(head('GET /health'));
    await Promise.all(within.map((wire) => wire.heard(/"ok"/)));
    const beyond = await Promise.all(Array.from({ length: 50 }, () => sayAndHear(url, head('GET /health'))));
    for (const heard of beyond) {
      expect(heard).toMatch(/^HTTP\/1\.1 503 [^]*retry-after: 1[^]*ERR_QUORATE_HTTP_CONNECTIONS/);
    }
    expect(server.connections).toBe(4);
    for (const wire of within) wire.socket.write(head('GET /data/k', 'Connection: close'));
    for (const heard of await Promise.all(within.map((wire) => wire.closed))) expect(heard).toMatch(/404 Not Found/);
    expect((await fetch(`${url}/health`)).status).toBe(200);
  });

  it('survives a flood of 10,000 silent connections', async () => {
    const { url, server } = await open({ connectionsMax: 16 });
    const first = await openWire(url);
    const flood = Array.from({ length: 10_000 }, async () => {
      const wire = await openWire(url);
      await wire.closed;
    });
    first.socket.write(head('GET /health'));
    await first.heard(/"ok"/);
    expect(server.connections).toBeLessThanOrEqual(16 + 256);
    await server.close({ timeoutMs: 0 });
    await Promise.allSettled(flood);
  });
});

describe('H11: a client that leaves', () => {
  it.each([
    ['read', 'GET /data/k', ''],
    ['delete', 'DELETE /data/k', ''],
    ['put', 'POST /data', '{"key":"k","value":1}'],
  ])('cancels its %s', async (_, line, body) => {
    const errors: unknown[] = [];
    const { store, url } = await open({ onError: (error) => errors.push(error) });
    store.foretell({ kind: 'waits', gate: makeGate().opened });
    const wire = await openWire(url);
    wire.socket.write(head(line, ...POST_HEADERS, ...(body === '' ? [] : [`Content-Length: ${body.length}`])) + body);
    await store.reached(1);
    const { signal } = store.operations[0]!.options;
    const aborted = once(signal!, 'abort');
    wire.socket.destroy();
    await aborted;
    expect((await fetch(`${url}/health`)).status).toBe(200);
    expect(store.effects).toEqual([]);
    expect(errors).toEqual([]);
  });

  it('does not cancel a write under an Idempotency-Key, which others may wait for', async () => {
    const { store, url } = await open();
    const gate = makeGate();
    store.foretell({ kind: 'waits', gate: gate.opened });
    const body = '{"key":"k","value":1}';
    const wire = await openWire(url);
    wire.socket.write(
      head('POST /data', ...POST_HEADERS, 'Idempotency-Key: a', `Content-Length: ${body.length}`) + body,
    );
    await store.reached(1);
    wire.socket.destroy();
    await wire.closed;
    gate.open();
    const again = await fetch(`${url}/data`, { method: 'POST', ...jsonBody(body, { 'idempotency-key': 'a' }) });
    expect(again.status).toBe(200);
    expect(store.effects).toEqual(['k']);
  });

  it('in the middle of its body leaves no trace and no error', async () => {
    const errors: unknown[] = [];
    const { store, server, url } = await open({ onError: (error) => errors.push(error) });
    const wire = await openWire(url);
    wire.socket.write(`${head('POST /data', ...POST_HEADERS, 'Content-Length: 100')}{"key"`);
    await expect.poll(() => server.connections).toBe(1);
    wire.socket.destroy();
    await expect.poll(() => server.connections).toBe(0);
    expect(store.operations).toEqual([]);
    expect(errors).toEqual([]);
  });

  it('half-closes after its request and still hears the answer', async () => {
    const { url } = await open();
    const wire = await openWire(url);
    wire.socket.end(head('GET /health'));
    expect(await wire.closed).toMatch(/^HTTP\/1\.1 200 OK/);
  });
});

describe('H12: request smuggling', () => {
  const BODY = '{"key":"k","value":1}';
  const CHUNKED = `${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`;
  const LENGTH = `Content-Length: ${BODY.length}`;
  it.each([
    ['both lengths', head('POST /data', ...POST_HEADERS, LENGTH, 'Transfer-Encoding: chunked') + CHUNKED],
    [
      'both lengths, the other way',
      head('POST /data', ...POST_HEADERS, 'Transfer-Encoding: chunked', LENGTH) + CHUNKED,
    ],
    ['two lengths', head('POST /data', ...POST_HEADERS, LENGTH, 'Content-Length: 5') + BODY],
    ['a signed length', head('POST /data', ...POST_HEADERS, `Content-Length: +${BODY.length}`) + BODY],
    ['a folded header', head('POST /data', ...POST_HEADERS, 'X-Folded: a\r\n b', LENGTH) + BODY],
    ['a space before the colon', head('POST /data', ...POST_HEADERS, `Content-Length : ${BODY.length}`) + BODY],
    ['chunked not last', head('POST /data', ...POST_HEADERS, 'Transfer-Encoding: chunked, identity') + CHUNKED],
    ['chunked disguised', head('POST /data', ...POST_HEADERS, 'Transfer-Encoding: xchunked') + CHUNKED],
    ['a bare line feed', head('POST /data', ...POST_HEADERS, LENGTH).replaceAll('\r\n', '\n') + BODY],
    ['a bare carriage return', head('POST /data', ...POST_HEADERS, `X-A: a\rb`, LENGTH) + BODY],
    ['a chunk size with junk', head('POST /data', ...POST_HEADERS, 'Transfer-Encoding: chunked') + `g${CHUNKED}`],
    [
      'a chunk that is longer than it says',
      head('POST /data', ...POST_HEADERS, 'Transfer-Encoding: chunked') + `1${CHUNKED.slice(2)}`,
    ],
    ['no version', 'GET /health\r\n\r\n'],
    ['another protocol', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
    ['a NUL in a header', head('GET /health', 'X-A: a\0b')],
  ])('refuses %s, closes the connection, and never writes', async (_, bytes) => {
    const { store, url } = await open();
    expect(await sayAndHear(url, bytes)).toMatch(
      /^(?:HTTP\/1\.1 400 Bad Request\r\n[^]*ERR_QUORATE_HTTP_(?:REQUEST|HOST)[^]*)?$/,
    );
    expect(store.operations).toEqual([]);
  });

  it('never answers a request in flight with the error of the bytes behind it', async () => {
    const { store, url } = await open();
    store.foretell({ kind: 'waits', gate: makeGate().opened });
    expect(await sayAndHear(url, `${head('GET /data/k')}GARBAGE\r\n\r\n`)).toBe('');
  });

  it('answers pipelined requests in their order', async () => {
    const { store, url } = await open();
    const gate = makeGate();
    store.foretell({ kind: 'waits', gate: gate.opened });
    const wire = await openWire(url);
    wire.socket.write(head('GET /data/k') + head('GET /health', 'Connection: close'));
    await store.reached(1);
    gate.open();
    expect(await wire.closed).toMatch(/^HTTP\/1\.1 404 [^]*HTTP\/1\.1 200 /);
  });

  it('refuses a head that is too long with 431', async () => {
    const { url } = await open();
    const heard = await sayAndHear(url, head('GET /health', `X-Long: ${'x'.repeat(20_000)}`));
    expect(heard).toMatch(/^HTTP\/1\.1 431 [^]*HEADERS_TOO_LARGE/);
  });

  it('takes the path of raw targets as it is', async () => {
    const { store, url } = await open();
    for (const target of [
      '/data/..',
      '/data/%2e%2E',
      '/data/../data/k',
      '/data//k',
      'data/k',
      '*',
      '/data/k#f',
      '/data/\xc3\xa9',
    ]) {
      const heard = await sayAndHear(url, head(`GET ${target}`, 'Connection: close'));
      expect(heard).toMatch(/^HTTP\/1\.1 40[04] /);
    }
    expect(store.operations).toEqual([]);
  });
});

describe('H13: who may ask', () => {
  it('binds 127.0.0.1 unless told otherwise', async () => {
    const { url } = await open();
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  });

  it.each([
    ['localhost', 200],
    ['LOCALHOST:8080', 200],
    ['127.0.0.1', 200],
    ['[::1]:3000', 200],
    ['db.internal:3000', 200],
    ['evil.example', 421],
    ['localhost.evil.example', 421],
    ['localhost@evil.example', 421],
    ['evil.example:127.0.0.1', 421],
    ['', 421],
  ])('answers the Host %j with %i', async (host, status) => {
    const { url } = await open({ allowedHosts: ['db.internal'] });
    const said = `GET /health HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
    const heard = await sayAndHear(url, said);
    expect(heard).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    if (status === 421) expect(heard).toMatch(/ERR_QUORATE_HTTP_HOST/);
  });

  it.each(['GET /health HTTP/1.1\r\n\r\n', 'GET /health HTTP/1.0\r\n\r\n', head('GET /health', 'host: evil.example')])(
    'refuses none and two Host headers with 400: %j',
    async (said) => {
      const { url } = await open();
      expect(await sayAndHear(url, said)).toMatch(/^HTTP\/1\.1 400 [^]*ERR_QUORATE_HTTP_HOST/);
    },
  );

  it('lets every name pass when told so', async () => {
    const { url } = await open({ allowedHosts: ['*'] });
    const said = 'GET /health HTTP/1.1\r\nHost: anything\r\nConnection: close\r\n\r\n';
    expect(await sayAndHear(url, said)).toMatch(/^HTTP\/1\.1 200 /);
  });
});

describe('Opening and closing', () => {
  it('rejects with the address when the port is taken', async () => {
    const { url } = await open();
    const port = Number(new URL(url).port);
    await expect(serve(new FakeStore(), { port })).rejects.toMatchObject({
      code: 'ERR_QUORATE_START_FAILED',
      message: `Cannot listen on 127.0.0.1:${port}: EADDRINUSE`,
      fields: { host: '127.0.0.1', port },
    });
  });

  it.each([
    { port: 70_000 },
    { port: -1 },
    { host: '' },
    { connectionsMax: 0 },
    { bodyBytesMax: 0 },
    { idempotencyKeysMax: 0 },
    { headersTimeoutMs: 20_000, requestTimeoutMs: 10_000 },
  ])('refuses the options %j', async (options) => {
    await expect(serve(new FakeStore(), options)).rejects.toMatchObject({
      name: 'RangeError',
      code: 'ERR_QUORATE_INVALID_ARGUMENT',
    });
  });

  it('answers what is in flight, refuses what is new, then is closed', async () => {
    const { store, server, url } = await open();
    const gate = makeGate();
    store.foretell({ kind: 'waits', gate: gate.opened });
    const idle = await openWire(url);
    const [asked, used] = [await openWire(url), await openWire(url)];
    used.socket.write(head('GET /health'));
    await used.heard(/"ok"/);
    asked.socket.write(head('GET /data/k'));
    await store.reached(1);
    const closed = server.close();
    expect(server.close()).toBe(closed);
    await Promise.all([idle.closed, used.closed]);
    await expect(fetch(url)).rejects.toThrow();
    gate.open();
    expect(await asked.closed).toMatch(/^HTTP\/1\.1 404 [^]*connection: close/i);
    await closed;
    expect(server.connections).toBe(0);
  });

  it('destroys what does not end in time', async () => {
    const { store, server, url } = await open();
    store.foretell({ kind: 'waits', gate: makeGate().opened });
    const wire = await openWire(url);
    wire.socket.write(head('GET /data/k'));
    await store.reached(1);
    const aborted = once(store.operations[0]!.options.signal!, 'abort');
    await server.close({ timeoutMs: 1 });
    expect(await wire.closed).toBe('');
    await aborted;
  });
});

describe('A server of another fetch handler', () => {
  it('gives it the request and sends its response', async () => {
    const server = await serve(
      async (request) => {
        const { pathname } = new URL(request.url);
        const headers = new Headers({ 'x-seen': `${request.method} ${pathname} ${request.headers.get('x-a')}` });
        headers.append('set-cookie', 'a=1');
        headers.append('set-cookie', 'b=2');
        return new Response((await request.text()).toUpperCase(), { status: 201, headers });
      },
      { port: 0, bodyBytesMax: 10 },
    );
    onTestFinished(() => server.close());
    const answer = await fetch(`${server.url}/echo`, { method: 'POST', body: 'hello', headers: { 'x-a': '1' } });
    expect([answer.status, answer.headers.get('x-seen'), await answer.text()]).toEqual([201, 'POST /echo 1', 'HELLO']);
    expect(answer.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect((await fetch(server.url, { method: 'POST', body: 'x'.repeat(11) })).status).toBe(413);
  });

  it('answers 500 when it rejects, tells the host, and cancels a body that nobody reads', async () => {
    const errors: unknown[] = [];
    const defect = new Error('broken');
    const cancelled = makeGate();
    const endless = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(1024)),
      cancel: () => cancelled.open(),
    });
    const server = await serve(
      async (request) => {
        if (new URL(request.url).pathname !== '/endless') throw defect;
        return new Response(endless);
      },
      { port: 0, onError: (error) => errors.push(error) },
    );
    onTestFinished(() => server.close({ timeoutMs: 0 }));
    const answer = await fetch(server.url);
    expect([answer.status, await answer.json()]).toMatchObject([500, { code: 'ERR_QUORATE_INTERNAL' }]);
    expect(errors).toEqual([defect]);
    const wire = await openWire(server.url);
    wire.socket.write(head('GET /endless'));
    await wire.heard(/^HTTP\/1\.1 200/);
    wire.socket.destroy();
    await cancelled.opened;
  });

  it('goes straight to the service when the handler is one of ours', async () => {
    const store = new FakeStore();
    store.values.set('k', 1);
    const server = await serve(createHandler(store), { port: 0 });
    onTestFinished(() => server.close());
    expect(await (await fetch(`${server.url}/data/k`)).json()).toEqual({ data: 1 });
  });
});
