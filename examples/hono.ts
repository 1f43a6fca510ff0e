// A cluster inside a Hono application: the Web-standard handler is mounted, and the whole is served with our limits.
//
//   node examples/hono.ts
//   curl localhost:3000/store/health
import { once } from 'node:events';

import { Hono } from 'hono';
import { openCluster } from 'quorate';
import { createHandler, serve } from 'quorate/http';

const cluster = await openCluster({ replicas: 3 });
const app = new Hono();
app.get('/', (context) => context.text('The store is at /store'));
app.mount('/store', createHandler(cluster));

const server = await serve((request) => app.fetch(request), { port: Number(process.env['PORT'] ?? 3000) });
console.log(`Hono on ${server.url}`);

await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
await server.close();
await cluster.close();
