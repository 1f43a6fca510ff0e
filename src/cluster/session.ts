// A session of a client: its calls, made by a session of its core.
import type { SessionMaker } from '../replica/session-maker.ts';
import type { Session } from './options.ts';
import { CallsOf } from './store-calls.ts';

/** One session. The thread of its client uses it. */
export class ClusterSession extends CallsOf<SessionMaker> implements Session {
  get token(): string {
    return this.maker.token;
  }

  merge(token: string): void {
    this.maker.merge(token);
  }
}
