// A session cache and a rate limit that two servers share. A session that is used lives on, one that is not is gone for
// both at the same moment; attempts are counted in windows that end by themselves. A replica dies meanwhile.
//
//   node examples/session-cache.ts
import { setTimeout as delay } from 'node:timers/promises';

import { connectCluster, openCluster } from 'quorate';
import type { ClusterClient, SyncStore } from 'quorate';
import { injectFault } from 'quorate/testing';

const SESSION_MS = 2000;
const WINDOW_MS = 1500;
const ATTEMPTS_MAX = 5;

/** What one key holds. */
interface Session {
  readonly user: string;
  readonly visits: number;
}

/** One server: a client of the cluster. */
class Server {
  readonly #sessions: SyncStore;
  readonly #attempts: SyncStore;

  constructor(client: ClusterClient) {
    this.#sessions = client.bucket('sessions');
    this.#attempts = client.bucket('attempts');
  }

  /** Begins a session, unless the user has tried too often lately. */
  async logIn(user: string): Promise<boolean> {
    // The first attempt begins a window; those that follow leave its end where it is, since an increment keeps it.
    const counted = await this.#attempts.increment(user);
    if (counted.outcome !== 'ok' || Number(counted.value) > ATTEMPTS_MAX) return false;
    const session: Session = { user, visits: 0 };
    return (await this.#sessions.put(user, session)).outcome === 'ok'; // For as long as its bucket says.
  }

  /** Counts a visit, which lets the session live on. @returns the visits, or `undefined` where there is no session. */
  async visit(user: string): Promise<number | undefined> {
    const next = (session: unknown): Session | undefined =>
      session === undefined ? undefined : { user, visits: (session as Session).visits + 1 };
    const result = await this.#sessions.update(user, next, { ttlMs: SESSION_MS });
    return result.outcome === 'ok' ? (result.value as Session | undefined)?.visits : undefined;
  }

  /** In how many milliseconds the user may try again. */
  async waitMs(user: string): Promise<number> {
    const read = await this.#attempts.get(user);
    return read.outcome === 'ok' ? (read.expiresInMs ?? 0) : 0;
  }
}

const cluster = await openCluster({
  replicas: 5,
  buckets: { sessions: { ttlMs: SESSION_MS }, attempts: { ttlMs: WINDOW_MS } },
});
const client = await connectCluster(cluster.handle());
const [here, there] = [new Server(cluster), new Server(client)];

const tries = await Promise.all(Array.from({ length: 12 }, (_, index) => (index % 2 ? here : there).logIn('eve')));
console.log(`of 12 attempts of eve at both servers ${tries.filter(Boolean).length} were let through`);
await delay(await here.waitMs('eve'));
console.log(`in the next window she is let in: ${await there.logIn('eve')}`);

await here.logIn('ada');
await here.logIn('bob');
await injectFault(cluster, 2, 'terminate');
for (let visit = 0; visit < 6; visit++) {
  await delay(SESSION_MS / 4);
  await (visit % 2 ? here : there).visit('ada');
}
console.log(`ada, who comes all the time, is still known after ${6 / 4} times the life of a session`);
console.log(`her visits: ${await here.visit('ada')}; those of bob, who did not come back: ${await here.visit('bob')}`);
await delay(SESSION_MS);
console.log(`later both servers have forgotten her: ${await here.visit('ada')}, ${await there.visit('ada')}`);

await client.close();
await cluster.close();
