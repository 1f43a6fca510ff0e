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

/** One thread adds 1 to a number that many may change at once, a promise each, so many pending: in `ops/s`. */
export const INCREMENT_1 = 'increment, one key, 1 in flight';
export const INCREMENT_8 = 'increment, one key, 8 in flight';
export const INCREMENT_64 = 'increment, one key, 64 in flight';
export const INCREMENT_64_KEYS = 'increment, 64 keys, 64 in flight';

/** An object of five fields becomes bytes and an equal object again: in `ops/s` of one thread. */
export const SERIALIZE = 'encode and decode a small object';
/** From nothing to five threads that answer, in a fresh process: in `ms`. */
export const OPEN_5 = 'open 5 replicas in a fresh process';
/** What five threads add to a fresh process, each (resident set): in `MiB`. */
export const MEMORY_5 = 'memory of each of 5 empty replicas';
