// Both faces of the service behind one way of asking, so that each test runs against each.
import { expect, onTestFinished } from 'vitest';

import { createHandler } from '../../src/http/handler.ts';
import { serve } from '../../src/http/server.ts';
import type { ServiceOptions } from '../../src/http/service.ts';
import type { ObservedStore } from '../../src/http/status.ts';
import { FakeStore } from './fake-store.ts';

/** What a test looks at in a response. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON. */
  json(): unknown;
}

/** A service that can be asked. */
export interface Face extends AsyncDisposable {
  ask(method: string, target: string, init?: Omit<RequestInit, 'method'>): Promise<Answer>;
}

export type FaceName = 'fetch handler' | 'node:http server';
export const FACES: readonly FaceName[] = ['fetch handler', 'node:http server'];

async function openFace(name: FaceName, store: ObservedStore, options: ServiceOptions = {}): Promise<Face> {
  if (name === 'fetch handler') {
    const handler = createHandler(store, options);
    return {
      ask: async (method, target, init) => {
        return answerOf(await handler(new Request(`http://localhost${target}`, { ...init, method })));
      },
      [Symbol.asyncDispose]: async () => {},
    };
  }
  const server = await serve(store, { ...options, port: 0 });
  return {
    ask: async (method, target, init) => answerOf(await fetch(`${server.url}${target}`, { ...init, method })),
    [Symbol.asyncDispose]: () => server.close({ timeoutMs: 0 }),
  };
}

/** Opens a face of a fresh fake store until the test is over. */
export async function openFake(
  name: FaceName,
  options: ServiceOptions = {},
): Promise<{ store: FakeStore; face: Face }> {
  const store = new FakeStore();
  const face = await openFace(name, store, options);
  onTestFinished(() => face[Symbol.asyncDispose]());
  return { store, face };
}

/** Checks all of a failure that had no effect. */
export function expectFailure(answer: Answer, status: number, code: string): void {
  expect(answer.status).toBe(status);
  expect(answer.json()).toEqual({ error: expect.any(String), code, outcome: 'not-applied' });
  expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
}

/** The options of `POST /data`. */
export function jsonBody(body: unknown, headers: Readonly<Record<string, string>> = {}): RequestInit {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { body: text, headers: { 'content-type': 'application/json', ...headers } };
}

async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: () => JSON.parse(text) as unknown };
}
