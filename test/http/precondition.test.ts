// Conditional writes: PUT and DELETE with If-Match and If-None-Match, and the versions that go with them.
import { describe, expect, it, onTestFinished } from 'vitest';

import { openCluster } from '../../src/cluster/open-cluster.ts';
import { createHandler } from '../../src/http/handler.ts';
import { expectFailure, FACES, jsonBody, openFake } from './faces.ts';
import type { Answer, Face } from './faces.ts';

type Headers = Readonly<Record<string, string>>;

function put(face: Face, value: unknown, headers: Headers = {}): Promise<Answer> {
  return face.ask('PUT', '/data/k', jsonBody({ value }, headers));
}

function expectConflict(answer: Answer, version: string | null): void {
  expect(answer.status).toBe(412);
  expect(answer.json()).toEqual({
    error: expect.any(String),
    code: 'ERR_QUORATE_CONFLICT',
    outcome: 'not-applied',
    version,
  });
  expect(answer.headers.get('etag')).toBe(version === null ? null : `"${version}"`);
}

describe.each(FACES)('The service behind the %s', (name) => {
  it('writes the value of a PUT, whatever the key held', async () => {
    const { face } = await openFake(name);
    for (const value of [1, { deep: [null] }]) {
      const written = await put(face, value);
      expect(written.json()).toEqual({ message: 'Write operation successful' });
      const read = await face.ask('GET', '/data/k');
      expect(read.json()).toEqual({ data: value });
      expect(read.headers.get('etag')).toBe(written.headers.get('etag'));
    }
  });

  it('tells the version of what was posted, too', async () => {
    const { face } = await openFake(name);
    const posted = await face.ask('POST', '/data', jsonBody({ key: 'k', value: 1 }));
    expect(posted.headers.get('etag')).toBe('"1"');
    expect((await face.ask('DELETE', '/data/k')).headers.get('etag')).toBeNull();
  });

  it('overwrites and deletes what If-Match names, and nothing else', async () => {
    const { store, face } = await openFake(name);
    const first = (await put(face, 'a')).headers.get('etag') ?? '';
    const second = await put(face, 'b', { 'if-match': first });
    expect([first, second.status, second.headers.get('etag')]).toEqual(['"1"', 200, '"2"']);
    expectConflict(await put(face, 'c', { 'if-match': first }), '2');
    expectConflict(await face.ask('DELETE', '/data/k', { headers: { 'if-match': first } }), '2');
    expect(store.values.get('k')).toBe('b');
    expect((await face.ask('DELETE', '/data/k', { headers: { 'if-match': '"2"' } })).status).toBe(200);
    expectConflict(await put(face, 'd', { 'if-match': '"2"' }), null);
    expect(store.effects.length).toBe(3);
  });

  it('writes only where nothing is with If-None-Match: *', async () => {
    const { store, face } = await openFake(name);
    expect((await put(face, 'first', { 'if-none-match': '*' })).status).toBe(200);
    expectConflict(await put(face, 'second', { 'if-none-match': '*' }), '1');
    expect(store.values.get('k')).toBe('first');
  });

  it.each<[string, Headers]>([
    ['PUT', { 'if-match': 'abc' }],
    ['PUT', { 'if-match': '""' }],
    ['PUT', { 'if-match': '"a' }],
    ['PUT', { 'if-match': 'W/"1"' }],
    ['PUT', { 'if-match': '"1", "2"' }],
    ['PUT', { 'if-match': '*' }],
    ['PUT', { 'if-match': '"a b"' }],
    ['PUT', { 'if-match': `"${'1'.repeat(65)}"` }],
    ['PUT', { 'if-none-match': '"1"' }],
    ['PUT', { 'if-none-match': '*, *' }],
    ['PUT', { 'if-match': '"1"', 'if-none-match': '*' }],
    ['DELETE', { 'if-match': '1' }],
    ['DELETE', { 'if-none-match': '*' }],
  ])('refuses %s with %j with 400', async (method, headers) => {
    const { store, face } = await openFake(name);
    const init = method === 'PUT' ? jsonBody({ value: 1 }, headers) : { headers };
    expectFailure(await face.ask(method, '/data/k', init), 400, 'ERR_QUORATE_HTTP_PRECONDITION');
    expect(store.operations).toEqual([]);
  });

  it.each(['if-match', 'if-none-match'])('refuses a POST with %s, rather than to pass it over', async (header) => {
    const { store, face } = await openFake(name);
    const init = jsonBody({ key: 'k', value: 1 }, { [header]: '*' });
    expectFailure(await face.ask('POST', '/data', init), 400, 'ERR_QUORATE_HTTP_PRECONDITION');
    expect(store.operations).toEqual([]);
  });

  it.each(['', '1', '{}', '{"value":1,"key":"k"}', '{"value":1,"value":2}', '[1]'])(
    'refuses the body %j of a PUT with 400',
    async (body) => {
      const { store, face } = await openFake(name);
      expectFailure(await face.ask('PUT', '/data/k', jsonBody(body)), 400, 'ERR_QUORATE_HTTP_BODY');
      expect(store.operations).toEqual([]);
    },
  );

  it('refuses a PUT of another media type, a bad key and a bad query as a POST', async () => {
    const { store, face } = await openFake(name);
    const text = jsonBody({ value: 1 }, { 'content-type': 'text/plain' });
    expectFailure(await face.ask('PUT', '/data/k', text), 415, 'ERR_QUORATE_HTTP_MEDIA_TYPE');
    expectFailure(await face.ask('PUT', '/data/%ff', jsonBody({ value: 1 })), 400, 'ERR_QUORATE_KEY');
    expectFailure(await face.ask('PUT', '/data/k?levl=one', jsonBody({ value: 1 })), 400, 'ERR_QUORATE_HTTP_QUERY');
    expect(store.operations).toEqual([]);
  });

  describe('Idempotency-Key', () => {
    it('answers a conditional write that has happened as the first time, not with 412', async () => {
      const { store, face } = await openFake(name);
      const headers = { 'if-none-match': '*', 'idempotency-key': 'a' };
      const answers = [await put(face, 1, headers), await put(face, 1, headers)];
      expect(answers.map(({ status, headers: got }) => [status, got.get('etag')])).toEqual([
        [200, '"1"'],
        [200, '"1"'],
      ]);
      expect(store.effects).toEqual(['k']);
    });

    it('looks again after a conflict, since nothing has happened', async () => {
      const { store, face } = await openFake(name);
      store.values.set('k', 'old');
      const headers = { 'if-none-match': '*', 'idempotency-key': 'a' };
      expectConflict(await put(face, 1, headers), '0');
      store.values.delete('k');
      expect((await put(face, 1, headers)).status).toBe(200);
    });

    it('continues a conditional write whose outcome is unknown', async () => {
      const { store, face } = await openFake(name);
      store.foretell({ kind: 'unknown', lands: 'when-resolved' });
      const headers = { 'if-none-match': '*', 'idempotency-key': 'a' };
      expect((await put(face, 1, headers)).status).toBe(503);
      expect((await put(face, 1, headers)).status).toBe(200);
      expect(store.operations.map(({ kind }) => kind)).toEqual(['putIfAbsent', 'resolve']);
      expect(store.effects).toEqual(['k']);
    });

    it('never begins or resolves again what nobody can find out any more', async () => {
      const { store, face } = await openFake(name);
      store.foretell({ kind: 'unknown-finally' });
      const headers = { 'if-match': '"1"', 'idempotency-key': 'a' };
      for (let attempt = 0; attempt < 2; attempt++) {
        const answer = await put(face, 1, headers);
        expect(answer.status).toBe(503);
        expect(answer.json()).toMatchObject({ code: 'ERR_QUORATE_UNKNOWN_OUTCOME', outcome: 'unknown' });
      }
      expect(store.operations.length).toBe(1);
    });

    it.each<[string, Headers, unknown]>([
      ['another version', { 'if-match': '"2"' }, 1],
      ['no condition', {}, 1],
      ['another value', { 'if-match': '"1"' }, 2],
    ])('refuses %s under the same key with 422', async (_, headers, value) => {
      const { store, face } = await openFake(name);
      store.values.set('k', 0);
      store.versions.set('k', '1');
      expect((await put(face, 1, { 'if-match': '"1"', 'idempotency-key': 'a' })).status).toBe(200);
      const other = await put(face, value, { ...headers, 'idempotency-key': 'a' });
      expectFailure(other, 422, 'ERR_QUORATE_HTTP_IDEMPOTENCY_KEY');
    });
  });
});

function statusesOf(responses: readonly Response[]): number[] {
  return responses.map(({ status }) => status).toSorted((left, right) => left - right);
}

it('Behind a real cluster, of many who overwrite one version exactly one succeeds', async () => {
  const cluster = await openCluster({ replicas: 3 });
  onTestFinished(() => cluster.close());
  const handler = createHandler(cluster);
  const ask = (method: string, headers: Headers, body?: string): Promise<Response> => {
    const init = { method, headers: { 'content-type': 'application/json', ...headers }, ...(body && { body }) };
    return handler(new Request('http://localhost/data/k', init));
  };
  const created = await Promise.all([1, 2, 3].map((n) => ask('PUT', { 'if-none-match': '*' }, `{"value":${n}}`)));
  expect(statusesOf(created)).toEqual([200, 412, 412]);
  const etag = (await ask('GET', {})).headers.get('etag') ?? '';
  expect(etag).toMatch(/^"[0-9a-f]{16}"$/);
  const replaced = await Promise.all([4, 5, 6].map((n) => ask('PUT', { 'if-match': etag }, `{"value":${n}}`)));
  expect(statusesOf(replaced)).toEqual([200, 412, 412]);
  const newest = (await ask('GET', {})).headers.get('etag') ?? '';
  expect(new Set(replaced.map(({ headers }) => headers.get('etag')))).toEqual(new Set([newest]));
  expect((await ask('PUT', { 'if-match': '"no-version-of-ours"' }, '{"value":7}')).status).toBe(400);
  expect((await ask('DELETE', { 'if-match': etag })).status).toBe(412);
  expect((await ask('DELETE', { 'if-match': newest })).status).toBe(200);
  expect((await ask('GET', {})).status).toBe(404);
});
