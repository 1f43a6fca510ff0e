// What a client hears when a write may not have happened, and what retrying it does. Case H8 of the threat list.
import { describe, expect, it } from 'vitest';

import { expectFailure, FACES, jsonBody, openFake } from './faces.ts';
import type { Answer, Face } from './faces.ts';
import { failureOf, makeGate } from './fake-store.ts';

const NO_QUORUM = { code: 'ERR_QUORATE_NO_QUORUM', outcome: 'not-applied' };
const UNKNOWN = { code: 'ERR_QUORATE_UNKNOWN_OUTCOME', outcome: 'unknown' };

function post(face: Face, key: string, value: unknown): Promise<Answer> {
  return face.ask('POST', '/data', jsonBody({ key: 'k', value }, { 'idempotency-key': key }));
}

describe.each(FACES)('The service behind the %s', (name) => {
  describe('H8: no quorum', () => {
    it.each([
      ['GET', '/data/k', undefined],
      ['DELETE', '/data/k', undefined],
      ['POST', '/data', jsonBody({ key: 'k', value: 1 })],
    ])('answers %s %s with 503, Retry-After and "not-applied"', async (method, target, init) => {
      const { store, face } = await openFake(name);
      store.foretell({ kind: 'unavailable' });
      const answer = await face.ask(method, target, init);
      expect(answer.status).toBe(503);
      expect(answer.headers.get('retry-after')).toBe('1');
      expect(answer.json()).toMatchObject(NO_QUORUM);
      expect(store.effects).toEqual([]);
    });

    it('says that the outcome of a write is unknown', async () => {
      const { store, face } = await openFake(name);
      store.foretell({ kind: 'unknown', lands: 'at-once' });
      const answer = await face.ask('POST', '/data', jsonBody({ key: 'k', value: 1 }));
      expect(answer.status).toBe(503);
      expect(answer.headers.get('retry-after')).toBe('1');
      expect(answer.json()).toMatchObject(UNKNOWN);
    });

    it.each(['at-once', 'when-resolved'] as const)(
      'gives a write one effect that landed %s, when it is retried under its Idempotency-Key',
      async (lands) => {
        const { store, face } = await openFake(name);
        store.foretell({ kind: 'unknown', lands }, { kind: 'unavailable' }, { kind: 'unknown', lands });
        const ask = (): Promise<Answer> => {
          return face.ask('POST', '/data', jsonBody({ key: 'k', value: 1 }, { 'idempotency-key': 'a' }));
        };
        expect((await ask()).json()).toMatchObject(UNKNOWN);
        expect((await ask()).json()).toMatchObject(UNKNOWN); // Resolving found no quorum: as unknown as before.
        expect((await ask()).json()).toMatchObject(UNKNOWN);
        expect((await ask()).status).toBe(200);
        expect((await ask()).status).toBe(200);
        expect(store.effects).toEqual(['k']);
        expect(store.operations.map(({ kind, key }) => `${kind} ${key}`)).toEqual([
          'put k',
          'resolve operation-1',
          'resolve operation-1',
          'resolve operation-1',
        ]);
      },
    );
  });

  describe('Idempotency-Key', () => {
    it('gives a repeated request the first outcome, and one effect', async () => {
      const { store, face } = await openFake(name);
      await post(face, 'a', 1);
      await face.ask('POST', '/data', jsonBody({ key: 'k', value: 2 }));
      expect((await post(face, 'a', 1)).status).toBe(200);
      expect(store.values.get('k')).toBe(2);
    });

    it('lets a request that was not applied be tried again', async () => {
      const { store, face } = await openFake(name);
      store.foretell({ kind: 'unavailable' });
      expect((await post(face, 'a', 1)).json()).toMatchObject(NO_QUORUM);
      expect((await post(face, 'a', 1)).status).toBe(200);
      expect(store.effects).toEqual(['k']);
    });

    it('refuses a different request under the same key with 422, also while the first is in flight', async () => {
      const { store, face } = await openFake(name);
      const gate = makeGate();
      store.foretell({ kind: 'waits', gate: gate.opened });
      const first = post(face, 'a', 1);
      await store.reached(1);
      expectFailure(await post(face, 'a', 2), 422, 'ERR_QUORATE_HTTP_IDEMPOTENCY_KEY');
      gate.open();
      expect((await first).status).toBe(200);
      expectFailure(await post(face, 'a', 2), 422, 'ERR_QUORATE_HTTP_IDEMPOTENCY_KEY');
      const headers = { 'idempotency-key': 'a' };
      expectFailure(await face.ask('DELETE', '/data/k', { headers }), 422, 'ERR_QUORATE_HTTP_IDEMPOTENCY_KEY');
      expect(store.effects).toEqual(['k']);
    });

    it('lets a repeated request wait for the one in flight', async () => {
      const { store, face } = await openFake(name);
      const gate = makeGate();
      store.foretell({ kind: 'waits', gate: gate.opened });
      const answers = [post(face, 'a', 1), post(face, 'a', 1), post(face, 'a', 1)];
      await store.reached(1);
      gate.open();
      expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200, 200]);
      expect(store.operations.length).toBe(1);
    });

    it('forgets the oldest key when the table is full', async () => {
      const { store, face } = await openFake(name, { idempotencyKeysMax: 2 });
      for (const key of ['a', 'b', 'c', 'b', 'c', 'a']) await post(face, key, 1);
      expect(store.operations.length).toBe(4); // a, b, c, and a once more.
    });

    it('refuses further writes with 503 while as many are in flight as it may remember', async () => {
      const { store, face } = await openFake(name, { idempotencyKeysMax: 1 });
      const gate = makeGate();
      store.foretell({ kind: 'waits', gate: gate.opened });
      const first = post(face, 'a', 1);
      await store.reached(1);
      expectFailure(await post(face, 'b', 1), 503, 'ERR_QUORATE_OVERLOADED');
      gate.open();
      expect((await first).status).toBe(200);
    });

    it.each(['a b', 'x'.repeat(256), '\u00E9'])('refuses the key %j with 400', async (key) => {
      const { store, face } = await openFake(name);
      expectFailure(await post(face, key, 1), 400, 'ERR_QUORATE_HTTP_IDEMPOTENCY_KEY');
      expect(store.operations).toEqual([]);
    });

    it('stays unknown when the store forgot the operation or fails', async () => {
      const errors: unknown[] = [];
      const { store, face } = await openFake(name, { onError: (error) => errors.push(error) });
      const defect = new Error('broken');
      store.foretell({ kind: 'unknown', lands: 'at-once' });
      store.foretell({ kind: 'rejects', error: failureOf('ERR_QUORATE_INVALID_ARGUMENT') });
      store.foretell({ kind: 'rejects', error: defect });
      for (let attempt = 0; attempt < 3; attempt++) expect((await post(face, 'a', 1)).json()).toMatchObject(UNKNOWN);
      expect(errors).toEqual([defect]);
      expect(store.effects).toEqual(['k']);
    });
  });
});
