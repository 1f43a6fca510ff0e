// Sessions: a user's profile is kept in a replicated store and read at level one, which asks a single replica. Each
// request goes on from the token of the one before, as a cookie would carry it, on another thread each time: whoever
// changes the profile sees the change at once, though most replicas are never asked.
//
//   node examples/sessions.ts
import { once } from 'node:events';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';

import { connectCluster, openCluster } from 'quorate';
import type { ClusterClient, ClusterHandle } from 'quorate';

interface Request {
  readonly name?: string;
  readonly token?: string;
}

interface Reply {
  readonly text: string;
  readonly token: string;
}

if (isMainThread) {
  await main();
} else {
  await serve(workerData as ClusterHandle);
}

async function main(): Promise<void> {
  const cluster = await openCluster({ replicas: 5 });
  const servers = Array.from(
    { length: 2 },
    () => new Worker(new URL(import.meta.url), { workerData: cluster.handle() }),
  );
  let cookie: string | undefined; // What the browser keeps.
  for (const [turn, name] of ['Ada', undefined, 'Ada Lovelace', undefined].entries()) {
    const server = servers[turn % servers.length]!;
    const replied = once(server, 'message');
    server.postMessage({ ...(name !== undefined && { name }), ...(cookie !== undefined && { token: cookie }) });
    const [reply] = (await replied) as [Reply];
    console.log(reply.text);
    cookie = reply.token;
  }
  for (const server of servers) server.postMessage('stop');
  await Promise.all(servers.map((server) => once(server, 'exit')));
  await cluster.close();
}

async function serve(handle: ClusterHandle): Promise<void> {
  const client = await connectCluster(handle);
  parentPort!.on('message', (request: Request | 'stop') => {
    if (request === 'stop') {
      parentPort!.close();
      void client.close();
    } else void answer(client, request).then((reply) => parentPort!.postMessage(reply));
  });
}

async function answer(client: ClusterClient, { name, token }: Request): Promise<Reply> {
  const session = client.session({ ...(token !== undefined && { token }) });
  if (name !== undefined) {
    const written = await session.put('user:1:name', name);
    return { text: `rename to ${name}: ${written.outcome}`, token: session.token };
  }
  const read = await session.get('user:1:name'); // One replica; more only where that has not heard of the change.
  const text = read.outcome === 'ok' ? `hello ${String(read.value)}` : `nobody (${read.outcome})`;
  return { text, token: session.token };
}
