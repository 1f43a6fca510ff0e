import { expect, it } from 'vitest';
import { messageKindOf } from '../../../src/sim/cluster/frame-text.ts';
import { ACCEPT, ENTRY, KIND_BITS, PREPARE, READ, RECOVER, TOPICS_NEWS } from '../../../src/replica/wire.ts';

it.each([
  [ACCEPT, 'accept'],
  [READ, 'read'],
  [PREPARE, 'prepare'],
  [RECOVER, 'recover'],
  [ENTRY, 'entry'],
  [TOPICS_NEWS, 'topics-news'],
])('A frame of kind %i is called %s, under whatever configuration it was sent', (kind, name) => {
  for (const configuration of [0, 1, 700]) {
    const words = new Int32Array(32);
    words[0] = kind | (configuration << KIND_BITS);
    expect(messageKindOf({ words, bytes: new Uint8Array(words.buffer) })).toBe(name);
  }
});
