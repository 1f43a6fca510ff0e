// The stateless CPU work that runs beside the actors, as a table: a task is a pure function of one argument, and what
// it takes and returns is plain data. Runs in the pool's threads; nothing here may keep anything between two calls.
import { createHash } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { encodePlain } from '../base/plain-codec.ts';
import { QuorateError } from '../base/errors.ts';
import { VALUE_BYTES_MAX } from '../base/limits.ts';

/** Tasks by name. */
export type TaskTable = Readonly<Record<string, (argument: never) => unknown>>;

/** The tasks of Quorate itself. */
export interface Tasks {
  /** SHA-256 of bytes, as 64 hexadecimal digits. */
  readonly sha256: (bytes: Uint8Array) => string;
  /** Bytes, compressed (raw deflate). */
  readonly deflate: (bytes: Uint8Array) => Uint8Array;
  /**
   * What {@link deflate} compressed.
   *
   * @throws {Error} when they are no such bytes, or would exceed VALUE_BYTES_MAX.
   */
  readonly inflate: (bytes: Uint8Array) => Uint8Array;
}

/** The tasks of Quorate itself. */
export const TASKS: Tasks & TaskTable = {
  sha256: (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex'),
  deflate: (bytes: Uint8Array) => unpooled(deflateRawSync(bytes)),
  inflate: (bytes: Uint8Array) => unpooled(inflateRawSync(bytes, { maxOutputLength: VALUE_BYTES_MAX })),
};

/** What travels to a thread of the pool. */
export interface TaskRequest {
  readonly name: string;
  readonly argument: unknown;
}

/** What travels back: an error as bytes, because a structured clone would lose its class, code and properties. */
export type TaskReply =
  | { readonly kind: 'returned'; readonly value: unknown }
  | { readonly kind: 'threw'; readonly error: Uint8Array };

/** Runs one task of the table. Pool's threads; never throws and never rejects. */
export async function performTask(tasks: TaskTable, { name, argument }: TaskRequest): Promise<TaskReply> {
  try {
    const task = Object.hasOwn(tasks, name) ? tasks[name] : undefined;
    if (task === undefined) throw new QuorateError('ERR_QUORATE_UNKNOWN_MESSAGE', `Cannot run task ${name}: unknown`);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Offload.run is typed by the same table.
    return { kind: 'returned', value: await task(argument as never) };
  } catch (error) {
    return { kind: 'threw', error: encodeError(error) };
  }
}

function encodeError(error: unknown): Uint8Array {
  try {
    return encodePlain(error);
  } catch (cause) {
    const message = error instanceof Error ? error.message : String(error);
    return encodePlain(
      new QuorateError('ERR_QUORATE_UNSENDABLE', `A task threw what cannot be sent: ${message}`, { cause }),
    );
  }
}

// A view of a pooled Buffer would travel with the whole pool behind it: other values' bytes.
function unpooled(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}
