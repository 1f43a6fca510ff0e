import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createServer, connect, type AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';

// These run the command as a process: ends, signals and pipes are theirs alone.
type Child = ChildProcessByStdio<null, Readable, Readable>;

const MAIN = new URL('../../src/cli/main.ts', import.meta.url).href;
const PROGRAM = `
  const { main } = await import(${JSON.stringify(MAIN)});
  process.exitCode = await main(process.argv.slice(1));
`;
const POST_HEADERS = ['Content-Type: application/json', 'Content-Length: 99', 'Expect: 100-continue'];
const children: Child[] = [];

function quorate(...argv: string[]): Child {
  const child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM, '--', ...argv], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  return child;
}

async function textUntil(stream: Readable, word: string): Promise<string> {
  let text = '';
  for await (const piece of stream) {
    text += String(piece);
    if (text.includes(word)) return text;
  }
  throw new Error(`The stream ended without "${word}": ${text}`);
}

async function endOf(child: Child): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode;
}

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

describe('C3: a port in use', () => {
  it('It ends with exit code 1 and a message, and no thread keeps the process', { timeout: 30_000 }, async () => {
    const blocker = createServer().listen(0, '127.0.0.1');
    await once(blocker, 'listening');
    try {
      const { port } = blocker.address() as AddressInfo;
      const child = quorate('serve', '--port', String(port), '--replicas', '3');
      const message = textUntil(child.stderr, 'EADDRINUSE');
      expect(await message).toContain(`Cannot listen on 127.0.0.1:${port}`);
      expect(await endOf(child)).toBe(1);
    } finally {
      blocker.close();
    }
  });
});

describe('C4: signals', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)(
    'The first %s drains, and the exit code is 0',
    { timeout: 30_000 },
    async (signal) => {
      const child = quorate('serve', '--port', '0', '--replicas', '3', '--json');
      const announced: unknown = JSON.parse(await textUntil(child.stdout, '\n'));
      expect(announced).toMatchObject({
        url: expect.stringMatching(/^http:/),
        replicas: 3,
        read: 2,
        write: 2,
        pid: child.pid,
      });
      child.kill(signal);
      expect(await endOf(child)).toBe(0);
    },
  );

  it('A second SIGINT ends at once, with a request still open', { timeout: 30_000 }, async () => {
    const child = quorate('serve', '--port', '0', '--replicas', '3');
    const url = /http:\S+:(\d+)/.exec(await textUntil(child.stdout, 'Listening'));
    const socket = connect(Number(url?.[1]), '127.0.0.1');
    await once(socket, 'connect');
    socket.write(`${['POST /data HTTP/1.1', 'Host: 127.0.0.1', ...POST_HEADERS].join('\r\n')}\r\n\r\n`);
    await once(socket, 'data'); // It waits for the body, so there is something to drain.
    socket.on('error', () => {});
    child.kill('SIGINT');
    await textUntil(child.stderr, 'Draining');
    child.kill('SIGINT');
    expect(await endOf(child)).toBe(130);
    socket.destroy();
  });
});

describe('C5: stdout is closed', () => {
  it.each([[['--help']], [['serve', '--port', '0', '--replicas', '3']]])(
    'quorate %j ends with exit code 0 and says nothing',
    { timeout: 30_000 },
    async (argv) => {
      const child = quorate(...argv);
      child.stdout.destroy();
      let stderr = '';
      child.stderr.on('data', (piece) => (stderr += String(piece)));
      expect(await endOf(child)).toBe(0);
      expect(stderr).toBe('');
    },
  );
});
