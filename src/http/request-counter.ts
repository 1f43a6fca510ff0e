// Counts requests for `/metrics`.
import { gauge } from './metrics-text.ts';
import type { Metric } from './metrics-text.ts';

/** The routes that metrics tell apart. */
export type Route = 'data' | 'health' | 'metrics' | 'other';

interface Row {
  readonly labels: { readonly route: Route; readonly method: string; readonly status: number };
  value: number;
}

/** Methods that metrics tell apart: a stranger must not be able to make up more. */
const COUNTED_METHODS: ReadonlySet<string> = new Set(['GET', 'POST', 'DELETE', 'HEAD', 'OPTIONS', 'PUT', 'PATCH']);

/** Requests by route, method and status, each from a small fixed set, and those in flight. */
export class RequestCounter {
  readonly #rows = new Map<string, Row>();
  #inFlight = 0;

  /** A request has arrived. */
  begin(): void {
    this.#inFlight++;
  }

  /** A request that had arrived has its reply. */
  end(route: Route, named: string, status: number): void {
    this.#inFlight--;
    const method = COUNTED_METHODS.has(named) ? named : 'other';
    const key = `${route} ${method} ${status}`;
    const row = this.#rows.get(key);
    if (row === undefined) this.#rows.set(key, { labels: { route, method, status }, value: 1 });
    else row.value++;
  }

  /** The metrics of the requests so far. */
  metrics(): Metric[] {
    const samples = [...this.#rows.values()];
    return [
      { name: 'quorate_http_requests_total', type: 'counter', help: 'Requests answered.', samples },
      gauge('quorate_http_requests_in_flight', 'Requests being answered, this one included.', this.#inFlight),
    ];
  }
}
