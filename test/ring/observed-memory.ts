// Shared memory that tells of every access before it happens: production code can then be killed or held up at any.
import type { AtomicOperations, SharedMemory } from '../../src/ring/memory.ts';

/** Performs the access, or something else in its place. */
export type Hook = <T>(access: () => T) => T;

/** The same memory; each read and write of a word or byte, and each atomic operation, goes through `hook`. */
export function observedMemory(
  memory: SharedMemory,
  hook: Hook,
  atomics: AtomicOperations = memory.atomics,
): SharedMemory {
  const { words, bytes } = memory;
  return {
    words: observedView(words, hook),
    bytes: observedView(bytes, hook),
    atomics: observed(words, hook, atomics),
  };
}

const KILLED = Symbol('killed');

/**
 * Runs `program` on the memory and kills it at its access number `accesses` (from 0), before that happens.
 *
 * @returns whether it was killed: it ends before when it has fewer accesses.
 */
export function runUntilKilled(
  memory: SharedMemory,
  accesses: number,
  program: (memory: SharedMemory) => void,
): boolean {
  let left = accesses;
  const hook: Hook = (access) => {
    if (left-- <= 0) throw KILLED; // Also in what runs while it unwinds: the dead do nothing.
    return access();
  };
  try {
    program(observedMemory(memory, hook));
    return false;
  } catch (error) {
    if (error !== KILLED) throw error;
    return true;
  }
}

function observedView<View extends Int32Array | Uint8Array>(view: View, hook: Hook): View {
  return new Proxy(view, {
    get(target, key) {
      const isElement = typeof key === 'string' && /^\d+$/.test(key);
      if (isElement) return hook(() => target[Number(key)]);
      const member: unknown = Reflect.get(target, key, target);
      return member;
    },
    set(target, key, value: number) {
      hook(() => (target[Number(key)] = value));
      return true;
    },
  });
}

/** The proxy stands for the words wherever an operation names them. */
function observed(words: Int32Array, hook: Hook, atomics: AtomicOperations): AtomicOperations {
  return new Proxy(atomics, {
    get(target, key) {
      const operation = Reflect.get(target, key) as (...given: unknown[]) => unknown;
      return (_proxy: unknown, ...given: unknown[]) => hook(() => operation.call(target, words, ...given));
    },
  });
}
