// What a page promises besides what its keys hold: its order, its range, its limit, and where the next one begins.
import type { Call } from './client.ts';
import { nameOf } from './client.ts';
import type { Finding } from './judge-history.ts';

/** Entries of a page where the scan does not say: more than any plan has keys. */
const LIMIT_DEFAULT = 128;

/** What is wrong with the form of a page; `undefined` where nothing is with any. */
export function judgePages(calls: readonly Call[]): Finding | undefined {
  for (const call of calls) {
    const wrong = wrongIn(call);
    if (wrong !== undefined) return { key: undefined, text: `${nameOf(call)} returned ${wrong}` };
  }
  return undefined;
}

function wrongIn({ plan, page }: Call): string | undefined {
  if (page === undefined) return undefined;
  const { entries, after, from } = page;
  const limit = plan.limit ?? LIMIT_DEFAULT;
  if (entries.length > limit) return `${entries.length} keys, more than ${limit}`;
  let last = from;
  for (const { key } of entries) {
    if (!key.startsWith(plan.key)) return `${key}, which does not begin with ${plan.key}`;
    if (last !== undefined && key <= last) return `${key} behind ${last}`; // Keys of plans are plain ASCII.
    last = key;
  }
  if (after === undefined) return undefined;
  if (last !== undefined && after < last) return `${last}, and that it ends with ${after}`;
  return from !== undefined && after <= from ? `that it ends with ${after}, where it was to begin` : undefined;
}
