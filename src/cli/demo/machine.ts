// What the machine has.
import { freemem } from 'node:os';

/** Bytes of memory that this process may still get: limits of a container are heeded where Node knows them. */
export function availableMemory(): number {
  // Since Node 20.13; what the kernel calls free leaves out what caches would give back.
  return typeof process.availableMemory === 'function' ? process.availableMemory() : freemem();
}
