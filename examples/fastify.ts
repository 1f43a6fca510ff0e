// A cluster inside a Fastify application: one scope hands its requests to the listener unread.
//
//   node examples/fastify.ts
//   curl localhost:3000/store/health
import { once } from 'node:events';

import { fastify } from 'fastify';
import { openCluster } from 'quorate';
import { createListener } from 'quorate/http';

const PREFIX = '/store';
const cluster = await openCluster({ replicas: 3 });
const listener = createListener(cluster);
const app = fastify();

app.register(
  (scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, _body, parsed) => parsed(null)); // The listener reads it, strictly.
    scope.all('/*', (request, reply) => {
      reply.hijack();
      request.raw.url = request.raw.url?.slice(PREFIX.length) ?? '/';
      listener(request.raw, reply.raw);
    });
    done();
  },
  { prefix: PREFIX },
);

const url = await app.listen({ port: Number(process.env['PORT'] ?? 3000), host: '127.0.0.1' });
console.log(`Fastify on ${url}`);

await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
await app.close();
await cluster.close();
