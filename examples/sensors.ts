// A sensor store: readings come fast and the last one counts, so they are written at level one, which waits for one
// replica. In between a replica stands still for half a second and misses some. What it has missed is handed to it
// later, and repair() makes sure: afterwards any replica knows every sensor's last reading.
//
//   node examples/sensors.ts
import { openCluster } from 'quorate';
import { injectFault } from 'quorate/testing';

const SENSORS = 50;
const READINGS = 100;

const cluster = await openCluster({ replicas: 5, ringBytes: 16_384, hungMs: 10_000 });
let acknowledged = 0;

await injectFault(cluster, 3, 'pause');
await Promise.all(Array.from({ length: SENSORS }, (_, sensor) => run(sensor)));
console.log(`${acknowledged} of ${SENSORS * READINGS} readings acknowledged by a replica`);

const { isConverged, replicas } = await settled();
const compared = replicas.filter(({ state }) => state === 'compared').length;
console.log(`repair: ${compared} replicas ${isConverged ? 'hold the same' : 'still differ'}`);

let known = 0;
for (let sensor = 0; sensor < SENSORS; sensor++) {
  const read = await cluster.get(`sensor/${sensor}`, { level: 'one' }); // Whichever replica it asks.
  if (read.outcome === 'ok' && read.value === READINGS - 1) known++;
}
console.log(`${known} of ${SENSORS} sensors: level one knows the last reading`);
await cluster.close();

async function run(sensor: number): Promise<void> {
  for (let reading = 0; reading < READINGS; reading++) {
    const { outcome } = await cluster.put(`sensor/${sensor}`, reading, { level: 'one' });
    if (outcome === 'ok') acknowledged++;
  }
}

/** Repairs until all replicas were compared, also the one that stood still, and agree. */
async function settled(): ReturnType<typeof cluster.repair> {
  let report = await cluster.repair({ prefix: 'sensor/' });
  for (let tries = 1; tries < 10 && !report.isConverged; tries++) report = await cluster.repair({ prefix: 'sensor/' });
  return report;
}
