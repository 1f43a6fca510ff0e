// What the service shows of its store.
import { describe, expect, expectTypeOf, it } from 'vitest';

import type { ClusterClient } from '../../src/cluster/options.ts';
import type { ObservedStore } from '../../src/http/status.ts';
import { FACES, openFake } from './faces.ts';
import { statusOf } from './fake-store.ts';

describe.each(FACES)('The service behind the %s', (name) => {
  describe('/health and /metrics', () => {
    it.each([
      [5, 200, 'ok'],
      [4, 200, 'degraded'],
      [3, 200, 'degraded'],
      [2, 503, 'unavailable'],
    ])('with %i of 5 replicas operational, health is %i %s', async (operational, status, health) => {
      const { store, face } = await openFake(name);
      store.inspect = () => statusOf(operational);
      const answer = await face.ask('GET', '/health');
      expect(answer.status).toBe(status);
      expect(answer.headers.get('retry-after')).toBe(status === 503 ? '1' : null);
      expect(answer.json()).toEqual({ status: health, replicas: 5, operational, read: 3, write: 3, stateLost: false });
    });

    it('goes by the quorums where the store tells of them, whichever replicas are missing', async () => {
      const { store, face } = await openFake(name);
      const quorum = { read: { kind: 'threshold', voters: 5, needed: 3 } };
      store.inspect = () => ({ ...statusOf(4), hasQuorums: false, quorum });
      const answer = await face.ask('GET', '/health');
      expect([answer.status, answer.json()]).toMatchObject([503, { status: 'unavailable', quorum }]);
      store.inspect = () => ({ ...statusOf(2), hasQuorums: true });
      expect((await face.ask('GET', '/health')).json()).toMatchObject({ status: 'degraded', operational: 2 });
    });

    it('is unavailable when the state is lost, and ok for a store without replicas', async () => {
      const { store, face } = await openFake(name);
      expect((await face.ask('GET', '/health')).json()).toEqual({ status: 'ok' });
      store.inspect = () => ({ ...statusOf(5), stateLost: true });
      expect((await face.ask('GET', '/health')).status).toBe(503);
    });

    it('tells of the members: who is about to join is not missed, and who does not decide does not count', async () => {
      const { store, face } = await openFake(name);
      const configuration = { number: 7, isChanging: true, members: [0, 1, 2, 3] };
      store.inspect = () => ({ ...statusOf(4), configuration, places: 6, replicationFactor: 4 });
      const answer = (await face.ask('GET', '/health')).json();
      expect(answer).toMatchObject({ status: 'ok', replicas: 4, operational: 4, configuration });
      const lines = (await face.ask('GET', '/metrics')).text.split('\n');
      expect(lines).toEqual(
        expect.arrayContaining([
          'quorate_configuration 7',
          'quorate_configuration_changing 1',
          'quorate_places 6',
          'quorate_replication_factor 4',
          'quorate_replicas 4',
          'quorate_replica_member{replica="3"} 1',
          'quorate_replica_member{replica="4"} 0',
        ]),
      );
    });

    it('writes metrics as Prometheus text', async () => {
      const { store, face } = await openFake(name);
      store.inspect = () => statusOf(4);
      store.metrics = () => ({
        gets: 7,
        puts: 1,
        deletes: 0,
        fastReads: 6,
        slowReads: 1,
        fastWrites: 1,
        slowWrites: 0,
        changes: 3,
        fastChanges: 2,
        slowChanges: 1,
        unknown: 0,
        unavailable: 0,
        wakeUps: 2,
        replicaWakeUps: 3,
        framesSent: 40,
        framesResent: 0,
        hedges: 0,
        answersDropped: 0,
        cachedReads: 0,
        readRepairs: 0,
        repairedKeys: 4,
        omissionsRepaired: 0,
        omissionsDropped: 0,
        hintsLost: 0,
      });
      await face.ask('GET', '/data/k');
      await face.ask('BREW', '/data/k');
      const answer = await face.ask('GET', '/metrics');
      expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
      const lines = answer.text.split('\n');
      expect(lines).toContain('# TYPE quorate_http_requests_total counter');
      expect(lines).toContain('quorate_http_requests_total{route="data",method="GET",status="404"} 1');
      expect(lines).toContain('quorate_gets_total 7');
      expect(lines).toContain('quorate_fast_changes_total 2');
      expect(lines).toContain('quorate_repaired_keys_total 4');
      expect(lines).toContain('quorate_up 1');
      expect(lines).toContain('quorate_replicas_operational 4');
      expect(lines).toContain('quorate_replica_operational{replica="4"} 0');
      for (const line of lines.slice(0, -1)) {
        expect(line).toMatch(
          /^(?:# (?:HELP|TYPE) quorate_\w+ .+|quorate_\w+(?:\{\w+="[^"]*"(?:,\w+="[^"]*")*\})? \d+)$/,
        );
      }
      expect(lines.at(-1)).toBe('');
    });
  });
});

it('A client of a cluster is a store that can be observed', () => {
  expectTypeOf<ClusterClient>().toExtend<ObservedStore>();
});
