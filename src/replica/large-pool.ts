// Memory for large values, used again once nobody holds it. Bounded by the large values that are alive at once: what
// was let go of is the first to be taken.
import { CLIENT_HOLDER, LARGE_HEADER_BYTES, SharedValue, claimBuffer } from '../base/large-value.ts';
import type { Incarnations } from '../base/large-value.ts';
import { INLINE_BYTES_MAX } from '../base/limits.ts';
import { RULES } from '../protocol/rules.ts';
import type { Rules } from '../protocol/rules.ts';

/** Buffers that are remembered; one that is forgotten is still good, but not used again. */
const BUFFERS_MAX = 4096;
/** Buffers that are looked at before a new one is made. */
const LOOKS_MAX = 64;

/** What a pool goes by where a test takes the rule away: no replica runs that could hold anything. */
const NOBODY: Incarnations = { epochOf: () => 0 };

/** The buffers of one client. */
export class LargePool {
  readonly #epochs: Incarnations;
  readonly #buffers: SharedArrayBuffer[] = [];
  #next = 0;

  constructor(epochs: Incarnations, rules: Rules = RULES) {
    this.#epochs = rules.sparesHeldValues ? epochs : NOBODY;
  }

  /** A buffer with room for `byteLength`, held by the caller; its bytes are those of a former value. */
  allocate(byteLength: number): SharedValue {
    const capacity = capacityFor(byteLength);
    for (let look = Math.min(LOOKS_MAX, this.#buffers.length); look > 0; look--) {
      this.#next = (this.#next + 1) % this.#buffers.length;
      const buffer = this.#buffers[this.#next]!;
      if (buffer.byteLength === LARGE_HEADER_BYTES + capacity && claimBuffer(buffer, this.#epochs)) {
        return new SharedValue(buffer, byteLength, CLIENT_HOLDER);
      }
    }
    const buffer = new SharedArrayBuffer(LARGE_HEADER_BYTES + capacity);
    claimBuffer(buffer, this.#epochs);
    if (this.#buffers.length === BUFFERS_MAX) this.#buffers.shift();
    this.#buffers.push(buffer);
    return new SharedValue(buffer, byteLength, CLIENT_HOLDER);
  }
}

/** The next of four steps per power of two, so that values of about the same length share their buffers. */
function capacityFor(byteLength: number): number {
  const step = Math.max(INLINE_BYTES_MAX, 2 ** (Math.floor(Math.log2(byteLength)) - 2));
  return Math.ceil(byteLength / step) * step;
}
