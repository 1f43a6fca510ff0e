import { once } from 'node:events';
import { MessageChannel } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { describe, expect, it, onTestFinished } from 'vitest';
import { controlClient, exposeControl } from '../../src/actor/control-plane.ts';
import type { ControlClient, ControlExposure } from '../../src/actor/control-plane.ts';
import { ASKED_FROM } from '../../src/actor/remote-error.ts';
import type { ExitReason } from '../../src/base/exit-reason.ts';

class TableError extends TypeError {
  override readonly name = 'TableError';
  readonly code = 'E_TABLE';
  readonly table = 'votes';
}

const functions = {
  add: (left: number, right: number): number => left + right,
  later: async (text: string): Promise<string> => await Promise.resolve(`${text}!`),
  fail: (): never => {
    throw new TableError('no such table', { cause: new RangeError('row 7') });
  },
  failOddly: (): never => {
    throw Symbol('odd'); // oxlint-disable-line no-throw-literal
  },
  unsendable: (): unknown => () => 1,
  never: (): Promise<void> => new Promise(() => {}),
};

interface Plane {
  readonly client: ControlClient<typeof functions>;
  readonly exposure: ControlExposure;
  /** The client's end, for raw messages. */
  readonly port: MessagePort;
  readonly die: (reason: ExitReason) => void;
}

function openPlane(timeoutMs = 60_000): Plane {
  const { port1, port2 } = new MessageChannel();
  const deaths: ((reason: ExitReason) => void)[] = [];
  const died = new Promise<ExitReason>((resolve) => deaths.push(resolve));
  const exposure = exposeControl(port2, functions);
  const client = controlClient<typeof functions>(port1, { died, timeoutMs });
  onTestFinished(() => exposure.close());
  return { client, exposure, port: port1, die: (reason) => deaths[0]?.(reason) };
}

const failureOf = async (call: Promise<unknown>): Promise<Error & Record<string, unknown>> =>
  call.then(
    () => expect.fail('The call succeeded'),
    (error) => error,
  );

describe('The control plane', () => {
  it('Calls functions by name, synchronous and asynchronous ones', async () => {
    const { client } = openPlane();
    expect(await Promise.all([client.add(1, 2), client.later('ok')])).toEqual([3, 'ok!']);
  });

  it('Keeps class, name, message, code, cause and properties of an error', async () => {
    const error = await failureOf(openPlane().client.fail());
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({ name: 'TableError', message: 'no such table', code: 'E_TABLE', table: 'votes' });
    expect(error.cause).toBeInstanceOf(RangeError);
  });

  it('Keeps both stacks: where it was thrown, and where it was asked for', async () => {
    const { client } = openPlane();
    async function askingFunction(): Promise<void> {
      await client.fail();
    }
    const { stack = '' } = await failureOf(askingFunction());
    const [remote, local] = stack.split(ASKED_FROM);
    expect(remote).toMatch(/TableError: no such table\n.*\bfail\b/);
    expect(local).toMatch(/askingFunction/);
  });

  it('Says in words what was thrown and cannot cross', async () => {
    expect(await failureOf(openPlane().client.failOddly())).toMatchObject({
      message: expect.stringContaining('Symbol(odd)'),
    });
  });

  it('Rejects a result that cannot cross, instead of waiting for it', async () => {
    expect(await failureOf(openPlane().client.unsendable())).toBeInstanceOf(Error);
  });

  it('Settles a call whose answer never comes, at its deadline', async () => {
    expect(await failureOf(openPlane(20).client.never())).toMatchObject({ code: 'ERR_QUORATE_TIMEOUT' });
  });

  it('Settles pending and later calls when the other thread dies, with the reason', async () => {
    const { client, die } = openPlane();
    const pending = failureOf(client.never());
    die({ kind: 'oom' });
    expect(await pending).toMatchObject({ code: 'ERR_QUORATE_ACTOR_DEAD', fields: { reason: { kind: 'oom' } } });
    expect(await failureOf(client.add(1, 2))).toMatchObject({ code: 'ERR_QUORATE_ACTOR_DEAD' });
  });

  it('Is no promise, so that it can be returned from an async function', async () => {
    const { client } = openPlane();
    const returned = await (async () => await Promise.resolve(client))();
    expect(await returned.add(2, 2)).toBe(4);
  });

  const id = '1-2-3-4';
  it.each<readonly [string, unknown]>([
    ['a Function through CONSTRUCT', { id, type: 'CONSTRUCT', path: ['constructor', 'constructor'], argumentList: [] }],
    ['a write to Object.prototype', { id, type: 'SET', path: ['__proto__', '__proto__', 'x'], value: raw(1) }],
    ['a write to a listed name', { id, type: 'SET', path: ['add'], value: raw(1) }],
    ['a read', { id, type: 'GET', path: ['add'] }],
    ['an endpoint', { id, type: 'ENDPOINT' }],
    ['a release', { id, type: 'RELEASE' }],
    ['a longer path', { id, type: 'APPLY', path: ['add', 'call'], argumentList: [] }],
    ['an empty path', { id, type: 'APPLY', path: [], argumentList: [] }],
    ['an inherited name', { id, type: 'APPLY', path: ['toString'], argumentList: [] }],
    ['a name that is no string', { id, type: 'APPLY', path: [['add']], argumentList: [] }],
    ['a path that only looks like one', { id, type: 'APPLY', path: { length: 1, 0: 'add' }, argumentList: [] }],
    ['no arguments at all', { id, type: 'APPLY', path: ['add'] }],
    [
      'an argument for one of comlink’s handlers',
      { id, type: 'APPLY', path: ['add'], argumentList: [{ type: 'HANDLER', name: 'proxy', value: 1 }] },
    ],
    ['an id that is no string', { id: 1, type: 'APPLY', path: ['add'], argumentList: [] }],
    ['nothing', null],
    ['a text', 'APPLY'],
  ])('Drops a message that asks for %s', async (_what, message) => {
    const { client, exposure, port } = openPlane();
    const answers: unknown[] = [];
    port.on('message', (answer) => answers.push(answer));
    port.postMessage(message);
    // Ports are first in, first out: once this is answered, the message before it has been looked at.
    expect(await client.add(1, 1)).toBe(2);
    expect(exposure.dropped).toBe(1);
    expect(answers).toHaveLength(1);
    expect({}).not.toHaveProperty('x');
  });

  it('Ignores an answer that would run one of comlink’s handlers in the caller', async () => {
    const { port1, port2 } = new MessageChannel();
    const client = controlClient<typeof functions>(port1, { died: new Promise(() => {}), timeoutMs: 20 });
    const call = failureOf(client.add(1, 2));
    const [request] = (await once(port2, 'message')) as [{ id: string }];
    port2.postMessage({ id: request.id, type: 'HANDLER', name: 'proxy', value: 1 });
    expect(await call).toMatchObject({ code: 'ERR_QUORATE_TIMEOUT' });
    port2.close();
  });

  it.each(['then', 'bind', 'constructor', 'prototype'])('Refuses to expose "%s"', (name) => {
    const { port1 } = new MessageChannel();
    onTestFinished(() => port1.close());
    expect(() => exposeControl(port1, { [name]: () => 1 })).toThrow(TypeError);
  });

  it('Refuses a deadline that is out of range', () => {
    const { port1 } = new MessageChannel();
    onTestFinished(() => port1.close());
    expect(() => controlClient(port1, { died: new Promise(() => {}), timeoutMs: 0 })).toThrow(RangeError);
  });
});

function raw(value: unknown): unknown {
  return { type: 'RAW', value };
}
