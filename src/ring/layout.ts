// Every offset of the shared memory of this layer, drawn once. Words are 32 bits; a line is 64 bytes, so that words
// with different writers do not share a cache line.
//
//   SPSC ring           word  0        1         2               3
//     line 0 constants      [ MAGIC  | CAPACITY | FRAME_BYTES_MAX | RESETS ]
//     line 1 producer    16 [ TAIL   | PRODUCER | FULL_COUNT     ]
//     line 2 consumer    32 [ HEAD   | IN_HAND  | CONSUMER       ]
//     line 3 both        48 [ WANT_ROOM | QUARANTINED            ]
//     byte 256           data: CAPACITY bytes, then a spill of CAPACITY bytes
//
//   Broadcast ring: the same, with a line per reader in place of the consumer's
//     line 0 constants      [ MAGIC | CAPACITY | FRAME_BYTES_MAX | RESETS | READERS ]
//     lines 1 and 3         as above; line 2 is unused
//     line 4 + i, reader i  [ CURSOR | READER ]
//     then                  data and spill
//
//   WANT_ROOM holds the free bytes that the producer waits for, 0 when it does not wait.
//   IN_HAND is a position, a multiple of 8; its bit 0 tells that the frame there is in the consumer's hand.
//   CURSOR is a position, too; its low bits tell the state: 0 detached, 1 attached, 3 joining.
//
//   A frame starts on a multiple of 8 and is never split: one that begins near the end of the data runs on into the
//   spill, which no other frame uses, so that both sides see contiguous bytes without a wrap case.
//
//     byte 0        4               8
//         [ LENGTH | LENGTH ^ SEAL | payload: LENGTH bytes, padded to a multiple of 8 ]
//
//   TAIL, HEAD, IN_HAND and CURSOR count bytes and wrap at 2^32; differences are taken modulo 2^32.
//
//   Doorbell (one per consumer thread)
//     line 0 producers    0 [ READY (bit i: lane i has something to look at) ]
//     line 1 both        16 [ PARKED | BELL | CONTROL                        ]   PARKED: 0, or the number of the park
//     line 2 consumer    32 [ TURN | HANDLED | PARKS                         ]
//
//   Tally board (one per coordinator)
//     line 0 constants    0 [ SLOTS | VOTERS | STRIDE ]
//     line 1 voters      16 [ DECIDED bit map: SLOTS / 32 words ]
//     then SLOTS records of STRIDE words:
//         [ GENERATION | NEEDED | SENT | RESTARTS | voter 0: VOTED_GENERATION, VOTE | voter 1: ... ]
//     A voter writes VOTE, then its generation, which is what makes the vote count.

// Offsets are written out, so that the declarations of the types need no inference: a line has 16 words.
export const LINE_WORDS = 16;

export const RING_MAGIC = 0x51_52_49_4e; // "QRIN"
export const RING = {
  MAGIC: 0,
  CAPACITY: 1,
  FRAME_BYTES_MAX: 2,
  RESETS: 3,
  READERS: 4,
  TAIL: 16,
  PRODUCER: 17,
  FULL_COUNT: 18,
  HEAD: 32,
  IN_HAND: 33,
  CONSUMER: 34,
  WANT_ROOM: 48,
  QUARANTINED: 49,
  DATA_BYTE: 256,
} as const;

/** Bit of IN_HAND. */
export const HELD = 1;
/** Takes a position out of IN_HAND or CURSOR. */
export const POSITION_MASK: number = ~7;

export const BROADCAST_MAGIC = 0x51_42_52_4f; // "QBRO"
export const BROADCAST = {
  /** Where the line of reader 0 begins, in words. */
  READERS_LINE: 64,
  CURSOR: 0,
  READER: 1,
} as const;
/** States of a CURSOR. A joining cursor holds the producer back already, and may not be read from yet. */
export const DETACHED = 0;
export const ATTACHED = 1;
export const JOINING = 3;
export const CURSOR_STATE_MASK = 7;

export const FRAME_HEADER_BYTES = 8;
/** Tells a frame header from other bytes: a flipped bit in either word is noticed. */
export const FRAME_SEAL = 0x5a5a_1234;

export const DOORBELL = {
  READY: 0,
  PARKED: 16,
  BELL: 17,
  CONTROL: 18,
  TURN: 32,
  HANDLED: 33,
  PARKS: 34,
  WORDS: 48,
} as const;

export const TALLY = {
  SLOTS: 0,
  VOTERS: 1,
  STRIDE: 2,
  DECIDED: 16,
  RECORD: { GENERATION: 0, NEEDED: 1, SENT: 2, RESTARTS: 3, VOTES: 4 },
} as const;
