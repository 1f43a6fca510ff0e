// What a body is on the other side of a thread's border, by the codec of its type.
import { decodePlain, encodePlain } from '../../base/plain-codec.ts';
import { frameViews } from '../../mailbox/frame-views.ts';
import type { BodyCodec } from '../../mailbox/vocabulary.ts';

/** A copy as the production codecs make it. @throws what they throw at bodies that cannot cross. */
export function copyOf(codec: BodyCodec, body: unknown): unknown {
  if (codec === 'plain') return body === undefined ? undefined : decodePlain(encodePlain(body));
  const views = frameViews(new ArrayBuffer(codec.bytes));
  codec.write(body, views, 0);
  return codec.read(views, 0);
}
