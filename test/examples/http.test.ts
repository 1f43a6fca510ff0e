// The HTTP examples run: as processes of their own, with real clusters behind them.
import { describe, expect, it, onTestFinished } from 'vitest';

import { head, openWire } from '../http/wire.ts';
import { runExample } from './running-example.ts';
import type { RunningExample } from './running-example.ts';

const JSON_TYPE = { 'content-type': 'application/json' };

async function run(name: string, env: Readonly<Record<string, string>> = {}): Promise<RunningExample> {
  const example = await runExample(name, env);
  onTestFinished(async () => void (await example.stop('SIGTERM')));
  return example;
}

async function post(url: string, key: string, value: unknown): Promise<unknown> {
  const body = JSON.stringify({ key, value });
  return (await fetch(url, { method: 'POST', headers: JSON_TYPE, body })).json();
}

async function read(url: string): Promise<unknown> {
  return (await fetch(url)).json();
}

function canConnect(url: string): Promise<boolean> {
  return openWire(url).then(
    ({ socket }) => {
      socket.destroy();
      return true;
    },
    () => false,
  );
}

describe('The example', () => {
  it('http-service.ts serves the data of five replicas, and ends by itself when told to', async () => {
    const example = await run('http-service');
    const { url } = example;
    expect((await fetch(`${url}/data/greeting`)).status).toBe(404);
    expect(await post(`${url}/data`, 'greeting', 'hello')).toEqual({ message: 'Write operation successful' });
    expect(await read(`${url}/data/greeting`)).toEqual({ data: 'hello' });
    expect(await read(`${url}/health`)).toMatchObject({ status: 'ok', replicas: 5, read: 3, write: 4 });
    expect(await (await fetch(`${url}/metrics`)).text()).toContain('quorate_puts_total 1');
    expect(await example.stop('SIGINT')).toEqual({ code: 0, stderr: '' });
  });

  it('http-service.ts names the variable that is wrong', async () => {
    await expect(runExample('http-service', { WRITE_QUORUM: '6' })).rejects.toThrow(/Cannot use WRITE_QUORUM "6"/);
  });

  it.each(['express', 'hono', 'fastify'])('%s.ts mounts the store at /store', async (name) => {
    const example = await run(name);
    const store = `${example.url.replace(/\/$/, '')}/store`;
    expect(await post(`${store}/data`, 'a/ä', { deep: [1] })).toEqual({ message: 'Write operation successful' });
    expect(await read(`${store}/data/${encodeURIComponent('a/ä')}`)).toEqual({ data: { deep: [1] } });
    const refused = await fetch(`${store}/data`, { method: 'POST', headers: JSON_TYPE, body: '{"key":1}' });
    expect(await refused.json()).toMatchObject({ code: 'ERR_QUORATE_HTTP_BODY', outcome: 'not-applied' });
    expect((await fetch(`${store}/data/absent?level=one`, { method: 'DELETE' })).status).toBe(200);
    expect((await fetch(`${store}/nowhere`)).status).toBe(404);
    expect(await read(`${store}/health`)).toMatchObject({ status: 'ok', replicas: 3 });
    expect(await example.stop('SIGTERM')).toEqual({ code: 0, stderr: '' });
  });

  it('express.ts uses the cluster in routes of its own', async () => {
    const { url } = await run('express');
    const body = JSON.stringify({ born: 1815 });
    const put = await fetch(`${url}/profiles/ada`, { method: 'PUT', headers: JSON_TYPE, body });
    expect(put.status).toBe(204);
    expect(await read(`${url}/store/data/profile:ada`)).toEqual({ data: { born: 1815 } });
  });

  it.each([
    ['http-service', '/data'],
    ['express', '/store/data'],
  ])('%s.ts answers what is in flight before it ends', async (name, path) => {
    const example = await run(name);
    const body = '{"key":"k","value":1}';
    const wire = await openWire(example.url);
    const headers = [
      'Content-Type: application/json',
      `Content-Length: ${body.length}`,
      'Expect: 100-continue',
      'Connection: close',
    ];
    wire.socket.write(head(`POST ${path}`, ...headers));
    await wire.heard(/100 Continue/); // Now the service waits for the body.
    const stopped = example.stop('SIGTERM');
    await expect.poll(() => canConnect(example.url)).toBe(false);
    wire.socket.write(body);
    expect(await wire.closed).toMatch(/HTTP\/1\.1 200 OK[^]*Write operation successful/);
    expect(await stopped).toEqual({ code: 0, stderr: '' });
  });
});
