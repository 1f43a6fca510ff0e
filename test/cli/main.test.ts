import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { configurationOf, serveCommand } from '../../src/cli/serve-command.ts';
import { readArguments } from '../../src/cli/arguments.ts';
import type { CliIo } from '../../src/cli/io.ts';
import { main } from '../../src/cli/main.ts';

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(argv: readonly string[], env: CliIo['env'] = {}): Promise<Ran> {
  const written = { stdout: '', stderr: '' };
  const io: CliIo = {
    stdout: { write: (text) => (written.stdout += text) },
    stderr: { write: (text) => (written.stderr += text) },
    env,
    onSignal: () => () => {},
    exit: () => {
      throw new Error('Only a second signal or a closed pipe ends a command like this');
    },
  };
  return { code: await main(argv, io), ...written };
}

const COMMANDS = ['demo', 'replay', 'serve', 'bench', 'torture'];

describe('Help and version', () => {
  it('quorate --help shows usage, commands, examples, exit codes and environment on stdout', async () => {
    const { code, stdout, stderr } = await run(['--help']);
    expect([code, stderr]).toEqual([0, '']);
    for (const word of ['Usage:', ...COMMANDS, 'Examples:', 'Exit codes:', 'NODE_COUNT', 'NO_COLOR'])
      expect(stdout).toContain(word);
  });

  it.each(COMMANDS)(
    'quorate %s --help shows its options on stdout, in lines of at most 120 characters',
    async (command) => {
      const { code, stdout, stderr } = await run([command, '--help']);
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).toContain(`quorate ${command}`);
      expect(stdout).toContain('--json');
      expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120);
    },
  );

  it('quorate --version shows the version of the package', async () => {
    expect(await run(['--version'])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\S*\n$/) });
  });

  it.each([
    [{}, false],
    [{ FORCE_COLOR: '1' }, true],
    [{ FORCE_COLOR: '1', NO_COLOR: '1' }, true],
    [{ FORCE_COLOR: '0' }, false],
    [{ NO_COLOR: '1' }, false],
  ] as const)('With the environment %j, headings are coloured: %s', async (env, isColoured) => {
    expect((await run(['--help'], env)).stdout.includes('\u001B[')).toBe(isColoured);
  });
});

describe('C1: an unknown flag or command ends with exit code 2 and the usage on stderr', () => {
  it.each<[string[], string]>([
    [[], 'Usage: quorate COMMAND'],
    [['frobnicate'], 'Unknown command frobnicate'],
    [['--frobnicate'], 'Unknown option --frobnicate'],
    ...COMMANDS.map((command): [string[], string] => [
      [command, '--frobnicate'],
      'Unknown option --frobnicate: allowed are',
    ]),
    [['demo', '-x'], 'Unknown option -x'],
    [['demo', '--__proto__', '1'], 'Unknown option --__proto__'],
    [['demo', 'file'], 'Cannot use the argument "file"'],
    [['replay'], 'Cannot replay nothing'],
    [['replay', 'a', 'b'], 'Cannot use the argument "b"'],
    [['bench', 'peers'], 'it must be one of floor, layer, cluster'],
  ])('%j', async (argv, message) => {
    const { code, stdout, stderr } = await run(argv);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
    expect(stderr).toContain('Usage:');
  });
});

describe('C2: a bad configuration ends with exit code 2 and names the option and what is allowed', () => {
  it.each<[string[], string]>([
    [['demo', '--replicas', '0'], 'Cannot use --replicas "0": it must be an integer from 1 to 15'],
    [['demo', '--replicas', '16'], '--replicas "16"'],
    [['demo', '--replicas', '-1'], '--replicas "-1"'],
    [['demo', '--replicas'], 'Cannot use --replicas without a value'],
    [['demo', '--read', '6'], 'Cannot use --read "6": it must be an integer from 1 to 5'],
    [['demo', '--write', '1.5'], '--write "1.5"'],
    [['demo', '--seconds', 'ten'], 'Cannot use --seconds "ten": it must be a number from 0.1 to 86400'],
    [['demo', '--kills-per-second', '1e9'], '--kills-per-second "1e9"'],
    [['demo', '--member-changes-per-second', '101'], '--member-changes-per-second "101"'],
    [['demo', '--replicas', '5', '--threads', '7'], 'Cannot use replicas 5 with threads 7'],
    [['demo', '--threads', '2', '--replication-factor', '3'], 'threads'],
    [['demo', '--threads', '7', '--replication-factor', '3', '--read', '4'], 'it must be an integer from 1 to 3'],
    [['demo', '--kills', '-1'], 'Cannot use --kills "-1": it must be an integer from 0 to 1000000'],
    [
      ['demo', '--kills', '1', '--replicas', '1'],
      'Cannot use --kills "1": 1 replicas with these quorums survive no death',
    ],
    [
      ['demo', '--kills', '1', '--kills-per-second', '0'],
      'Cannot use --kills "1": it needs --kills-per-second above 0',
    ],
    [['replay', 'a.csv', '--kills', '1'], 'Cannot use --kills "1": a trace that is not repeated ends when it ends'],
    [['demo', '--json=yes'], 'Cannot use --json with the value "yes"'],
    [['demo', '--value-bytes', '15'], 'Cannot use --value-bytes "15": it must be an integer from 16 to 16777216'],
    [['serve', '--port', '70000'], 'Cannot use --port "70000": it must be an integer from 0 to 65535'],
    [['serve', '--replicas', '3', '--nodes', '5'], 'Cannot use --nodes 5 with --replicas 3'],
    [['serve', '--read', '1', '--write', '1'], 'their sum must exceed NODE_COUNT 5'],
    [['serve', '--replicas', '3', '--threads', '5'], 'Cannot use replicas 3 with threads 5'],
    [['serve', '--threads', '2', '--replication-factor', '3'], 'ERR_QUORATE_'],
    [['serve', '--body-bytes-max', '0'], '--body-bytes-max "0"'],
    [['replay', 'no-such-file.csv'], 'Cannot read the trace "no-such-file.csv"'],
  ])('%j', async (argv, message) => {
    const { code, stdout, stderr } = await run(argv);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
  });

  it.each([
    [{ PORT: '70000' }, 'PORT "70000"'],
    [{ NODE_COUNT: '0' }, 'NODE_COUNT "0"'],
    [{ NODE_COUNT: '3', WRITE_QUORUM: '4' }, 'WRITE_QUORUM "4"'],
    [{ READ_QUORUM: 'x' }, 'READ_QUORUM "x"'],
  ] as const)('The environment %j', async (env, message) => {
    const { code, stderr } = await run(['serve'], env);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });

  it('A trace with a bad line is refused with its number, before anything starts', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'quorate-cli-'));
    try {
      const path = join(folder, 'bad.csv');
      await writeFile(path, 'version,time,op,size,lbn\n1,2,2a,512,3\nnonsense\n');
      const { code, stderr } = await run(['replay', path]);
      expect(code).toBe(2);
      expect(stderr).toContain('Cannot read line 3 of the trace, "nonsense"');
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('A trace that does not fit in memory is refused, and the need is stated', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'quorate-cli-'));
    try {
      const path = join(folder, 'huge.csv');
      const lines = Array.from({ length: 100_000 }, (_, n) => `1,2,2a,999999999,${n}`);
      await writeFile(path, `version,time,op,size,lbn\n${lines.join('\n')}\n`);
      const { code, stderr } = await run(['replay', path, '--value-bytes-max', '16777216']);
      expect(code).toBe(2);
      expect(stderr).toMatch(/needs [\d.]+ GiB of memory, [\d.]+ [GM]iB available/);
      expect(stderr).toContain('Cannot keep 7 copies');
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('The configuration of serve', () => {
  it.each<[string[], CliIo['env'], object]>([
    [[], {}, { port: 3000, replicas: 5, read: 3, write: 4 }],
    [
      [],
      { PORT: '80', NODE_COUNT: '7', READ_QUORUM: '4', WRITE_QUORUM: '5' },
      { port: 80, replicas: 7, read: 4, write: 5 },
    ],
    [['--port', '0', '--nodes', '3'], { PORT: '80', NODE_COUNT: '7' }, { port: 0, replicas: 3, read: 2, write: 2 }],
    [['--replicas=9', '--read=5', '--write=6'], {}, { port: 3000, replicas: 9, read: 5, write: 6 }],
    [['--threads=7'], {}, { port: 3000, replicas: 5, read: 3, write: 4 }],
    [['--threads=4'], { NODE_COUNT: '9' }, { port: 3000, replicas: 4, read: 3, write: 3 }],
    [['--threads=7', '--replication-factor=3'], {}, { port: 3000, replicas: 3, read: 2, write: 2 }],
  ])('Options %j before the environment %j before defaults', (argv, env, expected) => {
    expect(configurationOf(readArguments(serveCommand.spec, argv), env)).toEqual(expected);
  });
});
