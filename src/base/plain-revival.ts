// The receiver's half of plain-tree.ts: turns escapes back into what they stand for, in place.
import { codecOfName } from './class-codec.ts';
import { assert } from './assert.ts';
import { errorOf } from './plain-error.ts';
import { TAG } from './plain-tree.ts';

const HOLE = Symbol('hole');

type ViewClass = new (buffer: ArrayBuffer) => ArrayBufferView;

const VIEWS: ReadonlyMap<string, ViewClass> = new Map<string, ViewClass>([
  ['Int8Array', Int8Array],
  ['Uint8ClampedArray', Uint8ClampedArray],
  ['Int16Array', Int16Array],
  ['Uint16Array', Uint16Array],
  ['Int32Array', Int32Array],
  ['Uint32Array', Uint32Array],
  ['Float32Array', Float32Array],
  ['Float64Array', Float64Array],
  ['BigInt64Array', BigInt64Array],
  ['BigUint64Array', BigUint64Array],
  ['DataView', DataView],
  ...float16(),
]);

/** Float16Array exists from Node 24 on. */
function float16(): [string, ViewClass][] {
  const type: unknown = Reflect.get(globalThis, 'Float16Array');
  return isViewClass(type) ? [['Float16Array', type]] : [];
}

function isViewClass(type: unknown): type is ViewClass {
  return typeof type === 'function';
}

/**
 * The value of a decoded tree. The tree is changed and belongs to the value afterwards.
 *
 * @throws whatever a damaged tree or a class codec makes it throw; the caller wraps it.
 */
export function fromPlainTree(tree: unknown): unknown {
  if (typeof tree !== 'object' || tree === null) return tree;
  if (Array.isArray(tree)) return tree[0] === null && tree.length > 1 ? fromEscape(tree) : fromItems(tree);
  for (const [key, value] of Object.entries(tree)) Reflect.set(tree, key, fromPlainTree(value));
  return tree;
}

function fromItems(items: unknown[]): unknown[] {
  for (let index = 0; index < items.length; index++) {
    const item = fromPlainTree(items[index]);
    if (item === HOLE) Reflect.deleteProperty(items, index);
    else items[index] = item;
  }
  return items;
}

function fromEscape(escape: unknown[]): unknown {
  const tag = escape[1];
  const parts = escape.slice(2);
  switch (tag) {
    case TAG.ARRAY:
      return fromItems(parts);
    case TAG.HOLE:
      return HOLE;
    case TAG.NEGATIVE_ZERO:
      return -0;
    case TAG.BIG_INTEGER:
      return bigIntegerOf(parts[0]);
    case TAG.DATE:
      return new Date(Number(parts[0]));
    case TAG.CODE_UNITS:
      return Buffer.from(bytesOf(parts[0])).toString('utf16le');
    case TAG.BYTES:
      return bytesOf(parts[0]);
    case TAG.VIEW:
      return viewOf(parts[0], bytesOf(parts[1]));
    case TAG.BUFFER:
      return bytesOf(parts[0]).buffer;
    case TAG.MAP:
      return new Map(pairs(fromItems(parts)));
    case TAG.SET:
      return new Set(fromItems(parts));
    case TAG.ERROR:
      return errorOfParts(parts);
    case TAG.BARE_OBJECT:
      return fill(bareObject(), parts);
    case TAG.KEYED_OBJECT:
      return fill({}, parts);
    case TAG.INSTANCE:
      return instanceOf(parts[0], parts[1]);
    default:
      throw new Error(`Unknown escape ${String(tag)}`);
  }
}

function bigIntegerOf(digits: unknown): bigint {
  assert(typeof digits === 'string', 'A big integer travels as its digits');
  return digits.startsWith('-') ? -BigInt(`0x${digits.slice(1)}`) : BigInt(`0x${digits}`);
}

/** A copy of their own, never a view of the frame that they came in. */
function bytesOf(bytes: unknown): Uint8Array<ArrayBuffer> {
  assert(bytes instanceof Uint8Array, 'Bytes travel as bytes');
  return new Uint8Array(bytes);
}

function viewOf(name: unknown, bytes: Uint8Array<ArrayBuffer>): ArrayBufferView {
  const type = VIEWS.get(String(name));
  assert(type !== undefined, `This runtime has views named ${String(name)}`);
  return new type(bytes.buffer);
}

function* pairs(flat: readonly unknown[]): Generator<[unknown, unknown]> {
  for (let index = 0; index < flat.length; index += 2) yield [flat[index], flat[index + 1]];
}

function bareObject(): object {
  const object: object = Object.create(null);
  return object;
}

function fill(object: object, flat: unknown[]): object {
  for (const [key, value] of pairs(fromItems(flat))) Reflect.set(object, String(key), value);
  return object;
}

function errorOfParts([className, name, message, stack, hasCause, cause, others]: unknown[]): Error {
  assert(typeof className === 'string' && Array.isArray(others), 'An error travels as its parts');
  return errorOf({
    className,
    name: fromPlainTree(name),
    message: fromPlainTree(message),
    stack: fromPlainTree(stack),
    cause: hasCause === true ? { value: fromPlainTree(cause) } : undefined,
    properties: [...pairs(fromItems(others))].map(([key, value]) => [String(key), value]),
  });
}

function instanceOf(name: unknown, plain: unknown): object {
  const codec = codecOfName(name);
  assert(codec !== undefined, `A class codec named ${String(name)} is registered in this thread`);
  return codec.decode(fromPlainTree(plain));
}
