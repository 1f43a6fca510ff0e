// What a client asks of a scan, and how a page looks on the wire.
import { KEY_BYTES_MAX, SCAN_LIMIT_MAX } from '../base/limits.ts';
import type { ScanOptions, ScanPage } from '../store/store.ts';
import { optionsOfQuery } from './data-request.ts';
import type { Parsed } from './data-request.ts';
import { jsonOf } from './json.ts';
import { failure } from './reply.ts';
import type { Reply } from './reply.ts';

/** A scan as it was asked for. */
export interface AskedScan {
  readonly prefix: string;
  readonly options: ScanOptions;
}

const LONE_SURROGATE = /\p{Surrogate}/u;

/** Reads `prefix`, `after` and `limit`, and what every route of data takes, from a query string. */
export function scanOfQuery(query: string): Parsed<AskedScan> {
  if (!isEncoded(query)) return refused('The query must be percent-encoded UTF-8');
  const given = new URLSearchParams(query);
  const rest = new URLSearchParams(query);
  for (const name of ['prefix', 'after', 'limit']) {
    if (given.getAll(name).length > 1) return refused('The query may hold prefix, after and limit, each once');
    rest.delete(name);
  }
  const chosen = optionsOfQuery(rest.toString());
  if (chosen.kind === 'refused') return chosen;
  const [prefix, after, limit] = [given.get('prefix') ?? '', given.get('after') ?? undefined, given.get('limit')];
  for (const text of [prefix, after ?? '']) {
    if (LONE_SURROGATE.test(text) || Buffer.byteLength(text) > KEY_BYTES_MAX) {
      return refused(`The prefix and after must be well-formed, of at most ${KEY_BYTES_MAX} bytes of UTF-8`);
    }
  }
  const limitSet = limit === null ? undefined : /^\d{1,4}$/.test(limit) ? Number(limit) : 0;
  if (limitSet !== undefined && (limitSet < 1 || limitSet > SCAN_LIMIT_MAX)) {
    return refused(`The limit must be an integer from 1 to ${SCAN_LIMIT_MAX}`);
  }
  const options = { ...chosen.value, ...(after !== undefined && { after }), ...(limitSet && { limit: limitSet }) };
  return { kind: 'parsed', value: { prefix, options } };
}

/** Whether it decodes: URLSearchParams takes for U+FFFD what does not, and would ask for other keys. */
function isEncoded(query: string): boolean {
  try {
    decodeURIComponent(query);
    return true;
  } catch {
    return false;
  }
}

/** A page as JSON. A value that JSON would change is left out, and its entry says so. */
export function pageText({ entries, after }: ScanPage): string {
  const texts = entries.map(({ key, value, version }) => {
    const members = membersOf(value) ?? '"code":"ERR_QUORATE_NOT_JSON"';
    return `{"key":${JSON.stringify(key)},"version":${JSON.stringify(version)},${members}}`;
  });
  const rest = after === undefined ? '' : `,"after":${JSON.stringify(after)}`;
  return `{"entries":[${texts.join(',')}]${rest}}`;
}

/** A value as members of a JSON object: exactly, or as the base64 of its bytes; `undefined` where neither is it. */
export function membersOf(value: unknown): string | undefined {
  if (value instanceof Uint8Array) {
    const base64 = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
    return `"data":"${base64}","encoding":"base64"`;
  }
  const json = jsonOf(value);
  return json === undefined ? undefined : `"data":${json}`;
}

function refused(sentence: string): { readonly kind: 'refused'; readonly reply: Reply } {
  return { kind: 'refused', reply: failure(400, 'ERR_QUORATE_HTTP_QUERY', sentence) };
}
