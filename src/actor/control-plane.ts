// Rare typed calls between two threads, over comlink behind a guard. Raw comlink 4.4 lets a peer reach Function and
// Object.prototype through a path (comlink#603), and a call to a dead peer never settles (comlink#601). So the exposing
// side lets only plain calls of listed names through, and the calling side races every call against the peer's death
// and a deadline. Results are wrapped, because comlink drops the code and cause of errors.
import { expose, wrap } from 'comlink';
import type { Endpoint, Remote } from 'comlink';
import type { MessagePort, Transferable } from 'node:worker_threads';
import { assert } from '../base/assert.ts';
import { QuorateError, integerOption, typeError } from '../base/errors.ts';
import type { ExitReason } from '../base/exit-reason.ts';
import { exitReasonText } from '../base/exit-reason.ts';
import { TIMEOUT_MS_DEFAULT, TIMEOUT_MS_MAX } from '../base/limits.ts';
import { decodeThrown, encodeThrown, rethrowHere } from './remote-error.ts';

/** Functions that may be called from the other thread, by name. They may be asynchronous. */
export type ControlFunctions = Readonly<Record<string, AnyFunction>>;

/** Any function: a method's parameters are bivariant, and those of a call come from another thread anyway. */
type AnyFunction = { call(...parameters: unknown[]): unknown }['call'];

/** The calling side of `Functions`: each call is a promise. */
export type ControlClient<Functions> = {
  readonly [Name in keyof Functions]: Functions[Name] extends (...parameters: infer Parameters) => infer Result
    ? (...parameters: Parameters) => Promise<Awaited<Result>>
    : never;
};

/** Options of {@link controlClient}. */
export interface ControlClientOptions {
  /** Settles when the other thread has ended. */
  readonly died: Promise<ExitReason>;
  /** Deadline of each call, in milliseconds; default 5,000. */
  readonly timeoutMs?: number;
}

/** What {@link exposeControl} gives. */
export interface ControlExposure {
  /** Messages that were no calls of a listed function, and were dropped. */
  readonly dropped: number;
  /** Stops serving and closes the port. */
  close(): void;
}

type Reply =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'error'; readonly error: Uint8Array<ArrayBuffer> };

type RemoteFunction = (...parameters: readonly unknown[]) => Promise<Reply>;

/** Names that comlink or the language gives a meaning of their own. */
const RESERVED: ReadonlySet<string> = new Set(['then', 'bind', '__proto__', 'constructor', 'prototype']);

/**
 * Serves calls that come through `port`: of the own functions of `functions`, and of nothing else. Any thread with an
 * event loop; the port keeps it alive until `close()`.
 *
 * @throws {TypeError} `ERR_QUORATE_CONTROL` when a name is reserved.
 * @example
 * ```ts
 * import { MessageChannel } from 'node:worker_threads';
 * import { controlClient, exposeControl } from 'quorate/actor';
 *
 * const { port1, port2 } = new MessageChannel(); // One end in each thread.
 * const functions = { add: (a: number, b: number): number => a + b };
 * const exposure = exposeControl(port1, functions);
 * const client = controlClient<typeof functions>(port2, { died: new Promise(() => {}) });
 * console.log(await client.add(1, 2)); // 3
 * exposure.close();
 * ```
 */
export function exposeControl(port: MessagePort, functions: ControlFunctions): ControlExposure {
  const target: Record<string, RemoteFunction> = Object.create(null);
  for (const [name, call] of Object.entries(functions)) {
    if (RESERVED.has(name)) throw typeError('ERR_QUORATE_CONTROL', `Cannot expose "${name}": the name is reserved`);
    target[name] = (...parameters) => settle(call, parameters);
  }
  const names: ReadonlySet<string> = new Set(Object.keys(target));
  const endpoint = new PortEndpoint(port, (message) => isAllowedCall(message, names));
  expose(Object.freeze(target), endpoint);
  return {
    get dropped() {
      return endpoint.dropped;
    },
    close: () => endpoint.close(),
  };
}

/**
 * Calls the functions that the other thread exposes on the other end of `port`. The port keeps the process alive only
 * while calls are pending.
 *
 * Every call settles: with the result; with what the function threw, class, code, cause and properties kept, and both
 * stacks; with `ERR_QUORATE_TIMEOUT` after `timeoutMs`; with `ERR_QUORATE_ACTOR_DEAD` when the other thread has ended.
 *
 * @throws {RangeError} when `timeoutMs` is out of range.
 * @example
 * ```ts
 * import { MessageChannel } from 'node:worker_threads';
 * import { controlClient, exposeControl } from 'quorate/actor';
 *
 * const { port1, port2 } = new MessageChannel(); // One end in each thread.
 * const functions = { add: (a: number, b: number): number => a + b };
 * const exposure = exposeControl(port1, functions);
 * const client = controlClient<typeof functions>(port2, { died: new Promise(() => {}) });
 * console.log(await client.add(1, 2)); // 3
 * exposure.close();
 * ```
 */
export function controlClient<Functions extends object>(
  port: MessagePort,
  { died, timeoutMs = TIMEOUT_MS_DEFAULT }: ControlClientOptions,
): ControlClient<Functions> {
  integerOption('timeoutMs', timeoutMs, { min: 1, max: TIMEOUT_MS_MAX });
  const endpoint = new PortEndpoint(port, isAllowedReply);
  const remote = wrap<Record<string, RemoteFunction>>(endpoint);
  port.unref();
  const calls = new PendingCalls(port, died, timeoutMs);
  const client: ControlClient<Functions> = new Proxy(Object.create(null), {
    // A client is no promise: `await client` must not call a remote function "then".
    get: (_target, name) =>
      typeof name === 'symbol' || RESERVED.has(name)
        ? undefined
        : (...parameters: unknown[]) => calls.run(name, () => remoteCall(remote, name, parameters)),
  });
  return client;
}

function remoteCall(
  remote: Remote<Record<string, RemoteFunction>>,
  name: string,
  parameters: readonly unknown[],
): Promise<Reply> {
  const call = remote[name];
  assert(call !== undefined, 'A comlink proxy has every name');
  return call(...parameters);
}

/** Races calls against death and deadline. */
class PendingCalls {
  readonly #port: MessagePort;
  readonly #timeoutMs: number;
  readonly #rejections = new Set<(error: Error) => void>();
  #death: Error | undefined;

  constructor(port: MessagePort, died: Promise<ExitReason>, timeoutMs: number) {
    this.#port = port;
    this.#timeoutMs = timeoutMs;
    void died.then(
      (reason) => this.#onDeath(reason),
      (error: Error) => this.#onDeath({ kind: 'crashed', error }),
    );
  }

  run(name: string, call: () => Promise<Reply>): Promise<unknown> {
    const raced = new Promise<Reply>((resolve, reject) => {
      if (this.#death !== undefined) return reject(this.#death);
      this.#port.ref();
      const timer = setTimeout(() => fail(timeoutError(name, this.#timeoutMs)), this.#timeoutMs);
      const release = (): void => {
        clearTimeout(timer);
        this.#rejections.delete(fail);
        if (this.#rejections.size === 0) this.#port.unref();
      };
      const fail = (error: unknown): void => {
        release();
        reject(error);
      };
      this.#rejections.add(fail);
      call().then((reply) => {
        release();
        resolve(reply);
      }, fail);
    });
    return raced.then(valueOf, rethrowHere);
  }

  #onDeath(reason: ExitReason): void {
    const cause = reason.kind === 'crashed' ? { cause: reason.error } : {};
    const message = `Cannot call the other thread: it ended (${exitReasonText(reason)})`;
    this.#death = new QuorateError('ERR_QUORATE_ACTOR_DEAD', message, { ...cause, fields: { reason } });
    for (const reject of this.#rejections) reject(this.#death);
  }
}

function valueOf(reply: Reply): unknown {
  return reply.kind === 'value' ? reply.value : rethrowHere(decodeThrown(reply.error));
}

async function settle(call: AnyFunction, parameters: readonly unknown[]): Promise<Reply> {
  try {
    return { kind: 'value', value: await call(...parameters) };
  } catch (error) {
    return { kind: 'error', error: encodeThrown(error) };
  }
}

function timeoutError(name: string, timeoutMs: number): QuorateError {
  return new QuorateError('ERR_QUORATE_TIMEOUT', `Cannot wait longer for "${name}": no answer in ${timeoutMs} ms`);
}

/** The fields of comlink's messages that the guard looks at. */
interface WireMessage {
  readonly id: unknown;
  readonly type: unknown;
  readonly name: unknown;
  readonly path: unknown;
  readonly argumentList: unknown;
}

function isWireMessage(message: unknown): message is WireMessage {
  return typeof message === 'object' && message !== null && 'id' in message && typeof message.id === 'string';
}

/**
 * A call by its bare name with plain arguments. A `HANDLER` argument would run code of comlink's on the peer's behalf.
 */
function isAllowedCall(message: unknown, names: ReadonlySet<string>): boolean {
  if (!isWireMessage(message) || message.type !== 'APPLY') return false;
  const { path, argumentList } = message;
  if (!Array.isArray(path) || path.length !== 1 || typeof path[0] !== 'string' || !names.has(path[0])) return false;
  return Array.isArray(argumentList) && argumentList.every(isRawValue);
}

function isRawValue(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'type' in value && value.type === 'RAW';
}

/** A plain value, or comlink's own word that the value could not be sent. */
function isAllowedReply(message: unknown): boolean {
  return isWireMessage(message) && (message.type === 'RAW' || (message.type === 'HANDLER' && message.name === 'throw'));
}

type MessageListener = (event: { readonly data: unknown }) => void;

/** A MessagePort as comlink wants it, which hands on only what `isAllowed` accepts. One listener. */
class PortEndpoint implements Endpoint {
  dropped = 0;
  readonly #port: MessagePort;
  readonly #isAllowed: (message: unknown) => boolean;
  #listener: ((message: unknown) => void) | undefined;

  constructor(port: MessagePort, isAllowed: (message: unknown) => boolean) {
    this.#port = port;
    this.#isAllowed = isAllowed;
  }

  postMessage(message: unknown, transferList: readonly Transferable[] = []): void {
    this.#port.postMessage(message, transferList);
  }

  addEventListener(_type: string, listen: MessageListener): void {
    this.#listener = (data) => {
      if (this.#isAllowed(data)) listen({ data });
      else this.dropped++;
    };
    this.#port.on('message', this.#listener);
  }

  removeEventListener(): void {
    if (this.#listener !== undefined) this.#port.off('message', this.#listener);
  }

  close(): void {
    this.removeEventListener();
    this.#port.close();
  }
}
