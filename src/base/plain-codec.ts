// Bytes for any plain data: the copy of plain-tree.ts, packed by msgpackr. Only this file knows the library.
//
//   byte 0: VERSION, with the bit ESCAPED set when the receiver has escapes to revive; then one MessagePack value.
//
// Records are off: a message then needs no state of its connection, and the decoder never compiles code. The subpath
// has no native string extractor, which gained nothing on small messages and reads past views of shared memory.
import { Packr, RESERVE_START_SPACE, RESET_BUFFER_MODE, Unpackr } from 'msgpackr/pack';
import { QuorateError, rangeError } from './errors.ts';
import { VALUE_BYTES_MAX } from './limits.ts';
import { fromPlainTree } from './plain-revival.ts';
import { toPlainTree } from './plain-tree.ts';

const VERSION = 1;
const ESCAPED = 0x80;
const SCRATCH_BYTES = 8 * 1024;
const SCRATCH_BYTES_KEPT = 1 << 20;

const PACKING = { useRecords: false, variableMapSize: true, useToJSON: false } as const;
/** What we use of the library, whose own types do not resolve for this subpath. */
interface Packer {
  pack(value: unknown, encodeOptions: number): Uint8Array;
  useBuffer(buffer: Uint8Array): void;
}
interface Unpacker {
  unpack(source: Uint8Array): unknown;
}

let packer: Packer | undefined;
let unpacker: Unpacker | undefined;

/**
 * Encodes plain data: null, undefined, booleans, numbers, strings, BigInts, Dates, typed arrays and ArrayBuffers (a
 * Buffer arrives as a Uint8Array), arrays with their holes, plain and null-prototype objects, Maps, Sets, Errors, and
 * instances of classes with a registered codec. Any thread; does not block.
 *
 * @returns bytes of their own.
 * @throws {QuorateError} `ERR_QUORATE_UNSENDABLE` with `fields.path`: functions, symbols, promises, proxies, weak
 *   collections, class instances, cycles, nesting deeper than PLAIN_DEPTH_MAX, throwing getters, detached buffers and
 *   the keys `__proto__`, `constructor` and `prototype`.
 * @throws {RangeError} `ERR_QUORATE_VALUE_TOO_LARGE` above VALUE_BYTES_MAX, where each part counts for 8 bytes at least
 *   (so an array has at most 2 097 151 items; typed arrays hold more).
 */
export function encodePlain(value: unknown): Uint8Array<ArrayBuffer> {
  return new Uint8Array(encodePlainShortLived(value));
}

/** As {@link encodePlain}, without a copy: the bytes are valid until the next call in this thread. */
export function encodePlainShortLived(value: unknown): Uint8Array {
  const { tree, isEscaped } = toPlainTree(value);
  const library = (packer ??= createPacker());
  const bytes = library.pack(tree, RESERVE_START_SPACE | RESET_BUFFER_MODE | 1);
  if (bytes.buffer.byteLength > SCRATCH_BYTES_KEPT) library.useBuffer(Buffer.allocUnsafeSlow(SCRATCH_BYTES));
  if (bytes.length > VALUE_BYTES_MAX) {
    const allowed = `it must be at most ${VALUE_BYTES_MAX} bytes`;
    throw rangeError('ERR_QUORATE_VALUE_TOO_LARGE', `Cannot send a value of ${bytes.length} bytes: ${allowed}`);
  }
  bytes[0] = isEscaped ? VERSION | ESCAPED : VERSION;
  return bytes;
}

/**
 * Decodes what {@link encodePlain} wrote; the value shares nothing with `bytes`, which may lie in shared memory.
 *
 * @throws {QuorateError} `ERR_QUORATE_FRAME` when they are not such bytes, or need a class codec that is missing here.
 */
export function decodePlain(bytes: Uint8Array, start = 0, end: number = bytes.length): unknown {
  const mark = bytes[start]!;
  if ((mark & ~ESCAPED) !== VERSION || end <= start) throw damaged(`version ${mark} is unknown`);
  const library = (unpacker ??= createUnpacker());
  // A view of its own: the library notes things on its argument. It is a Buffer because that reads strings natively.
  const source = Buffer.from(bytes.buffer, bytes.byteOffset + start + 1, end - start - 1);
  try {
    const tree: unknown = library.unpack(source);
    return mark === VERSION ? tree : fromPlainTree(tree);
  } catch (error) {
    throw damaged('its bytes are damaged or need a class codec that is not registered', error);
  }
}

function createPacker(): Packer {
  const created: Packer = new Packr(PACKING);
  return created;
}

function createUnpacker(): Unpacker {
  const created: Unpacker = new Unpackr({ useRecords: false });
  return created;
}

function damaged(reason: string, cause?: unknown): QuorateError {
  return new QuorateError('ERR_QUORATE_FRAME', `Cannot decode a message: ${reason}`, { cause });
}
