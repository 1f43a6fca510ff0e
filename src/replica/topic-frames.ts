// How voters of two replicas tell each other what one of them lacks.
//
//   ask     [ KIND | EPOCH of who asks | VALUE_BYTES ] value: decisions applied, by topic
//   news    [ KIND | EPOCH of who asks | VALUE_BYTES ] value: News
//   end     [ KIND | EPOCH of who asks | NEWS: how many there were ]
//
// VALUE_BYTES as in wire.ts: a long value lies in shared memory, and travels by reference.
import { LARGE_HEADER_BYTES } from '../base/large-value.ts';
import { INLINE_BYTES_MAX } from '../base/limits.ts';
import { ValueEncoder, decodeValue } from '../base/value-codec.ts';
import { sharedValue } from './large-lane.ts';
import type { LargePool } from './large-pool.ts';
import type { Peer } from './recovery.ts';
import { BY_REFERENCE, REFERENCE_BYTES, TOPIC_FRAME, TOPICS_END, padded } from './wire.ts';
import type { FrameViews } from './wire.ts';

const encoder = new ValueEncoder();

/** Writes a question or news. @returns whether there was room. @throws as `ValueEncoder.encode` does. */
export function writeTopicFrame(
  { link, large }: Peer,
  { kind, epoch }: { readonly kind: number; readonly epoch: number },
  value: unknown,
  pool: LargePool,
): boolean {
  const byteLength = encoder.encode(value);
  const isLarge = byteLength > INLINE_BYTES_MAX;
  const start = link.claim(TOPIC_FRAME.BYTES + (isLarge ? REFERENCE_BYTES : padded(byteLength)));
  if (start < 0) return false;
  const at = start >> 2;
  const { words, bytes } = link;
  words[at + TOPIC_FRAME.KIND] = kind;
  words[at + TOPIC_FRAME.EPOCH] = epoch;
  words[at + TOPIC_FRAME.VALUE_BYTES] = isLarge ? BY_REFERENCE : byteLength;
  if (isLarge) {
    const shared = pool.allocate(byteLength);
    new Uint8Array(shared.buffer, LARGE_HEADER_BYTES).set(encoder.bytes.subarray(0, byteLength));
    words[(start + TOPIC_FRAME.BYTES) >> 2] = large.send(shared);
    words[((start + TOPIC_FRAME.BYTES) >> 2) + 1] = byteLength;
    shared.release();
  } else {
    bytes.set(encoder.bytes.subarray(0, byteLength), start + TOPIC_FRAME.BYTES);
  }
  link.commit();
  return true;
}

/** Writes the end of an answer, after so much news. @returns whether there was room. */
export function writeTopicsEnd({ link }: Peer, epoch: number, news: number): boolean {
  const start = link.claim(TOPIC_FRAME.BYTES);
  if (start < 0) return false;
  const at = start >> 2;
  link.words[at + TOPIC_FRAME.KIND] = TOPICS_END;
  link.words[at + TOPIC_FRAME.EPOCH] = epoch;
  link.words[at + TOPIC_FRAME.VALUE_BYTES] = news;
  link.commit();
  return true;
}

/** The value of a question or news; `undefined` where it is gone. */
export function readTopicFrame({ large }: Peer, { words, bytes }: FrameViews, start: number): unknown {
  const valueBytes = words[(start >> 2) + TOPIC_FRAME.VALUE_BYTES]!;
  if (valueBytes !== BY_REFERENCE) return decodeValue(bytes, start + TOPIC_FRAME.BYTES, valueBytes);
  const value = large.take(words[(start + TOPIC_FRAME.BYTES) >> 2]!);
  if (value === undefined) return undefined;
  const { buffer, byteLength } = sharedValue(value);
  const decoded: unknown = decodeValue(new Uint8Array(buffer), LARGE_HEADER_BYTES, byteLength);
  value.release();
  return decoded;
}
