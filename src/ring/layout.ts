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
//   A frame starts on a multiple of 8 and is never split: one that begins near the end of the data runs on into the
//   spill, which no other frame uses, so that both sides see contiguous bytes without a wrap case.
//
//     byte 0        4               8
//         [ LENGTH | LENGTH ^ SEAL | payload: LENGTH bytes, padded to a multiple of 8 ]
//
//   TAIL, HEAD and IN_HAND count bytes and wrap at 2^32; differences are taken modulo 2^32.
//
//   Doorbell (one per consumer thread)
//     line 0 producers    0 [ READY (bit i: lane i has something to look at) ]
//     line 1 both        16 [ PARKED | BELL | CONTROL                        ]
//     line 2 consumer    32 [ TURN | HANDLED | PARKS                         ]
//
//   Tally board (one per coordinator)
//     line 0 constants    0 [ SLOTS | VOTERS | STRIDE ]
//     line 1 voters      16 [ DECIDED bit map: SLOTS / 32 words ]
//     then SLOTS records of STRIDE words:
//         [ GENERATION | NEEDED | SENT | RESTARTS | voter 0: VOTED_GENERATION, VOTE | voter 1: ... ]
//     A voter writes VOTE, then its generation, which is what makes the vote count.

export const LINE_WORDS = 16;

export const RING_MAGIC = 0x51_52_49_4e; // "QRIN"
export const RING = {
  MAGIC: 0,
  CAPACITY: 1,
  FRAME_BYTES_MAX: 2,
  RESETS: 3,
  TAIL: LINE_WORDS,
  PRODUCER: LINE_WORDS + 1,
  FULL_COUNT: LINE_WORDS + 2,
  HEAD: 2 * LINE_WORDS,
  IN_HAND: 2 * LINE_WORDS + 1,
  CONSUMER: 2 * LINE_WORDS + 2,
  WANT_ROOM: 3 * LINE_WORDS,
  QUARANTINED: 3 * LINE_WORDS + 1,
  DATA_BYTE: 4 * LINE_WORDS * 4,
} as const;

export const FRAME_HEADER_BYTES = 8;
/** Tells a frame header from other bytes: a flipped bit in either word is noticed. */
export const FRAME_SEAL = 0x5a5a_1234;

export const DOORBELL = {
  READY: 0,
  PARKED: LINE_WORDS,
  BELL: LINE_WORDS + 1,
  CONTROL: LINE_WORDS + 2,
  TURN: 2 * LINE_WORDS,
  HANDLED: 2 * LINE_WORDS + 1,
  PARKS: 2 * LINE_WORDS + 2,
  WORDS: 3 * LINE_WORDS,
} as const;

export const TALLY = {
  SLOTS: 0,
  VOTERS: 1,
  STRIDE: 2,
  DECIDED: LINE_WORDS,
  RECORD: { GENERATION: 0, NEEDED: 1, SENT: 2, RESTARTS: 3, VOTES: 4 },
} as const;
