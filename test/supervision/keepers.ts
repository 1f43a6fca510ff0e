// Keepers for the tests of supervision: every thread runs child.ts and does what its slot and epoch are ordered to.
import { onTestFinished } from 'vitest';
import { seededRandom } from '../../src/base/random.ts';
import { ThreadKeeper } from '../../src/supervision/thread-keeper.ts';
import type { KeeperHooks, ThreadKeeperEvents, ThreadKeeperOptions } from '../../src/supervision/thread-keeper.ts';
import type { ChildWiring, Order } from '../fixtures/supervision/orders.ts';
import { WORDS } from '../fixtures/supervision/orders.ts';

/** Where the thread programs of the tests lie. */
export function fixture(name: string): URL {
  return new URL(`../fixtures/supervision/${name}`, import.meta.url);
}

export interface TestKeeperOptions extends Partial<Omit<ThreadKeeperOptions, 'hooks'>> {
  /** What an incarnation does; idle unless given. */
  readonly order?: (slot: number, epoch: number) => Order;
  readonly hooks?: Partial<KeeperHooks>;
}

export interface TestKeeper {
  readonly keeper: ThreadKeeper;
  /** Shared with every thread. */
  readonly words: Int32Array;
  /** Everything that happened, oldest first: events by name, and hooks. */
  readonly log: readonly string[];
}

/** A keeper that is stopped after the test, whose slots are 1 and standbys 0 unless given. */
export function openKeeper({ order = () => 'idle', hooks = {}, ...options }: TestKeeperOptions = {}): TestKeeper {
  const words = new Int32Array(new SharedArrayBuffer(WORDS * 4));
  const log: string[] = [];
  const keeper = new ThreadKeeper({
    slots: 1,
    entry: fixture('child.ts'),
    standbys: 0,
    random: seededRandom(1),
    ...options,
    hooks: {
      wiringFor(slot, epoch) {
        log.push(`wiring ${slot}.${epoch}`);
        return { message: { slot, epoch, order: order(slot, epoch), words } satisfies ChildWiring };
      },
      ...hooks,
      onDown(slot, epoch, reason) {
        log.push(`onDown ${slot}.${epoch} ${reason.kind}`);
        hooks.onDown?.(slot, epoch, reason);
      },
    },
  });
  keeper.on('down', ({ slot, epoch, reason }) => log.push(`down ${slot}.${epoch} ${reason.kind}`));
  keeper.on('promoted', ({ slot, epoch }) => log.push(`promoted ${slot}.${epoch}`));
  keeper.on('ready', () => log.push('ready'));
  keeper.on('startFailed', ({ reason }) => log.push(`startFailed ${reason.kind}`));
  keeper.on('stopped', () => log.push('stopped'));
  onTestFinished(() => keeper.stop());
  return { keeper, words, log };
}

/** The next event of that name that fits. */
export function next<Name extends keyof ThreadKeeperEvents>(
  keeper: ThreadKeeper,
  name: Name,
  fits: (...event: ThreadKeeperEvents[Name]) => boolean = () => true,
): Promise<ThreadKeeperEvents[Name][0]> {
  const emitter: NodeJS.EventEmitter = keeper;
  return new Promise((resolve) => {
    const listen = (...event: ThreadKeeperEvents[Name]): void => {
      if (!fits(...event)) return;
      emitter.off(name, listen);
      resolve(event[0]);
    };
    emitter.on(name, listen);
  });
}

/** A promise and the function that settles it. */
export function deferred<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  const settle: ((value: T) => void)[] = [];
  const promise = new Promise<T>((resolve) => settle.push(resolve));
  return { promise, resolve: (value) => settle[0]?.(value) };
}
