import { describe, expect, it } from 'vitest';

import { readConfiguration } from '../../src/http/configuration.ts';

describe('The environment of the service', () => {
  it.each([
    [{}, { port: 3000, replicas: 5, read: 3, write: 4 }],
    [
      { PORT: '', NODE_COUNT: '', READ_QUORUM: '', WRITE_QUORUM: '' },
      { port: 3000, replicas: 5, read: 3, write: 4 },
    ],
    [
      { PORT: '0', NODE_COUNT: '3' },
      { port: 0, replicas: 3, read: 2, write: 2 },
    ],
    [
      { NODE_COUNT: '7', WRITE_QUORUM: '6', READ_QUORUM: '2' },
      { port: 3000, replicas: 7, read: 2, write: 6 },
    ],
    [{ NODE_COUNT: '1' }, { port: 3000, replicas: 1, read: 1, write: 1 }],
    [
      { HOME: '/root', READ_QUORUM: '2' },
      { port: 3000, replicas: 5, read: 2, write: 4 },
    ],
  ])('%j means %j', (env, expected) => {
    expect(readConfiguration(env)).toEqual(expected);
  });

  it.each([
    ['PORT', { PORT: '70000' }],
    ['PORT', { PORT: '80a' }],
    ['PORT', { PORT: ' 80' }],
    ['PORT', { PORT: '-1' }],
    ['PORT', { PORT: '1e3' }],
    ['PORT', { PORT: '0x50' }],
    ['NODE_COUNT', { NODE_COUNT: '0' }],
    ['NODE_COUNT', { NODE_COUNT: '16' }],
    ['READ_QUORUM', { READ_QUORUM: '6' }],
    ['READ_QUORUM', { READ_QUORUM: '0' }],
    ['WRITE_QUORUM', { NODE_COUNT: '3', WRITE_QUORUM: '4' }],
    ['WRITE_QUORUM', { READ_QUORUM: '2', WRITE_QUORUM: '3' }],
    ['WRITE_QUORUM', { READ_QUORUM: '1' }],
  ])('an error names %s in %j', (variable, env) => {
    expect(() => readConfiguration(env)).toThrow(
      expect.objectContaining({
        code: 'ERR_QUORATE_CONFIGURATION',
        message: expect.stringContaining(variable),
        fields: expect.objectContaining({ variable }),
      }),
    );
  });
});
