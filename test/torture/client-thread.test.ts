import { describe, expect, it } from 'vitest';
import { openCluster } from '../../src/index.ts';
import { ClientThread } from '../../src/torture/client-thread.ts';
import { SharedLedger } from '../../src/torture/ledger.ts';
import { SHAPE } from './records.ts';

describe('A client thread', { timeout: 60_000 }, () => {
  it('whose program is at fault ends at once and tells why, although nobody has asked it to stop', async () => {
    await using cluster = await openCluster({ replicas: 1 });
    const { buffer } = new SharedLedger(SHAPE);
    const common = { handle: cluster.handle(), shape: SHAPE, buffer, owner: 1, seed: 1, lanes: 2 };
    const broken = new ClientThread({ ...common, client: 1e6 }); // There is no such place in the ledger.
    expect(await broken.ended).toMatchObject({ kind: 'failed', error: expect.any(RangeError) });
  });

  it('that is killed was killed, and one that is asked to stop is done', async () => {
    await using cluster = await openCluster({ replicas: 1 });
    const ledger = new SharedLedger(SHAPE);
    const common = { handle: cluster.handle(), shape: SHAPE, buffer: ledger.buffer, seed: 1, lanes: 2 };
    const killed = new ClientThread({ ...common, client: 1, owner: 1 });
    await killed.kill();
    expect(await killed.ended).toEqual({ kind: 'killed' });
    const done = new ClientThread({ ...common, client: 2, owner: 2 });
    ledger.stop();
    expect(await done.ended).toEqual({ kind: 'done' });
  });
});
