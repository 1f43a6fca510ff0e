import { describe, expect, it } from 'vitest';
import { connectCluster, openCluster } from '../../src/index.ts';
import { CASES, describeStore } from './conformance.ts';

describeStore({
  name: 'a cluster in this process',
  lacks: {},
  open: async () => {
    const store = await openCluster({ replicas: 3 });
    const other = await connectCluster(store.handle());
    const close = async (): Promise<void> => {
      await other.close();
      await store.close();
    };
    return { store, other, close };
  },
});

describe('The table of cases', () => {
  it('says at least a hundred things, none of them twice', () => {
    const sentences = Object.entries(CASES).flatMap(([about, cases]) => cases.map(({ says }) => `${about} ${says}`));
    expect(new Set(sentences).size).toBe(sentences.length);
    // Those that differ only in a number count once.
    const distinct = new Set(sentences.map((sentence) => sentence.replaceAll(/\d+/g, 'n')));
    expect(distinct.size).toBeGreaterThanOrEqual(100);
  });
});
