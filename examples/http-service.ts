// A replicated key-value service: five replicas, of which a read asks three and a write needs four.
//
//   node examples/http-service.ts
//   curl localhost:3000/data -H 'content-type: application/json' -d '{"key":"greeting","value":"hello"}'
//   curl localhost:3000/data/greeting
import { once } from 'node:events';

import { openCluster } from 'quorate';
import { readConfiguration, serve } from 'quorate/http';

const { port, ...quorums } = readConfiguration(process.env); // PORT, NODE_COUNT, READ_QUORUM, WRITE_QUORUM
const cluster = await openCluster(quorums);
const server = await serve(cluster, { port });
console.log(`${quorums.replicas} replicas behind ${server.url}`);

await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
await server.close(); // Answers what is in flight,
await cluster.close(); // and only then are the replicas stopped.
