// A cluster inside an Express application: its routes use the store directly, and the store is mounted beside them.
//
//   node examples/express.ts
//   curl -X PUT localhost:3000/profiles/ada -H 'content-type: application/json' -d '{"born":1815}'
//   curl localhost:3000/store/data/profile:ada
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

import express from 'express';
import { openCluster } from 'quorate';
import { createListener } from 'quorate/http';

const cluster = await openCluster({ replicas: 3 });
const app = express();
app.use('/store', createListener(cluster)); // Before the body parsers: it reads bodies itself, strictly.
app.use(express.json());

// oxlint-disable-next-line oxc/no-async-endpoint-handlers -- Express 5 hands a rejection to its error handler.
app.put('/profiles/:name', async (request, response) => {
  const { outcome } = await cluster.put(`profile:${request.params.name}`, request.body);
  if (outcome === 'ok') response.sendStatus(204);
  else response.status(503).json({ outcome }); // `unknown` is not "failed": it may yet have happened.
});

const server = app.listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1');
await once(server, 'listening');
console.log(`Express on http://127.0.0.1:${(server.address() as AddressInfo).port}`);

await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
const closed = once(server, 'close');
server.close(); // No new connections; requests in flight are answered,
const tooSlow = setTimeout(() => server.closeAllConnections(), 10_000);
await closed;
clearTimeout(tooSlow);
await cluster.close(); // and only then are the replicas stopped.
