// A session of a client: its calls, made by a session of its core.
import type { Settled } from '../replica/results.ts';
import type { SessionMaker } from '../replica/session-maker.ts';
import type { Session } from './options.ts';
import { StoreCalls } from './store-calls.ts';
import type { Made } from './store-calls.ts';

/** How its client submits calls. */
export interface SessionClient {
  start<Result extends Settled>(make: () => Made | Settled, signal: AbortSignal | undefined): Promise<Result>;
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- names what the caller's operation ends as
  run<Result extends Settled>(make: () => Made): Result;
}

/** One session. The thread of its client uses it. */
export class ClusterSession extends StoreCalls implements Session {
  protected readonly maker: SessionMaker;
  readonly #client: SessionClient;

  constructor(maker: SessionMaker, client: SessionClient) {
    super();
    this.maker = maker;
    this.#client = client;
  }

  get token(): string {
    return this.maker.token;
  }

  merge(token: string): void {
    this.maker.merge(token);
  }

  protected start<Result extends Settled>(
    make: () => Made | Settled,
    signal: AbortSignal | undefined,
  ): Promise<Result> {
    return this.#client.start(make, signal);
  }

  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- names what the caller's operation ends as
  protected run<Result extends Settled>(make: () => Made): Result {
    return this.#client.run(make);
  }
}
