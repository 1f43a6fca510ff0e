// For passes that count instead of timing.

/** Calls `act` before each call of the object's method. */
export function beforeCalls(target: object, method: string, act: () => void): void {
  const original: unknown = Reflect.get(target, method);
  if (typeof original !== 'function') throw new TypeError(`Cannot find the method ${method}`);
  Reflect.set(target, method, function (this: unknown, ...args: unknown[]): unknown {
    act();
    return Reflect.apply(original, this, args);
  });
}
