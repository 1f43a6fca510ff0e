// While a run lasts, clocks, chance and timers of the process are out of reach: whoever touches them makes runs of one
// seed differ, and hears so at once, with the place.
import type { World } from './world.ts';

/** Objects and the functions of theirs that are trapped. */
const TRAPPED: readonly (readonly [owner: () => object, names: readonly string[]])[] = [
  [() => Math, ['random']],
  [() => globalThis, ['setTimeout', 'setInterval', 'fetch']],
  [() => Reflect.get(globalThis, 'performance'), ['now']],
  [() => Reflect.get(globalThis, 'crypto'), ['getRandomValues', 'randomUUID']],
  [() => AbortSignal, ['timeout']],
  [() => Atomics, ['wait', 'waitAsync']],
  [() => process, ['hrtime', 'uptime']],
  [() => temporalNow(), ['instant', 'plainDateISO', 'plainDateTimeISO', 'plainTimeISO', 'zonedDateTimeISO']],
];

/** Thrown at whoever reaches for a trapped function. */
class DeterminismError extends Error {
  override readonly name: string = 'DeterminismError';
}

/** Sets the traps. @returns what removes them; call it whatever happens. */
export function setTraps(world: World): () => void {
  const undo: (() => void)[] = [];
  const caught = (what: string): never => {
    const who = world.active?.name ?? 'the workload';
    const text = `${who} called ${what}: one seed would not be one run; use the doors of the simulation`;
    const error = new DeterminismError(text);
    world.violate({ kind: 'determinism', text, cause: error });
    throw error;
  };
  const replace = (owner: object, name: string, value: unknown): void => {
    const before = Object.getOwnPropertyDescriptor(owner, name);
    Object.defineProperty(owner, name, {
      value,
      configurable: true,
      writable: true,
      enumerable: before?.enumerable ?? false,
    });
    undo.push(() => {
      if (before === undefined) Reflect.deleteProperty(owner, name);
      else Object.defineProperty(owner, name, before);
    });
  };
  for (const [ownerOf, names] of TRAPPED) {
    const owner = ownerOf();
    const prefix = owner === globalThis ? '' : `${nameOf(owner)}.`;
    for (const name of names) {
      if (!(name in owner)) continue;
      const trap = (): never => caught(`${prefix}${name}`);
      replace(owner, name, Object.assign(trap, { bigint: trap })); // Of `process.hrtime`.
    }
  }
  replace(globalThis, 'Date', trappedDate(caught));
  // The actor's loop yields to the event loop now and then; here nothing else could use that turn.
  replace(globalThis, 'setImmediate', (run: (...rest: unknown[]) => void, ...rest: unknown[]) => {
    queueMicrotask(() => run(...rest));
  });
  return () => {
    for (const each of undo.toReversed()) each();
  };
}

/** Dates of given moments are as always; the present one is trapped. */
function trappedDate(caught: (what: string) => never): unknown {
  const real: unknown = Reflect.get(globalThis, 'Date');
  if (typeof real !== 'function') return real;
  return new Proxy(real, {
    construct: (target, given: unknown[], made): object =>
      given.length === 0 ? caught('new Date()') : Object(Reflect.construct(target, given, made)),
    apply: () => caught('Date()'),
    get: (target, name, receiver): unknown =>
      name === 'now' ? () => caught('Date.now') : Reflect.get(target, name, receiver),
  });
}

/** The clock of Temporal, where there is one: Node.js 26. */
function temporalNow(): object {
  const temporal: unknown = Reflect.get(globalThis, 'Temporal');
  const now: unknown = typeof temporal === 'object' && temporal !== null ? Reflect.get(temporal, 'Now') : undefined;
  return typeof now === 'object' && now !== null ? now : {};
}

function nameOf(owner: object): string {
  if (owner === Math) return 'Math';
  if (owner === AbortSignal) return 'AbortSignal';
  if (owner === Atomics) return 'Atomics';
  if (owner === process) return 'process';
  if ('instant' in owner) return 'Temporal.Now';
  return 'getRandomValues' in owner ? 'crypto' : 'performance';
}
