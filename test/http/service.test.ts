// The routes, against both faces. Cases H2 to H5, H10, H14 of the threat list;
// H9 (tokens) belongs to accounts, which the service does not have yet.
import { describe, expect, it } from 'vitest';

import { expectFailure, FACES, jsonBody, openFake } from './faces.ts';
import { failureOf } from './fake-store.ts';

function nested(depth: number): string {
  return `{"key":"k","value":${'['.repeat(depth)}${']'.repeat(depth)}}`;
}

describe.each(FACES)('The service behind the %s', (name) => {
  describe('reads and writes', () => {
    it('returns what was posted', async () => {
      const { face } = await openFake(name);
      const written = await face.ask('POST', '/data', jsonBody({ key: 'greeting', value: { text: ['hello'] } }));
      expect(written.status).toBe(200);
      expect(written.json()).toEqual({ message: 'Write operation successful' });
      const read = await face.ask('GET', '/data/greeting');
      expect(read.status).toBe(200);
      expect(read.json()).toEqual({ data: { text: ['hello'] } });
      expect(read.headers.get('cache-control')).toBe('no-store');
    });

    it('answers 404 for an absent key, and after a delete', async () => {
      const { face } = await openFake(name);
      expectFailure(await face.ask('GET', '/data/a'), 404, 'ERR_QUORATE_ABSENT');
      await face.ask('POST', '/data', jsonBody({ key: 'a', value: 1 }));
      expect((await face.ask('DELETE', '/data/a')).json()).toEqual({ message: 'Delete operation successful' });
      expectFailure(await face.ask('GET', '/data/a'), 404, 'ERR_QUORATE_ABSENT');
    });

    it.each([null, false, 0, '', 'x', [], {}, 1.5e300, [null, [1, { a: 'b' }]]])(
      'carries the value %j',
      async (value) => {
        const { face } = await openFake(name);
        await face.ask('POST', '/data', jsonBody({ key: 'k', value }));
        expect((await face.ask('GET', '/data/k')).json()).toEqual({ data: value });
      },
    );

    it('shows bytes as base64 and says so', async () => {
      const { store, face } = await openFake(name);
      store.values.set('k', new Uint8Array([0, 1, 255]));
      expect((await face.ask('GET', '/data/k')).json()).toEqual({ data: 'AAH/', encoding: 'base64' });
    });

    it.each([
      ['a date', new Date(0)],
      ['a map', new Map([[1, 2]])],
      ['NaN', { deep: [Number.NaN] }],
      ['undefined', undefined],
      ['a bigint', 1n],
      ['an array with a hole', Array(1)],
    ])('refuses to show %s, which JSON would change', async (_, value) => {
      const { store, face } = await openFake(name);
      store.values.set('k', value);
      expectFailure(await face.ask('GET', '/data/k'), 406, 'ERR_QUORATE_NOT_JSON');
    });

    it('hands level and timeoutMs to the store', async () => {
      const { store, face } = await openFake(name);
      await face.ask('GET', '/data/k?level=one&timeoutMs=250');
      await face.ask('POST', '/data?level=all', jsonBody({ key: 'k', value: 1 }));
      await face.ask('DELETE', '/data/k?timeoutMs=60000');
      expect(store.operations.map(({ options: { level, timeoutMs } }) => [level, timeoutMs])).toEqual([
        ['one', 250],
        ['all', undefined],
        [undefined, 60_000],
      ]);
    });

    it('hands a time to live to the store, whatever the method and condition, and says what is left', async () => {
      const { store, face } = await openFake(name);
      await face.ask('POST', '/data', jsonBody({ key: 'k', value: 1, ttlMs: 1 }));
      await face.ask('PUT', '/data/k', jsonBody({ value: 2, ttlMs: 2 ** 40 }));
      await face.ask('PUT', '/data/l', jsonBody({ value: 3, ttlMs: 3 }, { 'if-none-match': '*' }));
      await face.ask('PUT', '/data/l', jsonBody({ value: 4 }));
      const asked = store.operations.map(({ kind, options: { ttlMs } }) => [kind, ttlMs]);
      expect(asked).toEqual([
        ['put', 1],
        ['put', 2 ** 40],
        ['putIfAbsent', 3],
        ['put', undefined],
      ]);
      store.times.set('k', 7);
      expect((await face.ask('GET', '/data/k')).json()).toEqual({ data: 2, expiresInMs: 7 });
      expect((await face.ask('GET', '/data/l')).json()).toEqual({ data: 4 });
    });

    it('hands to the store how stale a value may be, and says how old it is', async () => {
      const { store, face } = await openFake(name);
      store.values.set('k', 1);
      store.ages.set('k', 2.5);
      const signal = expect.any(AbortSignal) as unknown;
      expect((await face.ask('GET', '/data/k?maxStaleMs=250&timeoutMs=7')).json()).toEqual({ data: 1, ageMs: 3 });
      expect((await face.ask('GET', '/data/k?level=quorum&maxStaleMs=0')).status).toBe(200);
      expect((await face.ask('GET', '/data/k?maxStaleVersions=2&maxStaleMs=1')).status).toBe(200);
      expect(store.operations.map(({ options }) => options)).toEqual([
        { maxStaleMs: 250, timeoutMs: 7, signal },
        { maxStaleMs: 0, level: 'quorum', signal },
        { maxStaleMs: 1, maxStaleVersions: 2, signal },
      ]);
      for (const method of ['PUT', 'DELETE']) {
        const body = method === 'PUT' ? jsonBody({ value: 1 }) : {};
        expectFailure(await face.ask(method, '/data/k?maxStaleMs=1', body), 400, 'ERR_QUORATE_HTTP_QUERY');
      }
    });

    it.each([
      'maxStaleMs=-1',
      'maxStaleMs=',
      'maxStaleMs=1.5',
      'maxStaleMs=1&maxStaleMs=1',
      'maxStaleMs=1&level=one',
      'maxStaleMs=1&levl=one',
      'maxStaleVersions=one',
      'maxStaleVersions=1&maxStaleVersions=1',
      'maxStaleVersions=1&level=all',
      'level=most',
      'level=',
      'timeoutMs=0',
      'timeoutMs=60001',
      'timeoutMs=1e3',
      'timeoutMs=-1',
      'levl=one',
      'level=one&level=all',
    ])('refuses the query %s', async (query) => {
      const { store, face } = await openFake(name);
      expectFailure(await face.ask('GET', `/data/k?${query}`), 400, 'ERR_QUORATE_HTTP_QUERY');
      expect(store.operations).toEqual([]);
    });
  });

  describe('a page of keys', () => {
    it('holds keys, versions and values, and says where the next one begins', async () => {
      const { store, face } = await openFake(name);
      for (const [key, value] of Object.entries({ a1: { text: 'é' }, a2: Uint8Array.of(0, 1, 255), a3: NaN, b: 1 })) {
        store.values.set(key, value);
      }
      expect((await face.ask('GET', '/data?prefix=a&limit=2')).json()).toEqual({
        entries: [
          { key: 'a1', version: '0', data: { text: 'é' } },
          { key: 'a2', version: '0', data: 'AAH/', encoding: 'base64' },
        ],
        after: 'a2',
      });
      expect((await face.ask('GET', '/data?prefix=a&after=a2')).json()).toEqual({
        entries: [{ key: 'a3', version: '0', code: 'ERR_QUORATE_NOT_JSON' }],
      });
    });

    it('is asked for with what the query says', async () => {
      const { store, face } = await openFake(name);
      await face.ask('GET', '/data?after=x%26y&prefix=%C3%A9&level=all&timeoutMs=7&limit=1024');
      await face.ask('GET', '/data');
      expect(store.operations).toMatchObject([
        { kind: 'scan', key: 'é', options: { after: 'x&y', level: 'all', timeoutMs: 7, limit: 1024 } },
        { kind: 'scan', key: '', options: {} },
      ]);
    });

    it.each([
      'limit=0',
      'limit=1025',
      'limit=1.5',
      'limit=',
      'limit=-1',
      'limit=99999',
      'limit=1&limit=2',
      'prefix=a&prefix=b',
      'prefix=%ED%A0%80',
      'after=%FF',
      'prefix=a%',
      `prefix=${'x'.repeat(1025)}`,
      `after=${'x'.repeat(1025)}`,
      'level=most',
      'from=a',
    ])('is refused with the query %.20s', async (query) => {
      const { store, face } = await openFake(name);
      expectFailure(await face.ask('GET', `/data?${query}`), 400, 'ERR_QUORATE_HTTP_QUERY');
      expect(store.operations).toEqual([]);
    });

    it('is refused where too few replicas answer', async () => {
      const { store, face } = await openFake(name);
      store.foretell({ kind: 'unavailable' });
      expectFailure(await face.ask('GET', '/data'), 503, 'ERR_QUORATE_NO_QUORUM');
    });
  });

  describe('H2: nesting', () => {
    it('takes a document that is 64 deep', async () => {
      const { face } = await openFake(name);
      expect((await face.ask('POST', '/data', jsonBody(nested(63)))).status).toBe(200);
      expect((await face.ask('GET', '/data/k')).status).toBe(200);
    });

    it.each([64, 65, 500_000])('refuses a value of %i nested arrays with 400, without recursion', async (depth) => {
      const { face } = await openFake(name);
      expectFailure(await face.ask('POST', '/data', jsonBody(nested(depth))), 400, 'ERR_QUORATE_HTTP_BODY');
    });
  });

  describe('H3: bodies', () => {
    it.each([
      ['an empty body', ''],
      ['no JSON', '{"key":"k","value":'],
      ['two documents', '{"key":"k","value":1}{}'],
      ['a byte order mark', '\uFEFF{"key":"k","value":1}'],
      ['a repeated member', '{"key":"k","value":1,"value":2}'],
      ['a repeated member, spelt otherwise', String.raw`{"key":"k","value":{"a":1,"\u0061":2}}`],
      ['a number beyond a double', '{"key":"k","value":1e999}'],
      ['half of a surrogate pair', String.raw`{"key":"k","value":"\ud800"}`],
      ['an unterminated string', '{"key":"k","value":"a'],
      ['a bad escape', String.raw`{"key":"k","value":"\x"}`],
      ['an array', '[1]'],
      ['null', 'null'],
      ['a number', '1'],
      ['no key', '{"value":1}'],
      ['a key that is no string', '{"key":1,"value":1}'],
      ['no value', '{"key":"k"}'],
      ['another member', '{"key":"k","value":1,"ttl":1}'],
      ['a time to live of nothing', '{"key":"k","value":1,"ttlMs":0}'],
      ['a time to live that is no integer', '{"key":"k","value":1,"ttlMs":1.5}'],
      ['a time to live that is too long', `{"key":"k","value":1,"ttlMs":${2 ** 40 + 1}}`],
      ['a time to live that is text', '{"key":"k","value":1,"ttlMs":"1"}'],
      ['a time to live that is null', '{"key":"k","value":1,"ttlMs":null}'],
    ])('refuses %s with 400', async (_, body) => {
      const { store, face } = await openFake(name);
      expectFailure(await face.ask('POST', '/data', jsonBody(body)), 400, 'ERR_QUORATE_HTTP_BODY');
      expect(store.operations).toEqual([]);
    });

    it('refuses bytes that are no UTF-8 with 400', async () => {
      const { face } = await openFake(name);
      const body = Buffer.from('7b226b6579223a22ff222c2276616c7565223a317d', 'hex');
      const headers = { 'content-type': 'application/json' };
      expectFailure(await face.ask('POST', '/data', { body, headers }), 400, 'ERR_QUORATE_HTTP_BODY');
    });

    it('takes members of one name in different objects', async () => {
      const { face } = await openFake(name);
      const body = '{"key":"k","value":{"a":{"a":1,"b":":,{"},"b":{"a":[{"a":"\\\\"},{"a":2}]}}}';
      expect((await face.ask('POST', '/data', jsonBody(body))).status).toBe(200);
      expect((await face.ask('GET', '/data/k')).json()).toEqual({
        data: { a: { a: 1, b: ':,{' }, b: { a: [{ a: '\\' }, { a: 2 }] } },
      });
    });

    it.each([
      ['text/plain', {}],
      ['application/json; charset=latin1', {}],
      ['application/jsonp', {}],
      ['application/json', { 'content-encoding': 'gzip' }],
    ])('refuses the content type %s with headers %j with 415', async (type, more) => {
      const { store, face } = await openFake(name);
      const init = jsonBody({ key: 'k', value: 1 }, { 'content-type': type, ...more });
      expectFailure(await face.ask('POST', '/data', init), 415, 'ERR_QUORATE_HTTP_MEDIA_TYPE');
      expect(store.operations).toEqual([]);
    });

    it.each(['application/json', 'application/json; charset=utf-8', 'Application/JSON;charset="UTF-8"'])(
      'takes the content type %s',
      async (type) => {
        const { face } = await openFake(name);
        const init = jsonBody({ key: 'k', value: 1 }, { 'content-type': type });
        expect((await face.ask('POST', '/data', init)).status).toBe(200);
      },
    );
  });

  it.each([
    '{"__proto__":{"admin":true},"key":"k","value":1}',
    '{"key":"k","value":{"__proto__":{"admin":true}}}',
    String.raw`{"key":"k","value":{"\u005f_proto__":1}}`,
    '{"key":"k","value":[{"constructor":{"prototype":1}}]}',
    '{"key":"k","value":{"prototype":1}}',
  ])('H4: refuses %s with 400', async (body) => {
    const { store, face } = await openFake(name);
    expectFailure(await face.ask('POST', '/data', jsonBody(body)), 400, 'ERR_QUORATE_HTTP_BODY');
    expect(store.operations).toEqual([]);
    expect('admin' in {}).toBe(false);
  });

  describe('H5: keys', () => {
    const KEYS = [
      '__proto__',
      'constructor',
      'a/b',
      '../../etc/passwd',
      String.raw`a\b`,
      '%2e%2e',
      'a+b c',
      'a?b#c',
      '...',
      'nul\0',
      '\n',
    ];
    const UNICODE_KEYS = ['\u00E9', 'e\u0301', '👩‍👩‍👧', '\uFEFFmark', 'x'.repeat(1024), '€'.repeat(341)];

    it.each([...KEYS, ...UNICODE_KEYS])('keeps the key %j exactly', async (key) => {
      const { store, face } = await openFake(name);
      expect((await face.ask('POST', '/data', jsonBody({ key, value: 'mine' }))).status).toBe(200);
      expect([...store.values.keys()]).toEqual([key]);
      const target = `/data/${encodeURIComponent(key)}`;
      expect((await face.ask('GET', target)).json()).toEqual({ data: 'mine' });
      await face.ask('DELETE', target);
      expect(store.values.size).toBe(0);
    });

    it('keeps composed and decomposed characters apart', async () => {
      const { face } = await openFake(name);
      await face.ask('POST', '/data', jsonBody({ key: '\u00E9', value: 'composed' }));
      expect((await face.ask('GET', `/data/${encodeURIComponent('e\u0301')}`)).status).toBe(404);
    });

    it.each(['', '.', '..', 'x'.repeat(1025), '€'.repeat(342)])('refuses to post the key %j', async (key) => {
      const { store, face } = await openFake(name);
      expectFailure(await face.ask('POST', '/data', jsonBody({ key, value: 1 })), 400, 'ERR_QUORATE_KEY');
      expect(store.operations).toEqual([]);
    });

    it.each(['', '%', '%zz', '%ff', '%c0%af', '%ed%a0%80', 'x'.repeat(1025)])(
      'refuses to read /data/%s',
      async (segment) => {
        const { store, face } = await openFake(name);
        expectFailure(await face.ask('GET', `/data/${segment}`), 400, 'ERR_QUORATE_KEY');
        expect(store.operations).toEqual([]);
      },
    );

    it.each(['/data/..', '/data/%2e%2e', '/data/.%2E/other', '/data/../health/x'])(
      'never lets %s reach the store',
      async (target) => {
        const { store, face } = await openFake(name);
        expect([400, 404, 405]).toContain((await face.ask('GET', target)).status);
        expect(store.operations).toEqual([]);
      },
    );
  });

  describe('H10: methods and paths', () => {
    it.each([
      ['HEAD', '/data/k', 'GET, PUT, DELETE'],
      ['OPTIONS', '/data/k', 'GET, PUT, DELETE'],
      ['PROPFIND', '/data/k', 'GET, PUT, DELETE'],
      ['PATCH', '/data/k', 'GET, PUT, DELETE'],
      ['PUT', '/data', 'GET, POST'],
      ['DELETE', '/data', 'GET, POST'],
      ['HEAD', '/health', 'GET'],
      ['DELETE', '/metrics', 'GET'],
      ['OPTIONS', '/health', 'GET'],
    ])('answers %s %s with 405 and Allow: %s', async (method, target, allowed) => {
      const { store, face } = await openFake(name);
      const answer = await face.ask(method, target);
      expect(answer.status).toBe(405);
      expect(answer.headers.get('allow')).toBe(allowed);
      if (method === 'HEAD') expect(answer.text).toBe('');
      else expectFailure(answer, 405, 'ERR_QUORATE_HTTP_METHOD');
      expect(store.operations).toEqual([]);
    });

    it.each(['/', '/data/a/b', '/data/a/', '/dat', '/Data/a', '/healthz', '//data/a', '/metrics/'])(
      'answers GET %s with 404',
      async (target) => {
        const { store, face } = await openFake(name);
        expectFailure(await face.ask('GET', target), 404, 'ERR_QUORATE_HTTP_ROUTE');
        expect(store.operations).toEqual([]);
      },
    );

    it('refuses a body where the method takes none', async () => {
      const { store, face } = await openFake(name);
      expectFailure(await face.ask('DELETE', '/data/k', { body: 'x' }), 400, 'ERR_QUORATE_HTTP_REQUEST');
      expect(store.operations).toEqual([]);
    });
  });

  describe('H14: what a failure gives away', () => {
    it.each([
      ['ERR_QUORATE_ABORTED', 503, 'not-applied'],
      ['ERR_QUORATE_CLOSED', 503, 'not-applied'],
      ['ERR_QUORATE_INVALID_ARGUMENT', 400, 'not-applied'],
      ['ERR_QUORATE_MEMORY', 507, 'unknown'],
      ['ERR_QUORATE_OVERLOADED', 503, 'not-applied'],
      ['ERR_QUORATE_STATE_LOST', 503, 'not-applied'],
      ['ERR_QUORATE_TIMEOUT', 503, 'unknown'],
      ['ERR_QUORATE_UNSENDABLE', 400, 'not-applied'],
      ['ERR_QUORATE_VALUE_TOO_LARGE', 413, 'not-applied'],
    ] as const)('is the code %s, status %i and "%s", never the message', async (code, status, outcome) => {
      const { store, face } = await openFake(name);
      store.foretell({ kind: 'rejects', error: failureOf(code) }, { kind: 'rejects', error: failureOf(code) });
      const written = await face.ask('POST', '/data', jsonBody({ key: 'k', value: 1 }));
      expect(written.status).toBe(status);
      expect(written.json()).toEqual({ error: expect.any(String), code, outcome });
      const read = await face.ask('GET', '/data/k');
      expect(read.json()).toEqual({ error: expect.any(String), code, outcome: 'not-applied' });
      expect(written.text + read.text).not.toContain('Secret');
    });

    it('tells the host of a defect, and the client only that it was one', async () => {
      const errors: unknown[] = [];
      const { store, face } = await openFake(name, { onError: (error) => errors.push(error) });
      const defect = new Error(`at ${import.meta.filename} with ${String(process.env['PATH'])}`);
      store.foretell({ kind: 'rejects', error: defect }, { kind: 'rejects', error: defect });
      const read = await face.ask('GET', '/data/k');
      expectFailure(read, 500, 'ERR_QUORATE_INTERNAL');
      const written = await face.ask('DELETE', '/data/k');
      expect(written.status).toBe(500);
      expect(written.json()).toEqual({ error: 'The service failed', code: 'ERR_QUORATE_INTERNAL', outcome: 'unknown' });
      expect(errors).toEqual([defect, defect]);
    });
  });
});
