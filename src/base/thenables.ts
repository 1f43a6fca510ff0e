// Promises that functions of an application give where a value is wanted at once.

/** Whether it is a promise, or acts like one: it is of no use then, and nobody is to die of how it ends. */
export function isPromise(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || !('then' in value) || typeof value.then !== 'function')
    return false;
  try {
    Reflect.apply(value.then, value, [ignore, ignore]);
  } catch {
    // A then of its own, which throws.
  }
  return true;
}

function ignore(): void {
  // Whatever it comes to.
}
