// Configuration with a watch: a worker keeps the settings that concern it in a map of its own, which it reads without
// asking anybody, and hears of each change a moment later, while replicas are killed. After a break it goes on from
// where it was, and misses nothing.
//
//   node examples/configuration.ts
import { openCluster } from 'quorate';
import type { ClusterClient } from 'quorate';
import { injectFault } from 'quorate/testing';

const PREFIX = 'upload/';

/** What one part of an application knows of its settings. */
class Settings {
  readonly values = new Map<string, unknown>();
  #position: string | undefined = undefined;

  /** Follows the settings until `isEnough` says so. */
  async follow(store: ClusterClient, isEnough: (settings: Settings) => boolean): Promise<void> {
    const watch = store.watch(PREFIX, this.#position === undefined ? {} : { from: this.#position });
    for await (const { key, kind, value } of watch) {
      if (kind === 'put') this.values.set(key, value);
      else this.values.delete(key);
      this.#position = watch.position; // All up to here is in the map.
      if (isEnough(this)) break;
    }
  }

  get text(): string {
    return [...this.values]
      .map(([key, value]) => `${key.slice(PREFIX.length)}=${String(value)}`)
      .sort()
      .join(' ');
  }
}

const cluster = await openCluster({ replicas: 5 });
const settings = new Settings();
await cluster.put('upload/limit', 10);
await cluster.put('upload/types', 'png');
await cluster.put('download/limit', 99);

await settings.follow(cluster, ({ values }) => values.size === 2);
console.log(`at the start: ${settings.text}`);

const followed = settings.follow(cluster, ({ values }) => values.get('upload/limit') === 20);
await injectFault(cluster, 0, 'terminate');
await injectFault(cluster, 1, 'terminate');
await cluster.put('upload/limit', 20);
await followed;
console.log(`after a change, while two replicas died: ${settings.text}`);

await cluster.delete('upload/types'); // Nobody watches.
await cluster.put('upload/quota', 5);
await settings.follow(cluster, ({ values }) => values.has('upload/quota') && !values.has('upload/types'));
console.log(`after a break: ${settings.text}`);
await cluster.close();
