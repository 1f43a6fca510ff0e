import { describe, expect, it } from 'vitest';
import { slotToShed } from '../../src/supervision/memory-watch.ts';

describe('A memory watch', () => {
  it.each([
    { sentence: 'sheds nobody at the bound', rssBytes: 100, bytesBySlot: [10, 80], expected: undefined },
    { sentence: 'sheds the largest beyond it', rssBytes: 101, bytesBySlot: [10, 80, 20], expected: 1 },
    { sentence: 'sheds the first of equals', rssBytes: 101, bytesBySlot: [40, 40], expected: 0 },
    { sentence: 'sheds nobody where there is nobody', rssBytes: 101, bytesBySlot: [], expected: undefined },
  ])('$sentence', ({ rssBytes, bytesBySlot, expected }) => {
    expect(slotToShed({ rssBytes, rssBytesMax: 100, bytesBySlot })).toBe(expected);
  });
});
