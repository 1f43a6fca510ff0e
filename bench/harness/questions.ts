// The questions that several files answer, worded once, so that their figures meet in one run.

/** One thread sends 32 bytes at a time to another, which reads every word of them: in `frames/s`. */
export const ONE_WAY = 'one-way, 32-byte frames';
/** 32 bytes there and 32 bytes back, one at a time, both sides asleep in between: in `round trips/s`. */
export const PING_PONG = 'ping-pong, 32 bytes, both sides parked';
/** The main thread asks one worker to add two numbers, a promise each: in `asks/s`. */
export const ASK_64 = 'ask at 64 in flight';
export const ASK_1 = 'ask at depth 1';
/** The main thread writes or reads one of 1,024 keys, a promise each, 256 of them pending: in `ops/s`. */
export const PUT_256 = 'put, 16-byte values, 256 in flight';
export const GET_256 = 'get, 16-byte values, 256 in flight';
