// What the service answers, before a face (fetch or node:http) puts it on the wire.
import type { ErrorCode } from '../base/errors.ts';

/** Codes that only the HTTP service reports; the others are those of the store. Documented in docs/HTTP.md. */
export type HttpErrorCode =
  | ErrorCode
  | 'ERR_QUORATE_ABSENT' // the key has no value
  | 'ERR_QUORATE_CONFLICT' // a precondition did not hold
  | 'ERR_QUORATE_NO_QUORUM' // too few replicas answered, and nothing happened
  | 'ERR_QUORATE_UNKNOWN_OUTCOME' // the write may or may not have happened
  | 'ERR_QUORATE_INTERNAL' // a defect of the service
  | 'ERR_QUORATE_NOT_JSON' // the stored value has no exact form in JSON
  | 'ERR_QUORATE_HTTP_BODY' // the body is no JSON document of the form that the route takes
  | 'ERR_QUORATE_HTTP_BODY_TOO_LARGE' // the body is longer than the limit
  | 'ERR_QUORATE_HTTP_CONNECTIONS' // too many connections
  | 'ERR_QUORATE_HTTP_HEADERS_TOO_LARGE' // the head of the request is longer than the limit
  | 'ERR_QUORATE_HTTP_HOST' // the Host header names another host
  | 'ERR_QUORATE_HTTP_IDEMPOTENCY_KEY' // the Idempotency-Key is malformed, or belongs to another request
  | 'ERR_QUORATE_HTTP_MEDIA_TYPE' // the body is not application/json
  | 'ERR_QUORATE_HTTP_METHOD' // the route does not take this method
  | 'ERR_QUORATE_HTTP_PRECONDITION' // If-Match or If-None-Match is malformed, or the method does not take it
  | 'ERR_QUORATE_HTTP_QUERY' // a query parameter is unknown or malformed
  | 'ERR_QUORATE_HTTP_REQUEST' // the request is malformed
  | 'ERR_QUORATE_HTTP_REQUEST_TIMEOUT' // the request did not arrive in time
  | 'ERR_QUORATE_HTTP_ROUTE'; // there is no such path

/** Whether a failed request had an effect: it had none and never will, or nobody knows. */
export type FailureOutcome = 'not-applied' | 'unknown';

/** One answer of the service. */
export interface Reply {
  readonly status: number;
  readonly body: string;
  /** Names and values by turns, in lower case, beside those of {@link headersOf}. */
  readonly headers: readonly string[];
  /** The connection cannot be used again, because the request was not read to its end. */
  readonly closes: boolean;
}

/** Seconds after which a client may try again: by then a replica has been restarted many times over. */
const RETRY_AFTER: readonly string[] = ['retry-after', '1'];
const NONE: readonly string[] = [];
const JSON_TYPE: readonly string[] = ['content-type', 'application/json; charset=utf-8'];
const METRICS_TYPE: readonly string[] = ['content-type', 'text/plain; version=0.0.4; charset=utf-8'];

/** A reply that carries a JSON document, given as its text. */
export function jsonReply(status: number, body: string, headers: readonly string[] = NONE): Reply {
  return { status, body, headers: headers.length === 0 ? JSON_TYPE : [...JSON_TYPE, ...headers], closes: false };
}

/** A reply in the Prometheus text format. */
export function metricsReply(body: string): Reply {
  return { status: 200, body, headers: METRICS_TYPE, closes: false };
}

/** What is special about one failure, beside its status and code. */
export interface FailureOptions {
  /** Default `not-applied`. */
  readonly outcome?: FailureOutcome;
  /** Members of the body beside the usual ones. */
  readonly fields?: Readonly<Record<string, string | null>>;
  readonly headers?: readonly string[];
  readonly closes?: boolean;
}

/**
 * A failure as clients see it: `{ "error", "code", "outcome" }`. `error` is a sentence of ours, never the message of
 * a caught error, so that no path, stack or variable of the host leaves it.
 */
export function failure(status: number, code: HttpErrorCode, error: string, options: FailureOptions = {}): Reply {
  const { outcome = 'not-applied', fields, headers = NONE, closes = false } = options;
  const retry = status === 503 ? RETRY_AFTER : NONE;
  const reply = jsonReply(status, JSON.stringify({ error, code, outcome, ...fields }), [...headers, ...retry]);
  return closes ? { ...reply, closes } : reply;
}

/** All headers of a reply, names and values by turns; the faces add the length and the connection's. */
export function headersOf(reply: Reply): string[] {
  return [...reply.headers, 'cache-control', 'no-store', 'x-content-type-options', 'nosniff'];
}
