// Recorded histories of transactions with verdicts that others published.
import { readFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { parseElle } from '../../../src/check/formats/elle.ts';
import { checkTransactions } from '../../../src/check/transactions/check-transactions.ts';
import type { Isolation } from '../../../src/check/transactions/isolation.ts';
import { CORPUS_MISSING, corpusPath } from '../../support/corpus.ts';

vi.setConfig({ testTimeout: 60_000 });

const FILES = [
  ['elle/huge-scc.edn', 10_254],
  ['elle/paper-example.edn', 4],
  ['elle/si-without-g-single.edn', 4],
] as const;

const folder = corpusPath('histories', FILES.length);
const reason = folder === undefined ? `: skipped, ${CORPUS_MISSING}` : '';

// The corpus is no part of the repository.
describe.skipIf(folder === undefined)(`The published verdicts${reason}`, () => {
  it.each(FILES)('%s: the checker agrees with every verdict of its %i transactions', (file, transactions) => {
    const { verdicts } = JSON.parse(readFileSync(`${folder}/EXPECTED.json`, 'utf8')) as {
      readonly verdicts: Readonly<Record<string, Readonly<Record<string, string | null>>>>;
    };
    const history = parseElle(readFileSync(`${folder}/${file}`, 'utf8'));
    expect(history).toHaveLength(transactions);
    const published = Object.entries(verdicts[file] ?? {}).filter(([, verdict]) => verdict !== null);
    const found = published.map(([model]) => {
      const isolation = model.replace('list-append/', '') as Isolation;
      return [model, checkTransactions(history, { isolation }).verdict];
    });
    expect(found).toEqual(published);
    expect(found.length).toBeGreaterThan(0);
  });

  it('elle/huge-scc.edn: it needs real time to be illegal', () => {
    const history = parseElle(readFileSync(`${folder}/elle/huge-scc.edn`, 'utf8'));
    for (const isolation of ['serializable', 'strong-session-serializable'] as const) {
      expect(checkTransactions(history, { isolation }).verdict).toBe('ok');
    }
  });
});
