// The example of levels: each is answered, and costs what it should where nothing interferes.
import { expect, it } from 'vitest';
import { linesOf } from './lines-of.ts';

/** Frames of a read at least; hedges and questions that are asked again come on top. */
const READ_FRAMES = { one: 1, two: 2, quorum: 3, all: 5, available: 3, session: 1, maxStaleMs: 0.3 };

it('levels.ts prints for each level what came of it, and what it cost', { timeout: 60_000 }, async () => {
  const [, ...rows] = await linesOf('levels');
  expect(rows.map((row) => row.split(/ +/, 1)[0])).toEqual(Object.keys(READ_FRAMES));
  for (const [index, [level, frames]] of Object.entries(READ_FRAMES).entries()) {
    const [written, writeFrames, writeTrips, found, readFrames, readTrips] = [
      ...rows[index]!.slice(level.length).matchAll(/[\d.]+/g),
    ].map(Number);
    expect([level, written, found]).toEqual([level, 20, 200]);
    expect(writeFrames).toBeGreaterThanOrEqual(5);
    expect(writeTrips).toBeGreaterThanOrEqual(1);
    expect(readFrames).toBeGreaterThanOrEqual(frames);
    expect(readTrips).toBeGreaterThanOrEqual(level === 'maxStaleMs' ? 0.1 : 1);
    if (level === 'maxStaleMs') expect(readFrames).toBeLessThan(1);
  }
});
