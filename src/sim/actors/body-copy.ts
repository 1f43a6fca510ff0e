// Bodies of messages: what they are on the other side of a thread's border, and in a transcript.
import { decodePlain, encodePlain } from '../../base/plain-codec.ts';
import { textOf } from '../../check/models/value.ts';
import { frameViews } from '../../mailbox/frame-views.ts';
import type { BodyCodec } from '../../mailbox/vocabulary.ts';

/** A copy as the production codecs make it. @throws what they throw at bodies that cannot cross. */
export function copyOf(codec: BodyCodec, body: unknown): unknown {
  if (codec === 'plain') return body === undefined ? undefined : decodePlain(encodePlain(body));
  const views = frameViews(new ArrayBuffer(codec.bytes));
  codec.write(body, views, 0);
  return codec.read(views, 0);
}

/** A value in at most 40 characters. */
export function shortText(value: unknown): string {
  const text = textOf(value);
  return text.length <= 40 ? text : `${text.slice(0, 39)}…`;
}
