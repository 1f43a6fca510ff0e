import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeHistory } from '../../src/check/formats/quorate.ts';
import type { Operation } from '../../src/check/history.ts';
import { checkFiles } from '../../src/cli/check/check-files.ts';
import type { CheckResult } from '../../src/cli/check/check-files.ts';
import type { CliIo, EndSignal } from '../../src/cli/io.ts';
import { main } from '../../src/cli/main.ts';
import { seededRandom } from '../../src/base/random.ts';
import { replayCommand, testSeed } from '../support/seed.ts';

const WRITE = '{"process":1,"call":"write","input":1,"start":0,"end":1}';
const LINES = {
  ok: `${WRITE}\n{"process":2,"call":"read","output":1,"start":2,"end":3}\n`,
  illegal: `${WRITE}\n{"process":2,"call":"read","output":2,"start":2,"end":3}\n`,
  broken: `${WRITE}\n{"process":2,"call":"read","outpu\n`,
};
const LISTS = [
  '{:type :invoke, :process 0, :f :txn, :value [[:r 1 nil] [:append 2 1]]}',
  '{:type :invoke, :process 1, :f :txn, :value [[:r 2 nil] [:append 1 1]]}',
  '{:type :ok, :process 0, :f :txn, :value [[:r 1 nil] [:append 2 1]]}',
  '{:type :ok, :process 1, :f :txn, :value [[:r 2 nil] [:append 1 1]]}',
].join('\n');

let folder = '';
const file = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quorate-check-'));
  await mkdir(file('several/deeper'), { recursive: true });
  await mkdir(file('empty'));
  await Promise.all([
    writeFile(file('ok.jsonl'), LINES.ok),
    writeFile(file('illegal.jsonl'), LINES.illegal),
    writeFile(file('broken.jsonl'), LINES.broken),
    writeFile(file('nothing.jsonl'), ''),
    writeFile(file('lists.edn'), LISTS),
    writeFile(file('several/1.jsonl'), LINES.ok),
    writeFile(file('several/deeper/2.jsonl'), LINES.illegal),
    writeFile(file('several/.hidden'), 'not a history'),
  ]);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(argv: readonly string[], signals?: (fire: (signal: EndSignal) => void) => void): Promise<Ran> {
  const written = { stdout: '', stderr: '' };
  const io: CliIo = {
    stdout: { write: (text) => (written.stdout += text) },
    stderr: { write: (text) => (written.stderr += text) },
    env: {},
    onSignal: (listener) => {
      signals?.(listener);
      return () => {};
    },
    exit: () => {
      throw new Error('Only a second signal or a closed pipe ends a command like this');
    },
  };
  return { code: await main(['check', ...argv], io), ...written };
}

const fireSoon = (fire: (signal: EndSignal) => void): void => void setImmediate(() => fire('SIGINT'));

describe('quorate check', () => {
  it('prints ok and ends with 0 where an order explains everything', async () => {
    const { code, stdout, stderr } = await run(['--model', 'register', file('ok.jsonl')]);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^ok {7}\S*ok\.jsonl {2}2 operations, register, \d+ ms\n$/);
  });

  it('prints why and ends with 1 where none does', async () => {
    const { code, stdout } = await run(['--model', 'register', file('illegal.jsonl')]);
    expect(code).toBe(1);
    expect(stdout).toContain('illegal');
    expect(stdout).toContain('  register: no legal order lets process 2 return from read -> 2\n');
    expect(stdout).toContain('> 2  read -> 2');
  });

  it('prints exactly one object with --json, and why on stderr', async () => {
    const path = file('illegal.jsonl');
    const { code, stdout, stderr } = await run(['--json', '--model', 'register', path]);
    expect(code).toBe(1);
    const milliseconds: unknown = expect.any(Number);
    expect(JSON.parse(stdout)).toEqual({
      file: path,
      model: 'register',
      verdict: 'illegal',
      operations: 2,
      milliseconds,
    });
    expect(stdout.trimEnd()).not.toContain('\n');
    expect(stderr).toContain('no legal order');
  });

  it('prints one object a file and line for a folder, in the order of names, and counts on stderr', async () => {
    const { code, stdout, stderr } = await run(['--json', '--model', 'register', file('several'), file('ok.jsonl')]);
    expect(code).toBe(1);
    const lines = stdout.trimEnd().split('\n');
    const verdicts = lines.map((line) => JSON.parse(line) as { readonly file: string; readonly verdict: string });
    expect(verdicts.map((found) => [found.file.slice(folder.length + 1), found.verdict])).toEqual([
      [join('several', '1.jsonl'), 'ok'],
      [join('several', 'deeper', '2.jsonl'), 'illegal'],
      ['ok.jsonl', 'ok'],
    ]);
    expect(stderr).toBe('3 files: 2 ok, 1 illegal, 0 unknown\n');
  });

  it.each([
    [[], 1, 'G2-item'],
    [['--isolation', 'serializable'], 1, 'G2-item'],
    [['--isolation', 'snapshot-isolation'], 0, 'ok'],
  ])('checks transactions against the level %j', async (options, code, text) => {
    const ran = await run(['--model', 'list-append', ...options, file('lists.edn')]);
    expect([ran.code, ran.stderr]).toEqual([code, '']);
    expect(ran.stdout).toContain(text);
  });

  it.each([
    ['--initial', '2', 'illegal.jsonl', 1],
    ['--initial', '1', 'ok.jsonl', 0],
  ])('begins with %s %s', async (option, value, name, code) => {
    expect((await run(['--model', 'register', option, value, file(name)])).code).toBe(code);
  });

  it.each([
    ['nil', [], 0],
    ['0', [], 1],
    ['0', ['--initial', '0'], 0],
  ])('a key of a tuple begins with nil: what is set from %s, with %j, ends with %d', async (from, options, code) => {
    const events = ['invoke', 'ok'].map((type) => `{:process 0 :type :${type} :f :cas :value [:k [${from} 1]]}`);
    await writeFile(file('tuples.edn'), events.join('\n'));
    expect((await run(['--model', 'cas-register', ...options, file('tuples.edn')])).code).toBe(code);
  });

  it.each([
    ['why.svg', '<svg '],
    ['why.html', '<!doctype html>'],
  ])('draws what is illegal into %s', async (name, start) => {
    const { code, stderr } = await run(['--model', 'register', '--out', file(name), file('illegal.jsonl')]);
    expect([code, stderr]).toEqual([1, `Picture: ${file(name)}\n`]);
    const picture = await readFile(file(name), 'utf8');
    expect(picture.startsWith(start)).toBe(true);
    expect(picture).toContain('class="bar impossible"');
  });

  it('draws nothing where nothing is illegal', async () => {
    const { code, stderr } = await run(['--model', 'register', '--out', file('none.svg'), file('ok.jsonl')]);
    expect([code, stderr]).toEqual([0, 'No picture: the history is ok\n']);
    expect(existsSync(file('none.svg'))).toBe(false);
  });

  it('ends with 2 where the picture cannot be written, after the verdict', async () => {
    const out = file('no/such/folder.svg');
    const { code, stdout, stderr } = await run(['--model', 'register', '--out', out, file('illegal.jsonl')]);
    expect([code, stdout.startsWith('illegal')]).toEqual([2, true]);
    expect(stderr).toContain(`Cannot write --out "${out}": it must be a file that may be written`);
  });

  it('ends with 2 and the line where a file does not parse', async () => {
    const { code, stdout, stderr } = await run(['--model', 'register', file('broken.jsonl')]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('Cannot read line 2 of the history');
    expect(stderr).toContain(`in ${file('broken.jsonl')}`);
  });

  it.each<readonly [readonly string[], string]>([
    [[], 'Cannot check nothing'],
    [['ok.jsonl'], 'Cannot check without --model: it must be one of register, cas-register'],
    [['--model', 'frob', 'ok.jsonl'], 'it must be one of register, cas-register'],
    [['--model', 'register', '--format', 'xml', 'ok.jsonl'], 'it must be one of jepsen, knossos, kv, elle, quorate'],
    [['--model', 'register', '--isolation', 'serializable', 'ok.jsonl'], 'it is for list-append'],
    [['--model', 'list-append', '--isolation', 'perfect', 'lists.edn'], 'Cannot check isolation "perfect"'],
    [['--model', 'list-append', '--initial', '0', 'lists.edn'], 'Cannot use --initial with --model list-append'],
    [['--model', 'list-append', 'ok.jsonl'], 'txn'],
    [['--model', 'queue', 'ok.jsonl'], 'a queue knows enqueue, dequeue, empty'],
    [['--model', 'counter', '--initial', 'many', 'ok.jsonl'], 'it must be a number'],
    [['--model', 'kv', '--initial', '3', 'ok.jsonl'], 'it must be a string'],
    [['--model', 'set', '--initial', '3', 'ok.jsonl'], 'it must be a list'],
    [['--model', 'queue', '--initial', '{:a 1}', 'ok.jsonl'], 'it must be a list'],
    [['--model', 'mutex', '--initial', '3', 'ok.jsonl'], 'a mutex is free at first'],
    [['--model', 'multi-register', '--initial', '3', 'ok.jsonl'], 'a map such as'],
    [['--model', 'register', '--initial', '[1', 'ok.jsonl'], 'it must be EDN'],
    [['--model', 'register', '--out', 'a.png', 'ok.jsonl'], 'it must end in .svg or .html'],
    [['--model', 'register', '--out', 'a.svg', 'ok.jsonl', 'illegal.jsonl'], 'a picture shows one'],
    [['--model', 'register', '--format', 'jepsen', '/dev/null'], 'it must be a regular file'],
    [['--model', 'register', 'missing.jsonl'], 'it must be a file or folder'],
    [['--model', 'register', 'empty'], 'the folder holds no file'],
    [['--model', 'register', 'nothing.jsonl'], 'at least one, or a format that is named'],
  ])('ends with 2 for %j, and says what is allowed', async (argv, message) => {
    const named = argv.map((word) => (/\.(jsonl|edn)$|^empty$/.test(word) ? file(word) : word));
    const { code, stdout, stderr } = await run(named);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
  });

  it('takes a file without events where its format is named', async () => {
    const { code, stdout } = await run(['--model', 'register', '--format', 'jepsen', file('nothing.jsonl')]);
    expect(code).toBe(0);
    expect(stdout).toContain('0 operations');
  });

  it('ends with 3 where nothing can be said, and says why', async () => {
    const twice = LISTS.replaceAll(':append 1 1', ':append 2 1');
    await writeFile(file('twice.edn'), twice);
    const { code, stdout } = await run(['--model', 'list-append', file('twice.edn')]);
    expect(code).toBe(3);
    expect(stdout).toMatch(/^unknown .*\n {2}1 was written to key 2 twice/);
  });

  it('ends with 130 at Ctrl-C, however long the search would take', async () => {
    // Forty adds at once whose sums all differ, and a count that is none of them: all of 2^40 have to be tried.
    const adds = Array.from({ length: 40 }, (_, at) => ({
      process: at,
      call: 'add',
      input: 2 ** at,
      start: 0,
      end: 9,
    }));
    const lines = [...adds, { process: 40, call: 'read', output: 0.5, start: 1, end: 2 }];
    await writeFile(file('long.jsonl'), lines.map((line) => JSON.stringify(line)).join('\n'));
    const { code, stdout, stderr } = await run(['--model', 'counter', file('long.jsonl')], fireSoon);
    expect([code, stdout, stderr]).toEqual([130, '', 'Interrupted\n']);
  });
});

async function resultOf(path: string, threads: number, model = 'register'): Promise<Omit<CheckResult, 'milliseconds'>> {
  const common = { format: undefined, initial: undefined, isolation: undefined };
  const plan = { ...common, model, picture: 'svg' } as const;
  const limits = { threads, directBytesMax: 0, splitBytesMin: 1, signal: new AbortController().signal };
  for await (const { milliseconds: _, ...result } of checkFiles([{ path, bytes: 1 }], plan, limits)) return result;
  throw new Error('One file has one result');
}

describe('Keys that are checked apart', () => {
  const seed = testSeed();

  /** Registers of forty keys that three clients write and read, one after the other; some reads are stale. */
  function historyOf(staleKeys: number): string {
    const random = seededRandom(seed);
    const held = new Map<string, number>();
    const stale = new Set(Array.from({ length: staleKeys }, (_, at) => `key-${7 + 3 * at}`));
    const history = Array.from({ length: 4000 }, (_, at): Operation => {
      const key = `key-${random.nextUint32() % 40}`;
      const times = { process: random.nextUint32() % 3, key, start: 2 * at, end: 2 * at + 1 };
      if (random.nextUint32() % 2 === 0) {
        held.set(key, at);
        return { ...times, call: 'write', input: at, output: undefined };
      }
      const isStale = at > 3000 && stale.has(key);
      return { ...times, call: 'read', input: undefined, output: isStale ? -1 : (held.get(key) ?? null) };
    });
    return writeHistory(history);
  }

  it.each([
    [0, 'ok'],
    [4, 'illegal'],
  ] as const)(
    'A history with %d stale keys is as %s for three threads as for one, for the same reason',
    async (staleKeys, verdict) => {
      const path = file(`keys-${staleKeys}.jsonl`);
      await writeFile(path, historyOf(staleKeys));
      const [one, three] = [await resultOf(path, 1), await resultOf(path, 3)];
      expect(three, replayCommand('test/cli/check-command.test.ts', seed)).toEqual(one);
      expect([one.verdict, one.operations]).toEqual([verdict, 4000]);
    },
  );

  it('are those of a model that has them: registers of one transaction stay together', async () => {
    const written = ['x', 'y'].map((key) => ['write', key, 1]);
    const seen = ['x', 'y'].map((key) => ['read', key, 1]);
    const history = [
      { process: 1, key: 'a', call: 'txn', input: written, output: written, start: 0, end: 1 },
      { process: 2, key: 'b', call: 'txn', input: seen, output: seen, start: 2, end: 3 },
    ];
    await writeFile(file('together.jsonl'), writeHistory(history));
    expect((await resultOf(file('together.jsonl'), 3, 'multi-register')).verdict).toBe('ok');
    await writeFile(file('lists.jsonl'), LISTS);
    expect((await resultOf(file('lists.jsonl'), 3, 'list-append')).verdict).toBe('illegal');
  });
});
