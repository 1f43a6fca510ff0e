// The entries of all pages of a scan, one after the other.
import { QuorateError } from '../base/errors.ts';
import { optionsOf } from '../base/given.ts';
import type { EntriesOptions, ScanEntry, ScanOptions, ScanResult } from './store.ts';

/** Something that can be scanned. */
export interface Scannable {
  scan(prefix: string, options?: ScanOptions): Promise<ScanResult>;
}

/**
 * All entries of a prefix, page by page, each read when it is reached.
 *
 * @throws {QuorateError} `ERR_QUORATE_TIMEOUT` when a page is unavailable; and what `scan` rejects with.
 */
export async function* entriesOf(
  store: Scannable,
  prefix: string,
  given?: EntriesOptions,
): AsyncGenerator<ScanEntry, void, undefined> {
  const options = optionsOf(given);
  for (let { after } = options, isOver = false; !isOver;) {
    const page = await store.scan(prefix, { ...options, ...(after !== undefined && { after }) });
    if (page.outcome !== 'ok') {
      const { needed, got } = page;
      const message = `Cannot go on with the entries of the prefix: ${got} of ${needed} replicas answered in time`;
      throw new QuorateError('ERR_QUORATE_TIMEOUT', message, { fields: { needed, got, after } });
    }
    yield* page.entries;
    after = page.after;
    isOver = after === undefined;
  }
}
