// Turns what a caller asks for into an operation, or into the error that says what was wrong with it. Nothing has left
// when it throws.
import { QuorateError, integerOption } from '../base/errors.ts';
import { LARGE_HEADER_BYTES } from '../base/large-value.ts';
import { INLINE_BYTES_MAX, PENDING_MAX, TIMEOUT_MS_DEFAULT, TIMEOUT_MS_MAX, VALUE_BYTES_MAX } from '../base/limits.ts';
import { EXPIRY_BYTES, VALUE_TYPE, ValueEncoder, decodeValue, writeExpiry } from '../base/value-codec.ts';
import type { OperationOptions, Value } from '../store/store.ts';
import type { Coordinator } from './coordinator.ts';
import { NEVER } from './expiry.ts';
import { writeInquiry } from './inquiry.ts';
import type { Inquiry } from './inquiry.ts';
import { writeKey, writtenKey } from './key-bytes.ts';
import { levelSizes } from './level-sizes.ts';
import type { LevelSizes } from './level-sizes.ts';
import type { LargePool } from './large-pool.ts';
import type { LiveQuorums } from './live-quorums.ts';
import { ChangeFields, FrameBuffer } from './operation.ts';
import type { Operation } from './operation.ts';
import type { ChangeRequest } from './change-steps.ts';
import { RepairFields } from './repair-aim.ts';
import type { RepairAim } from './repair-aim.ts';
import { BY_REFERENCE, NO_VALUE, REFERENCE_BYTES, REQUEST, copyWords, padded } from './wire.ts';

/** Room for a short key and a short value; longer ones grow the operation's buffer. */
const SHORT_KEY_LENGTH = 64;
const KEY_ROOM_SHORT = 3 * SHORT_KEY_LENGTH + 4;
const KEY_ROOM_LONG = 1028;

/** Makes the operations of one client. */
export class RequestMaker {
  readonly #coordinator: Coordinator;
  readonly #quorums: LiveQuorums;
  readonly #pool: LargePool;
  readonly #encoder = new ValueEncoder();
  readonly #keyScratch = new FrameBuffer(KEY_ROOM_LONG);

  constructor(coordinator: Coordinator, quorums: LiveQuorums, pool: LargePool) {
    this.#pool = pool;
    this.#coordinator = coordinator;
    this.#quorums = quorums;
  }

  get(key: string, options: OperationOptions | undefined): Operation {
    return this.#withKey(this.acquire('get', options), key);
  }

  delete(key: string, options: OperationOptions | undefined): Operation {
    return this.#withKey(this.acquire('put', options), key);
  }

  put(key: string, value: Value, options: OperationOptions | undefined, expiresAtMs: number): Operation {
    const operation = this.#withKey(this.acquire('put', options), key);
    try {
      this.setValue(operation, value, expiresAtMs);
    } catch (error) {
      this.#coordinator.release(operation);
      throw error;
    }
    return operation;
  }

  /** An operation that asks one replica; its caller sets what it settles. */
  inquiry(inquiry: Inquiry, options: OperationOptions | undefined): Operation {
    const operation = this.acquire('inquiry', options);
    writeInquiry(operation, inquiry);
    return operation;
  }

  /** A read that ends once all that it is for hold the newest entry of a key as replicas know it. */
  repair(place: string, aim: RepairAim, options: OperationOptions | undefined): Operation {
    const operation = this.get(place, options);
    operation.repair ??= new RepairFields();
    operation.repair.aim(aim);
    operation.readNeeded = this.#quorums.read;
    return operation;
  }

  /** The operation of a round of changes, whose members were checked by {@link changeRequest}. */
  change(key: string): Operation {
    const operation = this.#coordinator.acquire();
    operation.kind = 'change';
    operation.change ??= new ChangeFields();
    return this.#withKey(operation, key);
  }

  /** Checks what a change is asked with. `open`: changes that wait already. */
  changeRequest(
    { key, step, tellsValue, expiry }: Pick<ChangeRequest, 'key' | 'step' | 'tellsValue' | 'expiry'>,
    options: OperationOptions | undefined,
    open: number,
  ): ChangeRequest {
    writeKey(key, this.#keyScratch, 0); // Throws where it is none.
    const pending = this.#coordinator.pending + open;
    if (pending >= PENDING_MAX) throw overloadedError(pending);
    const timeoutMs = checkedTimeout(options);
    const writeNeeded = Math.max(this.#quorums.write, this.sizesFor(options).write);
    const { sizes } = this.#quorums.electorate;
    return { key, step, tellsValue, expiry, timeoutMs, writeNeeded, sizes, level: options?.level };
  }

  /** An operation without key and value. */
  acquire(kind: 'get' | 'put' | 'inquiry', options: OperationOptions | undefined): Operation {
    const timeoutMs = checkedTimeout(options);
    const sizes = this.sizesFor(options);
    const { electorate } = this.#quorums;
    if (!this.#coordinator.hasRoom) throw overloadedError(this.#coordinator.pending);
    const operation = this.#coordinator.acquire();
    operation.kind = kind;
    operation.timeoutMs = timeoutMs;
    operation.sizes = electorate.sizes;
    operation.level = options?.level;
    operation.readNeeded = sizes.read;
    operation.writeNeeded = sizes.write;
    // A level that asks fewer than R promises no more than the newest of those; R or more are made stable.
    operation.agreeNeeded = sizes.read < electorate.sizes.read ? 0 : electorate.sizes.agreeing;
    return operation;
  }

  /** Answers and acknowledgements that a level asks for. @throws {RangeError} where there is no such level. */
  sizesFor(options: Pick<OperationOptions, 'level'> | undefined): LevelSizes {
    const level = options?.level;
    return level === undefined || level === 'quorum' ? this.#quorums : levelSizes(level, this.#quorums);
  }

  #withKey(operation: Operation, key: string): Operation {
    const { request } = operation;
    try {
      const isShort = typeof key === 'string' && key.length <= SHORT_KEY_LENGTH;
      request.reserve(REQUEST.BYTES + (isShort ? KEY_ROOM_SHORT : KEY_ROOM_LONG), 0);
      writeKey(key, request, REQUEST.BYTES);
    } catch (error) {
      this.#coordinator.release(operation);
      throw error;
    }
    operation.keyBytes = writtenKey.byteLength;
    request.words[REQUEST.KEY_BYTES] = writtenKey.byteLength;
    request.words[REQUEST.HASH] = writtenKey.hash;
    return operation;
  }

  /**
   * Makes a value, which may expire, what the operation writes; `undefined` deletes.
   *
   * @throws {QuorateError} `ERR_QUORATE_UNSENDABLE` or `_VALUE_TOO_LARGE`; what it had to write before stays then.
   */
  setValue(operation: Operation, value: Value, expiresAtMs: number): void {
    const { large } = operation;
    if (value === undefined) operation.valueBytes = NO_VALUE;
    else if (expiresAtMs === NEVER) this.#writeValue(operation, value);
    else this.#writeExpiring(operation, value, expiresAtMs);
    if (large === undefined) return;
    if (operation.large === large) operation.large = undefined;
    large.release();
  }

  /**
   * A value as it is now and as it will be read: its caller may alter it before it is written.
   *
   * @throws {QuorateError} `ERR_QUORATE_UNSENDABLE` or `_VALUE_TOO_LARGE`.
   */
  copyOf(value: Value): Value {
    if (value === undefined || value === null || typeof value === 'boolean') return value;
    const byteLength = this.#encoder.encode(value);
    return decodeValue(this.#encoder.bytes, 0, byteLength);
  }

  #writeValue(operation: Operation, value: Value): void {
    const { request } = operation;
    const start = REQUEST.BYTES + padded(operation.keyBytes);
    if (value instanceof Uint8Array && value.byteLength >= INLINE_BYTES_MAX && value.byteLength <= VALUE_BYTES_MAX) {
      return this.#writeLarge(operation, start, value, 1); // Once into shared memory, not through the encoder.
    }
    const byteLength = this.#encoder.encode(value);
    if (byteLength > INLINE_BYTES_MAX) {
      return this.#writeLarge(operation, start, this.#encoder.bytes.subarray(0, byteLength), 0);
    }
    request.reserve(start + padded(byteLength), start);
    copyWords(this.#encoder, 0, request, start, byteLength);
    operation.valueBytes = byteLength;
  }

  #writeExpiring(operation: Operation, value: Value, expiresAtMs: number): void {
    const { request } = operation;
    const start = REQUEST.BYTES + padded(operation.keyBytes);
    const encoded = this.#encoder.encode(value);
    const byteLength = EXPIRY_BYTES + encoded;
    if (byteLength > INLINE_BYTES_MAX) {
      const target = this.#placeLarge(operation, start, byteLength);
      writeExpiry(expiresAtMs, target, 0);
      target.set(this.#encoder.bytes.subarray(0, encoded), EXPIRY_BYTES);
      return;
    }
    request.reserve(start + padded(byteLength), start);
    writeExpiry(expiresAtMs, request.bytes, start);
    copyWords(this.#encoder, 0, request, start + EXPIRY_BYTES, encoded);
    operation.valueBytes = byteLength;
  }

  /** Puts bytes, behind `typeBytes` for the type of plain bytes (0), into shared memory. */
  #writeLarge(operation: Operation, start: number, bytes: Uint8Array, typeBytes: 0 | 1): void {
    const target = this.#placeLarge(operation, start, typeBytes + bytes.byteLength);
    if (typeBytes === 1) target[0] = VALUE_TYPE.BYTES;
    target.set(bytes, typeBytes);
  }

  /** Room for the large value of an operation, in shared memory. */
  #placeLarge(operation: Operation, start: number, byteLength: number): Uint8Array {
    const large = this.#pool.allocate(byteLength);
    operation.large = large;
    operation.valueBytes = BY_REFERENCE;
    operation.request.reserve(start + REFERENCE_BYTES, start);
    return new Uint8Array(large.buffer, LARGE_HEADER_BYTES);
  }
}

/** @throws {RangeError} `ERR_QUORATE_INVALID_ARGUMENT`. */
export function checkedTimeout(options: OperationOptions | undefined): number {
  const timeoutMs = options?.timeoutMs ?? TIMEOUT_MS_DEFAULT;
  if (timeoutMs === TIMEOUT_MS_DEFAULT) return timeoutMs;
  return integerOption('timeoutMs', timeoutMs, { min: 1, max: TIMEOUT_MS_MAX });
}

/** The error of a client that has too much to do. */
export function overloadedError(pending: number): QuorateError {
  return new QuorateError('ERR_QUORATE_OVERLOADED', `Cannot take another operation: ${pending} are pending`, {
    fields: { pending },
  });
}
