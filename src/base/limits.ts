// Every bound of Quorate has its name here: queues, retries, batches, caches, waits. Sizes are powers of two where a
// ring wraps by masking.

/** Most replicas of one cluster: votes are bit masks, and each replica listens to every other. */
export const REPLICAS_MAX = 9;
/** Most voters of one quorum system: a set of them is a mask in a signed 32-bit word, its sign bit unused. */
export const VOTERS_MAX = 31;
/** Most client threads (main included) that are connected to one cluster at a time. */
export const CLIENTS_MAX = 16;
/** Lanes that one ready mask can name: a signed 32-bit word, its sign bit unused. */
export const LANES_MAX = 31;

/** Bytes that one ring holds unless configured. */
export const RING_BYTES_DEFAULT = 64 * 1024;
/** Smallest and largest ring. */
export const RING_BYTES_MIN = 64;
export const RING_BYTES_MAX = 1 << 28;

/** Longest key, in UTF-8 bytes. */
export const KEY_BYTES_MAX = 1024;
/** Longest value, in encoded bytes. */
export const VALUE_BYTES_MAX = 16 * 1024 * 1024;
/** Longest value that travels inside a ring frame; longer ones lie in a shared buffer and travel by reference. */
export const INLINE_BYTES_MAX = 4096;

/** Operations of one client that may await votes at once; further ones queue in the client. */
export const WINDOW_SLOTS = 1024;
/** Operations of one client that may be pending at all before `ERR_QUORATE_OVERLOADED`. */
export const PENDING_MAX = 65_536;
/** Sub-maps of a key table: no structure of a replica grows by one large reallocation. */
export const KEY_TABLE_SHARDS = 256;

/** Deadline of an operation or ask unless given, in milliseconds. */
export const TIMEOUT_MS_DEFAULT = 5_000;
/** Longest deadline: a 32-bit timer, in milliseconds. */
export const TIMEOUT_MS_MAX = 2_147_483_647;
