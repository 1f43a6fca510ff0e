// Class instances do not cross threads: their prototype would be lost without a word. An application that wants one to
// cross says how, once in every thread, before it sends or receives any.
import { QuorateError, integerOption, typeError } from './errors.ts';
import { CLASS_CODECS_MAX } from './limits.ts';

/** How the instances of one class cross threads. */
export interface ClassCodec<Instance extends object> {
  /** Names the class on the way: the same in every thread, 1 to 255 characters. */
  readonly name: string;
  /** The class itself; subclasses need a codec of their own. */
  readonly type: { readonly prototype: Instance };
  /** Plain data that stands for the instance. */
  encode(instance: Instance): unknown;
  /** The instance that the plain data stands for. */
  decode(plain: unknown): Instance;
}

/** A codec whose class was checked when it was looked up, so that any object may be handed to it. */
interface AnyCodec {
  readonly name: string;
  encode(instance: object): unknown;
  decode(plain: unknown): object;
}

const codecsByPrototype = new Map<unknown, AnyCodec>();
const codecsByName = new Map<unknown, AnyCodec>();

/**
 * Lets instances of a class cross threads. Per thread: call it where they are sent and where they are received.
 * Registering the same codec again changes nothing.
 *
 * @throws {TypeError} `ERR_QUORATE_INVALID_ARGUMENT` when another codec has this name or class.
 * @throws {QuorateError} `ERR_QUORATE_OVERLOADED` when CLASS_CODECS_MAX codecs are registered.
 */
export function registerClassCodec<Instance extends object>(codec: ClassCodec<Instance>): void {
  integerOption('class codec name length', codec.name.length, { min: 1, max: 255 });
  const { prototype } = codec.type;
  // A method's parameter is bivariant: this is sound because an instance is looked up by this very prototype.
  const added: AnyCodec = codec;
  const present = codecsByName.get(codec.name) ?? codecsByPrototype.get(prototype);
  if (present === added) return;
  if (present !== undefined) {
    const reason = `codec ${JSON.stringify(present.name)} has that name or class`;
    throw typeError('ERR_QUORATE_INVALID_ARGUMENT', `Cannot register codec ${JSON.stringify(codec.name)}: ${reason}`);
  }
  if (codecsByName.size >= CLASS_CODECS_MAX) {
    throw new QuorateError('ERR_QUORATE_OVERLOADED', `Cannot register more than ${CLASS_CODECS_MAX} class codecs`);
  }
  codecsByName.set(codec.name, added);
  codecsByPrototype.set(prototype, added);
}

/** The codec of the instance's class. */
export function codecOfInstance(instance: object): AnyCodec | undefined {
  return codecsByPrototype.size === 0 ? undefined : codecsByPrototype.get(Object.getPrototypeOf(instance));
}

/** The codec of that name. */
export function codecOfName(name: unknown): AnyCodec | undefined {
  return codecsByName.get(name);
}
