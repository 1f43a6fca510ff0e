// A fresh process with one cluster; its argument says which figure it prints.
import { setTimeout as sleep } from 'node:timers/promises';
import { nowMs } from '../../../src/base/clock.ts';
import { openCluster } from '../../../src/cluster/open-cluster.ts';
import { residentMib } from '../../harness/fresh-process.ts';

const REPLICAS = 5;
const IDLE_MS = 5000;
const LARGE_BYTES = 16 * 1024 * 1024;
const LARGE_PUTS = 100;

const mode = process.argv[2] ?? '';
const beforeMib = residentMib();
const startMs = nowMs();
const cluster = await openCluster({ replicas: REPLICAS });
await expectPut('first', 'value');
const openMs = nowMs() - startMs;
const openMib = residentMib();

switch (mode) {
  case 'open': {
    console.log(openMs);
    break;
  }
  case 'close': {
    const closeMs = nowMs();
    await cluster.close();
    console.log(nowMs() - closeMs);
    break;
  }
  case 'memory': {
    // All of the cluster, supervisor and standby included, shared by its replicas.
    console.log((openMib - beforeMib) / REPLICAS);
    break;
  }
  case 'large': {
    let peakMib = openMib;
    for (let index = 0; index < LARGE_PUTS; index++) {
      await expectPut('large', new Uint8Array(LARGE_BYTES).fill(index));
      peakMib = Math.max(peakMib, residentMib());
    }
    console.log(peakMib - openMib);
    break;
  }
  case 'idle': {
    await sleep(1000); // Until all that opening starts is done.
    const before = process.cpuUsage();
    await sleep(IDLE_MS);
    const { user, system } = process.cpuUsage(before);
    console.log((user + system) / 1000);
    break;
  }
  default: {
    throw new Error(`Cannot measure "${mode}"`);
  }
}
await cluster.close();

async function expectPut(key: string, value: unknown): Promise<void> {
  const { outcome } = await cluster.put(key, value);
  if (outcome !== 'ok') throw new Error(`Wrong answer: the outcome is ${outcome}`);
}
