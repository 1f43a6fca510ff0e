// The HTTP service without a network: a Web-standard request in, a response out, over a store that is one Map.
//
//     main: Request -> handler -> Map -> Response, no socket and no other thread
import { createHandler } from '../../src/http/handler.ts';
import type { ObservedStore } from '../../src/http/status.ts';
import type { BatchWrite, ReadResult, Value, WriteResult } from '../../src/store/store.ts';
import { closedLoop } from '../harness/load.ts';
import { expectAnswer } from '../harness/subject.ts';
import type { Contender, Subject } from '../harness/subject.ts';

const OK: WriteResult = { outcome: 'ok', version: '0000000000000001' };

export const subjects: readonly Subject[] = [
  { question: 'GET /data/:key by the fetch handler', subject: 'http', unit: 'requests/s', open: () => open('GET') },
  { question: 'POST /data by the fetch handler', subject: 'http', unit: 'requests/s', open: () => open('POST') },
];

async function open(method: 'GET' | 'POST'): Promise<Contender> {
  const handler = createHandler(mapStore());
  const body = JSON.stringify({ key: 'key', value: '0123456789abcdef' });
  const headers = { 'content-type': 'application/json' };
  const post = (): Request => new Request('http://127.0.0.1/data', { method: 'POST', headers, body });
  const send = method === 'GET' ? getKey : post;
  const check = async (): Promise<void> => {
    expectAnswer(
      await (await handler(post())).text(),
      '{"message":"Write operation successful"}',
      'the answer to POST',
    );
    expectAnswer(await (await handler(getKey())).text(), '{"data":"0123456789abcdef"}', 'the answer to GET');
  };
  const operation = async (): Promise<void> => {
    const response = await handler(send());
    expectAnswer(response.status, 200, 'the status');
    await response.text();
  };
  return { check, pass: (ms) => closedLoop(operation, { depth: 1, ms }), close: doNothing };
}

function getKey(): Request {
  return new Request('http://127.0.0.1/data/key');
}

function mapStore(): ObservedStore {
  const values = new Map<string, Value>();
  const get = async (key: string): Promise<ReadResult> => {
    return values.has(key)
      ? { outcome: 'ok', value: values.get(key), version: '0000000000000001' }
      : { outcome: 'absent' };
  };
  const put = async (key: string, value: Value): Promise<WriteResult> => {
    values.set(key, value);
    return OK;
  };
  const remove = async (key: string): Promise<WriteResult> => {
    values.delete(key);
    return OK;
  };
  return {
    get,
    put,
    putIfAbsent: put,
    delete: remove,
    getMany: (keys) => Promise.all(keys.map(get)),
    batch: (writes) =>
      Promise.all(
        writes.map((write: BatchWrite) => {
          return write.kind === 'put' ? put(write.key, write.value) : remove(write.key);
        }),
      ),
    scan: async () => ({ outcome: 'ok', entries: [] }),
    resolve: async () => OK,
  };
}

function doNothing(): void {
  // Nothing was started.
}
