import { describe, expect, it } from 'vitest';
import { stopProcess } from '../../src/torture/stop-process.ts';

describe('The process', () => {
  it('is stopped, and goes on', async () => {
    expect(await stopProcess(30)).toBe(process.platform !== 'win32');
  });
});
