import type { MessagePort } from 'node:worker_threads';
export function exposeControl(port: MessagePort, functions: Record<string, (...args: never[]) => unknown>): void {
  port.on('message', async ({ id, name, args }) => {
    try {
      port.postMessage({ id, value: await (functions[name] as (...a: unknown[]) => unknown)(...args) });
    } catch (error) {
      port.postMessage({ id, error });
    }
  });
}
export function controlClient<T>(port: MessagePort, _options: unknown): T {
  let next = 0;
  const pending = new Map<number, { resolve: (v: unknown) => void; reject: (e: unknown) => void }>();
  port.on('message', ({ id, value, error }) => {
    const call = pending.get(id)!;
    pending.delete(id);
    if (pending.size === 0) port.unref();
    if (error === undefined) call.resolve(value);
    else call.reject(error);
  });
  port.unref();
  return new Proxy(
    {},
    {
      get:
        (_t, name) =>
        (...args: unknown[]) =>
          new Promise((resolve, reject) => {
            pending.set(next, { resolve, reject });
            port.ref();
            port.postMessage({ id: next++, name, args });
          }),
    },
  ) as T;
}
