// Every bound of Quorate has its name here: queues, retries, batches, caches, waits. Sizes are powers of two where a
// ring wraps by masking.

/**
 * Most replicas of one cluster: votes are bit masks, and each replica listens to every other. With CLIENT_PLACES they
 * fill the 31 lanes of a ready mask, and with one more the owner of a ring would no longer name its replica.
 */
export const REPLICAS_MAX = 15;
/** Most voters of one quorum system: a set of them is a mask in a signed 32-bit word, its sign bit unused. */
export const VOTERS_MAX = 31;
/** Most voters of a quorum system that is asked through a table: one of 15 voters has 4 KiB. */
export const QUORUM_TABLE_VOTERS_MAX = 15;
/** Members of a quorum system, those of its members counted, and how deep they may be nested. */
export const QUORUM_MEMBERS_MAX = 4096;
export const QUORUM_DEPTH_MAX = 16;
/** Sets of replicas that reads at the quorum choose from, where a system says which sets are quorums. */
export const READ_SETS_MAX = 64;
/** The systems of a cluster, as JSON text: two memberships, old and new, lie in its shared memory side by side. */
export const QUORUM_TEXT_BYTES_MAX = 12_288;
/** Cases that tell a quorum system's sets of voters apart; only weights that differ much need many. */
export const QUORUM_CASES_MAX = 65_536;
/** Minimal quorums that are listed. */
export const QUORUMS_LISTED_MAX = 65_536;
/** Largest weight of one voter: the sum over all of them is exact. */
export const WEIGHT_MAX = 1_000_000_000;
/** Most client threads (main included) that are connected to one cluster at a time. */
export const CLIENTS_MAX = 15;
/** Places in the client table of a cluster: the last one is for the client inside of the chair. */
export const CLIENT_PLACES: number = CLIENTS_MAX + 1;
/** Lanes that one ready mask can name: a signed 32-bit word, its sign bit unused. */
export const LANES_MAX = 31;

/** Most readers of one broadcast ring: its producer looks at every cursor when it runs out of room. */
export const READERS_MAX = 31;

/** Bytes that one ring holds unless configured. */
export const RING_BYTES_DEFAULT: number = 64 * 1024;
/** Smallest and largest ring. */
export const RING_BYTES_MIN = 64;
export const RING_BYTES_MAX: number = 1 << 28;

/** Most looks for work before a thread parks: about 40 us, what waking it costs (5 to 60 us measured). */
export const SPIN_LOOKS_MAX = 1024;
/** Most waits in a row without a look before parking, after looks that found nothing. */
export const LOOKS_LEFT_OUT_MAX = 64;

/** Deletions that one collector asks all replicas about at a time, and expired values that it deletes. */
export const COLLECT_CONFIRMS_MAX = 32;

/** Longest key, in UTF-8 bytes. */
export const KEY_BYTES_MAX = 1024;
/** Longest value, in encoded bytes. */
export const VALUE_BYTES_MAX: number = 16 * 1024 * 1024;
/** Longest time after which a value may expire, in milliseconds: 34 years, which a double counts exactly. */
export const TTL_MS_MAX: number = 2 ** 40;
/** Longest value that travels inside a ring frame; longer ones lie in a shared buffer and travel by reference. */
export const INLINE_BYTES_MAX: number = 4096 + 64; // A page of bytes and what says that it is bytes.

/** Deepest nesting of objects, arrays and collections in a message or value. */
export const PLAIN_DEPTH_MAX = 100;
/** Most classes that may cross threads by a codec of their own. */
export const CLASS_CODECS_MAX = 1024;

/** Messages that one mailbox or one sender's backlog holds unless configured, and at most. */
export const MAILBOX_MESSAGES_DEFAULT = 1024;
export const MAILBOX_MESSAGES_MAX = 65_536;
/** Messages of the system lane that wait at once: stop, watch and the like, few and small. */
export const SYSTEM_MESSAGES_MAX = 256;
/** Bytes of the ring of the system lane. */
export const SYSTEM_RING_BYTES: number = 16 * 1024;
/** User frames taken from one sender before the next sender has its turn. */
export const LANE_FRAMES_PER_TURN = 64;
/** Frames after which a sender shows its receiver what it has, while it goes on sending. */
export const EARLY_FRAMES = 16;
/** Dead letters kept for looking at; all are counted. */
export const DEAD_LETTERS_KEPT = 128;
/** Types of messages that one vocabulary holds: a frame names them with 16 bits. */
export const MESSAGE_TYPES_MAX = 65_536;
/** Fields of one fixed layout. */
export const LAYOUT_FIELDS_MAX = 128;
/** Bytes beside the ring for which a marker takes one byte in the ring: bounds what lies beside it. */
export const SLOW_LANE_WEIGHT = 1024;
/** Longest wait for room before looking again, in milliseconds: a receiver that died wakes nobody. */
export const ROOM_LOOK_MS = 1000;

/** Large values that may have arrived on a lane before the frames that name them. */
export const LARGE_PENDING_MAX = 64;

/** Longest answer of one replica to an inquiry, in bytes: the rings of a cluster hold 16 KiB or more. */
export const INQUIRY_BYTES_MAX: number = 8 * 1024;

/** Topics of one cluster: a replica keeps a state for each. */
export const TOPICS_MAX = 64;
/** Longest payload of a proposal, encoded: it travels in the question of an inquiry, beside its id. */
export const PROPOSAL_BYTES_MAX: number = 6 * 1024;
/** Longest id of a proposal, and longest reason of a vote that is kept, in characters. */
export const PROPOSAL_ID_LENGTH_MAX = 128;
export const REASON_LENGTH_MAX = 256;
/** Proposals of one client that may be under way at once. */
export const PROPOSALS_MAX = 1024;
/** Rounds of one proposal in which votes were missing, at most. */
export const PROPOSAL_RETRIES_MAX = 100;
/**
 * Decisions of a topic whose records are kept whole, and whose ids every voter remembers; of older ones a mark is left,
 * so that their places are never taken again.
 */
export const DECISIONS_KEPT = 1024;
/** Decisions that a voter can tell another one by one; who lacks more is told its whole state. */
export const DECISIONS_TOLD_MAX = 64;

/** Operations of one client that may await votes at once; further ones queue in the client. */
export const WINDOW_SLOTS = 1024;
/** Operations of one client that may be pending at all before `ERR_QUORATE_OVERLOADED`. */
export const PENDING_MAX = 65_536;
/** Keys of one sorted list of a replica; a longer one is cut into two. */
export const KEY_BLOCK_ENTRIES_MAX = 512;
/** Keys that a replica puts in order in one go, a few milliseconds, before others have their turn. */
export const KEY_ORDER_STEP_ENTRIES = 1024;
/** Stored entries that a replica remembers the order of, for those who watch. */
export const JOURNAL_ENTRIES = 32_768;
/** Those of them that it looks at for one answer. */
export const JOURNAL_ENTRIES_PER_ANSWER = 512;
/** A read is hedged no earlier and no later than this; in between, after what 95 of 100 reads take. */
export const HEDGE_MS_MIN = 0.2;
export const HEDGE_MS_MAX = 12;
/** Frames of hedges for each frame of a read, at most; and how many may be saved up. */
export const HEDGE_SHARE_MAX = 0.1;
export const HEDGE_FRAMES_MAX = 256;
/** Sub-maps of a key table: no structure of a replica grows by one large reallocation. */
export const KEY_TABLE_SHARDS = 256;

/** Leaves of the tree of digests that replicas are compared by, and its nodes: one a sub-map of a key table. */
export const DIGEST_LEAVES = 4096;
export const DIGEST_NODES: number = KEY_TABLE_SHARDS;
/** Entries, or bytes of values, that a replica looks at for one question about digests: some milliseconds at most. */
export const DIGEST_ENTRIES_PER_PIECE = 4096;
export const DIGEST_BYTES_PER_PIECE: number = 256 * 1024;
/** Keys that one client remembers to repair because a replica's ring was full, and repairs of those at once. */
export const OMISSIONS_MAX = 4096;
export const OMISSIONS_AT_ONCE = 8;
/** Time for the repair of one such key, in milliseconds; then it waits again. */
export const OMISSION_TIMEOUT_MS = 1_000;
/** Reads between two flushes that send what they return to replicas that are behind. */
export const READ_REPAIRS_PER_FLUSH = 32;

/** Keys and leaves that one repair has in hand at a time, and comparisons of all replicas that it makes at most. */
export const REPAIR_KEYS_AT_ONCE = 64;
export const REPAIR_LEAVES_AT_ONCE = 16;
export const REPAIR_ROUNDS_MAX = 4;
/** Corrupt keys that one repair names; all are counted. */
export const REPAIR_KEYS_NAMED_MAX = 100;
/** Deadline of a repair unless given, and how long it waits for one replica or for one key, in milliseconds. */
export const REPAIR_TIMEOUT_MS_DEFAULT = 30_000;
export const REPAIR_PATIENCE_MS = 1_000;

/** Threads that one keeper fills, and the blank threads that it holds ready. */
export const SLOTS_MAX = 64;
export const STANDBYS_MAX = 64;
/** Wait for a new thread to say that it has loaded, in milliseconds. */
export const START_MS_MAX = 30_000;
/** Wait for a terminated thread to exit, in milliseconds. */
export const END_MS_MAX = 10_000;

/** Messages that an actor takes before it shows its answers, and batches before its thread's timers have a turn. */
export const ACTOR_BATCH_MESSAGES = 256;
export const ACTOR_BATCHES_PER_TURN = 16;
/** Longest sleep of an actor's thread that blocks, in milliseconds. */
export const PARK_MS_MAX = 1_000;
/** How often the deadlines of asks are looked at, in milliseconds. */
export const ASK_TICK_MS = 25;
/**
 * Longest time that a thread with an event loop blocks for what may come at once, in milliseconds: about a wake-up.
 * Naps of 20 ms made asks at depth 1 twice as fast where both ends have event loops and the cores are busy, we think
 * because setting so short a timer is dear in a virtual machine; but that is no time to stop an event loop.
 */
export const NAP_MS = 0.05;

/** Keys that the cache of one client holds at most, and its bytes unless configured and at most. */
export const CACHE_KEYS_MAX = 65_536;
export const CACHE_BYTES_DEFAULT: number = 8 * 1024 * 1024;
export const CACHE_BYTES_MAX: number = 2 ** 30;

/** Keys that a session remembers unless told, and at most. */
export const SESSION_KEYS_DEFAULT = 128;
export const SESSION_KEYS_MAX = 1024;

/** Writes at level `available` that one client finishes later, and bytes of them. */
export const AVAILABLE_HINTS_MAX = 512;
export const AVAILABLE_HINT_BYTES_MAX: number = 64 * 1024 * 1024;
/** Hints that are tried at once, the deadline of a try, and the wait between two tries of one, in milliseconds. */
export const HINT_TRIES_MAX = 16;
export const HINT_TRY_MS = 2_000;
export const HINT_PAUSE_MS = 50;

/** Values of one key that were written without knowledge of each other; a further one is a conflict. */
export const SIBLINGS_MAX = 64;
/** Longest context of siblings, in characters; those that results give are much shorter. */
export const CONTEXT_LENGTH_MAX = 16_384;
/** Entries of one page of a scan unless told, and at most. */
export const SCAN_LIMIT_DEFAULT = 128;
export const SCAN_LIMIT_MAX = 1024;
/** A replica that does not list its keys within so long is passed over for another, in milliseconds. */
export const LIST_MS = 250;

/** Events that a watch holds for a slow reader unless told, and at most. */
export const WATCH_BUFFER_DEFAULT = 1024;
export const WATCH_BUFFER_MAX = 65_536;
/** Keys that a watch reads at once, and the time for one read, in milliseconds. */
export const WATCH_READS_MAX = 64;
export const WATCH_READ_MS = 1_000;
/** A watch that hears of nothing new asks again after so long, doubled from the first to the second; milliseconds. */
export const WATCH_REST_MS_MIN = 1;
export const WATCH_REST_MS_MAX = 16;

/** Deadline of an operation or ask unless given, in milliseconds. */
export const TIMEOUT_MS_DEFAULT = 5_000;
/** Longest deadline: a 32-bit timer, in milliseconds. */
export const TIMEOUT_MS_MAX = 2_147_483_647;

/** Longest body of an HTTP request unless configured, in bytes. */
export const HTTP_BODY_BYTES_MAX: number = 1024 * 1024;
/** HTTP connections that are served at once unless configured; further ones hear 503. */
export const HTTP_CONNECTIONS_MAX = 1024;
/** HTTP connections beyond those that are being told so at once; still further ones are dropped unheard. */
export const HTTP_REFUSALS_MAX = 256;
/** Wait for the head of an HTTP request, then for all of it, in milliseconds. */
export const HTTP_HEADERS_TIMEOUT_MS = 10_000;
export const HTTP_REQUEST_TIMEOUT_MS = 15_000;
/** Longest operation that an HTTP client may ask for, in milliseconds. */
export const HTTP_OPERATION_MS_MAX = 60_000;
/** An HTTP connection on which nothing moves for so long is closed; longer than any operation, in milliseconds. */
export const HTTP_IDLE_TIMEOUT_MS = 75_000;
/** How long a refused client's bytes are thrown away, so that it reads why before the reset, in milliseconds. */
export const HTTP_LINGER_MS = 500;
/** Wait for requests in flight when an HTTP server closes, in milliseconds. */
export const HTTP_CLOSE_TIMEOUT_MS = 10_000;
/** Nesting of a JSON document that an HTTP client sends. */
export const JSON_DEPTH_MAX = 64;
/** Idempotency keys whose outcome is remembered, and those in flight; unless configured. */
export const IDEMPOTENCY_KEYS_MAX = 16_384;
/** Longest idempotency key, in characters. */
export const IDEMPOTENCY_KEY_LENGTH_MAX = 255;

/** Most threads of the off-load pool. */
export const OFFLOAD_THREADS_MAX = 64;
/** Tasks that wait for a thread of the off-load pool before `ERR_QUORATE_OVERLOADED`. */
export const OFFLOAD_QUEUE_MAX = 4096;
/** A thread of the off-load pool that has nothing to do for so long ends, in milliseconds. */
export const OFFLOAD_IDLE_MS = 5_000;
