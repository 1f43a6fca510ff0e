// The checks before the parser, against the parser alone on random documents.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { jsonOf, parseJson } from '../../src/http/json.ts';
import { replayCommand, testSeed } from '../support/seed.ts';

const FORBIDDEN = /__proto__|constructor|prototype/;
const SEED = testSeed();
const REPLAY = replayCommand('test/http/json.test.ts', SEED);
const ENCODER = new TextEncoder();

/** What `JSON.parse` makes of a text, as `parseJson` would say it. */
function obvious(text: string): unknown {
  try {
    return { kind: 'parsed', value: JSON.parse(text) as unknown };
  } catch {
    return { kind: 'refused', reason: expect.any(String) };
  }
}

describe('The strict parser', () => {
  it('agrees with JSON.parse on documents that are clean', () => {
    const clean = fc.jsonValue({ stringUnit: 'binary', maxDepth: 8 }).filter((value) => {
      return !FORBIDDEN.test(JSON.stringify(value));
    });
    fc.assert(
      fc.property(clean, fc.constantFrom(0, 1, '\t'), (value, space) => {
        const text = JSON.stringify(value, null, space);
        expect(parseJson(ENCODER.encode(text)), REPLAY).toEqual(obvious(text));
      }),
      { seed: SEED },
    );
  });

  it('takes no text that JSON.parse refuses', () => {
    const unit = fc.constantFrom('{', '}', '[', ']', ',', ':', '"', '\\', 'a', '1', '-', '.', 'e', ' ', 'true', '"k":');
    fc.assert(
      fc.property(fc.string({ unit, minLength: 1, maxLength: 24 }), (text) => {
        const parsed = parseJson(ENCODER.encode(text));
        if (parsed.kind === 'parsed') expect(parsed, REPLAY).toEqual(obvious(text));
      }),
      { seed: SEED, numRuns: 5_000 },
    );
  });

  it('finds a repeated name wherever it is and however it is spelt', () => {
    const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 4 }).filter((text) => !FORBIDDEN.test(text));
    const depth = fc.integer({ min: 0, max: 20 });
    fc.assert(
      fc.property(name, depth, (repeated, around) => {
        const inner = `{${JSON.stringify(repeated)}:1,"${escapeAll(repeated)}":2}`;
        const text = `${'[{"in":'.repeat(around)}${inner}${'}]'.repeat(around)}`;
        expect(parseJson(ENCODER.encode(text)), REPLAY).toEqual({
          kind: 'refused',
          reason: 'The body has two members of one name',
        });
      }),
      { seed: SEED },
    );
  });
});

describe('The exact writer', () => {
  it('gives back, once parsed, what it was given', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        expect(JSON.parse(jsonOf(value) ?? ''), REPLAY).toEqual(JSON.parse(JSON.stringify(value)));
      }),
      { seed: SEED },
    );
  });

  it('refuses a cycle', () => {
    const cycle: unknown[] = [];
    cycle.push([{ cycle }]);
    expect(jsonOf(cycle)).toBe(undefined);
  });
});

/** A text with each of its UTF-16 units escaped. */
function escapeAll(text: string): string {
  return Array.from({ length: text.length }, (_, at) => {
    return `\\u${text.charCodeAt(at).toString(16).padStart(4, '0')}`;
  }).join('');
}
