import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { memoryNeed, sizeText } from '../../../src/cli/demo/memory-need.ts';
import { TraceRequests, type Request } from '../../../src/cli/demo/requests.ts';
import {
  detectTrace,
  parseTraceLine,
  readTrace,
  summarizeTrace,
  type TraceRequest,
} from '../../../src/cli/demo/trace.ts';
import { corpusPath } from '../../support/corpus.ts';

const HEADER = 'version,time,op,size,lbn';

describe('detectTrace', () => {
  it.each([
    [HEADER, 'cloudphysics'],
    [`${HEADER}\r`, 'cloudphysics'],
    ['0,q:q:1:8WTfjZU14ee,17,213,4,get,0', 'twitter'],
    ['0,a,b,c,3,213,4,set,3600', 'twitter'],
  ] as const)('%j is %s', (line, format) => {
    expect(detectTrace(line)).toBe(format);
  });

  it.each(['', 'a,b,c', 'time,key,size', '1,5633898,2a,512,42932745', '0,k,1,2,3,frobnicate,0'])(
    '%j is refused with line and text',
    (text) => {
      const error = { code: 'ERR_QUORATE_TRACE', fields: { line: 1, text } };
      expect(() => detectTrace(text)).toThrow(expect.objectContaining(error));
    },
  );
});

describe('parseTraceLine', () => {
  it.each<[string, TraceRequest]>([
    ['1,5633898,2a,512,42932745', { kind: 'put', key: '42932745', bytes: 512 }],
    ['1,5633898,28,6656,40409911\r', { kind: 'get', key: '40409911', bytes: 6656 }],
    ['1,5633898.25,8A,0,1', { kind: 'put', key: '1', bytes: 0 }],
  ])('CloudPhysics %j', (line, request) => {
    expect(parseTraceLine('cloudphysics', line, 2)).toEqual(request);
  });

  it.each<[string, TraceRequest['kind']]>([
    ['get', 'get'],
    ['gets', 'get'],
    ['set', 'put'],
    ['add', 'put'],
    ['replace', 'put'],
    ['cas', 'put'],
    ['append', 'put'],
    ['prepend', 'put'],
    ['incr', 'put'],
    ['decr', 'put'],
    ['delete', 'delete'],
  ])('Twitter %s is a %s', (operation, kind) => {
    const request = parseTraceLine('twitter', `12,nz:u:eeW511W3dcH3de3d15ec,22,304,66,${operation},0`, 1);
    expect(request).toEqual({ kind, key: 'nz:u:eeW511W3dcH3de3d15ec', bytes: kind === 'delete' ? 0 : 304 });
  });

  it('A Twitter key may hold commas', () => {
    expect(parseTraceLine('twitter', '0,a,b,,c,3,213,4,set,3600', 1).key).toBe('a,b,,c');
  });

  it.each<['cloudphysics' | 'twitter', string]>([
    ['cloudphysics', '1,5633898,2b,512,42932745'],
    ['cloudphysics', '1,5633898,2a,many,42932745'],
    ['cloudphysics', '1,5633898,2a,512,'],
    ['cloudphysics', '1,5633898,2a,512'],
    ['cloudphysics', '1,5633898,2a,512,1,2'],
    ['cloudphysics', '1,,2a,512,1'],
    ['twitter', '0,key,3,213,4,touch,0'],
    ['twitter', '0,,0,213,4,get,0'],
    ['twitter', '0,key,3,-1,4,get,0'],
    ['twitter', 'x,key,3,1,4,get,0'],
    ['twitter', `0,${'k'.repeat(1025)},1025,1,4,get,0`],
  ])('%s refuses %j and says where', (format, text) => {
    expect(() => parseTraceLine(format, text, 41)).toThrow(
      expect.objectContaining({ code: 'ERR_QUORATE_TRACE', message: expect.stringContaining('line 41') }),
    );
  });
});

async function all(path: string): Promise<TraceRequest[]> {
  const requests: TraceRequest[] = [];
  for await (const batch of readTrace(path)) requests.push(...batch);
  return requests;
}

describe('A trace in a file', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'quorate-trace-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  async function fileOf(text: string): Promise<string> {
    const path = join(folder, `${Math.abs(Buffer.from(text).reduce((hash, byte) => (hash * 31 + byte) | 0, 7))}.csv`);
    await writeFile(path, text);
    return path;
  }
  it.each([
    ['with a last newline', `${HEADER}\n1,1,2a,9,7\n1,2,28,9,7\n`],
    ['without', `${HEADER}\n1,1,2a,9,7\n1,2,28,9,7`],
    ['with carriage returns and empty lines', `${HEADER}\r\n1,1,2a,9,7\r\n\r\n1,2,28,9,7\r\n\r\n`],
  ])('It is read %s', async (_, text) => {
    expect((await all(await fileOf(text))).map(({ kind }) => kind)).toEqual(['put', 'get']);
  });

  it('Pieces of the file end anywhere, also within a character', async () => {
    const lines = Array.from({ length: 20_000 }, (_, n) => `${n},schlüssel-☃-${n % 100},9,${n % 300},1,set,0`);
    const requests = await all(await fileOf(lines.join('\n')));
    expect(requests.length).toBe(20_000);
    expect(requests.every(({ key }, n) => key === `schlüssel-☃-${n % 100}`)).toBe(true);
  });

  it.each([
    ['An empty file', '', 1],
    ['A bad line in the middle', `${HEADER}\n1,1,2a,9,7\nnonsense\n`, 3],
    ['A line without end', `${HEADER}\n${'1'.repeat(70_000)}`, 2],
  ])('%s is refused with its line', async (_, text, line) => {
    const error = { code: 'ERR_QUORATE_TRACE', fields: expect.objectContaining({ line }) };
    await expect(all(await fileOf(text))).rejects.toMatchObject(error);
  });

  it('Its summary counts requests, keys, and the longest cut value of each key', async () => {
    const path = await fileOf(`${HEADER}\n1,1,2a,9,7\n1,1,2a,5000,7\n1,1,2a,100,7\n1,2,28,9,12\n`);
    expect(await summarizeTrace(path, { valueBytesMin: 16, valueBytesMax: 4096 })).toEqual({
      format: 'cloudphysics',
      requests: 4,
      gets: 1,
      puts: 3,
      deletes: 0,
      keys: 2,
      bytes: 1 + 4096 + 2,
    });
  });

  it('Its clients share out the requests, and number the keys alike', async () => {
    const path = await fileOf(
      [HEADER, ...Array.from({ length: 999 }, (_, n) => `1,1,2a,9,${(n * 7) % 50}`)].join('\n'),
    );
    const taken: Request[][] = [];
    for (const client of [0, 1]) {
      const source = new TraceRequests({ batches: readTrace(path), client, clients: 2, onRead: () => {} });
      const requests: Request[] = [];
      for (let next = await source.take(); next !== undefined; next = await source.take()) requests.push(next);
      taken.push(requests);
      expect((await source.names(50))[3]).toBe('21');
    }
    expect(taken.map((requests) => requests.length)).toEqual([500, 499]);
    const numbers = new Map<string, number>();
    for (const { name, key } of taken.flat()) expect(numbers.set(name, numbers.get(name) ?? key).get(name)).toBe(key);
  });

  const recorded = corpusPath('traces/cloudphysics-vm-io.csv', 1);
  // The trace is no part of the repository: corpusPath() says how to have it.
  it.skipIf(recorded === undefined)('The recorded trace has 113,872 requests of 48,974 keys', async () => {
    const summary = await summarizeTrace(recorded ?? '', { valueBytesMin: 16, valueBytesMax: 4096 });
    expect(summary).toMatchObject({ requests: 113_872, keys: 48_974, gets: 46_974, puts: 66_898, deletes: 0 });
  });
});

describe('memoryNeed', () => {
  it('What fits is allowed, one byte more is not', () => {
    const need = memoryNeed({ keys: 1000, bytes: 2 ** 20 }, 5, Infinity);
    expect(need.total).toBeGreaterThan(5 * 2 ** 20);
    expect(memoryNeed({ keys: 1000, bytes: 2 ** 20 }, 5, need.total).fits).toBe(true);
    expect(memoryNeed({ keys: 1000, bytes: 2 ** 20 }, 5, need.total - 1).fits).toBe(false);
    expect([sizeText(2 ** 20), sizeText(2 ** 20 + 1), sizeText(20 * 2 ** 30)]).toEqual(['1 MiB', '2 MiB', '20.0 GiB']);
  });
});
