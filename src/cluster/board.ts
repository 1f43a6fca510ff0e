// The shared words of a cluster, in one buffer that every thread of it maps. Drawn once:
//
//   words    0  [ MAGIC | PLACES | STATE | REFERENCES | RESETS | CLAIMS | CHAIR (see chair-seat.ts) ]
//           12  [ CONFIGURATION ] (see shared-configurations.ts)
//           16  [ TAG low, TAG high ] (one 64-bit counter)
//           18  [ ERASED low, ERASED high ] (one 64-bit word, see erased-floor.ts)
//           32  client table (see client-life.ts): CLIENT_PLACES claims, then 48 ARMED
//           64  status board (see ring/epoch-table.ts): epochs, restart counter, states
//          128  client table: PROBED
//          144  replica counters: per replica one line [ KEYS | BYTES / 1024 | FAULT | COLLECTED | CONFIGURATION ]
//          then one doorbell per replica, then one per client, then the records of two configurations
//
// A thread reads what it likes at any time; who writes a word is said where it is written.
import { assert } from '../base/assert.ts';
import { CLIENT_PLACES, REPLICAS_MAX } from '../base/limits.ts';
import { CLUSTER_OPEN } from '../replica/environment.ts';
import type { ClusterLifeWords } from '../replica/environment.ts';
import { Doorbell } from '../ring/doorbell.ts';
import { DOORBELL, LINE_WORDS } from '../ring/layout.ts';
import { sharedMemory } from '../ring/memory.ts';
import type { SharedMemory } from '../ring/memory.ts';
import { ChairSeat } from '../replica/chair-seat.ts';
import { seatWord } from './seat-word.ts';
import { ClientTable } from './client-life.ts';
import { CONFIGURATION_RECORDS_WORDS, SharedConfigurations } from './shared-configurations.ts';

const MAGIC = 0x51_43_4c_55; // "QCLU"
const AT = {
  MAGIC: 0,
  PLACES: 1,
  STATE: 2,
  REFERENCES: 3,
  RESETS: 4,
  CLAIMS: 5,
  CHAIR: 6,
  CONFIGURATION: 12,
  TAG: 16,
  ERASED: 18,
  CLIENTS: 32,
  ARMED: 48,
  EPOCHS: 64,
  PROBED: 128,
  COUNTERS: 144,
} as const;
const DOORBELLS = AT.COUNTERS + REPLICAS_MAX * LINE_WORDS;
const RECORDS = DOORBELLS + (REPLICAS_MAX + CLIENT_PLACES) * DOORBELL.WORDS;
const WORDS = RECORDS + CONFIGURATION_RECORDS_WORDS;

/** Word of the epoch table in the board. */
export const EPOCH_TABLE_WORD: number = AT.EPOCHS;
/** Word of the tag counter in the board; a multiple of 2. */
export const TAG_WORD: number = AT.TAG;
/** Word of the floor of erased deletions in the board; a multiple of 2. */
export const ERASED_WORD: number = AT.ERASED;

/** Per replica counters, for whoever looks. */
export const COUNTER = { KEYS: 0, KIBIBYTES: 1, FAULT: 2, COLLECTED: 3, CONFIGURATION: 4 } as const;

/** Allocates the board of a cluster. */
export function createBoard(places: number): SharedArrayBuffer {
  const board = new SharedArrayBuffer(4 * WORDS);
  const memory = sharedMemory(board);
  memory.words[AT.PLACES] = places;
  memory.words[AT.STATE] = CLUSTER_OPEN;
  memory.words[AT.MAGIC] = MAGIC;
  return board;
}

/** Whether a buffer is what {@link createBoard} made. */
export function isBoard(buffer: SharedArrayBuffer): boolean {
  return buffer.byteLength === 4 * WORDS && sharedMemory(buffer).words[AT.MAGIC] === MAGIC;
}

/** A thread's view of the board. */
export class ClusterBoard implements ClusterLifeWords {
  readonly memory: SharedMemory;
  /** Places for replicas, of which some are taken. */
  readonly places: number;
  readonly clients: ClientTable;
  readonly chair: ChairSeat;
  readonly configurations: SharedConfigurations;

  constructor(memory: SharedMemory) {
    assert(memory.words[AT.MAGIC] === MAGIC, 'The memory holds a cluster board');
    this.memory = memory;
    this.places = memory.words[AT.PLACES]!;
    const layout = { claims: AT.CLIENTS, armed: AT.ARMED, probed: AT.PROBED, counter: AT.CLAIMS };
    this.clients = new ClientTable(memory, layout);
    this.chair = new ChairSeat(seatWord(memory, AT.CHAIR));
    this.configurations = new SharedConfigurations(memory, { number: AT.CONFIGURATION, records: RECORDS });
  }

  /** Life of the cluster; the supervisor's thread writes it. */
  get state(): number {
    return this.memory.atomics.load(this.memory.words, AT.STATE);
  }

  set state(state: number) {
    this.memory.atomics.store(this.memory.words, AT.STATE, state);
  }

  get resets(): number {
    return this.memory.atomics.load(this.memory.words, AT.RESETS);
  }

  /** Counts a reset; the supervisor's thread, before the cluster is open again. */
  countReset(): void {
    this.memory.atomics.add(this.memory.words, AT.RESETS, 1);
  }

  /** A number for a large value on its way, used by nobody else in this cluster. Any thread. */
  nextReference(): number {
    return this.memory.atomics.add(this.memory.words, AT.REFERENCES, 1);
  }

  /** A replica's doorbell. */
  replicaBell(replica: number): Doorbell {
    return new Doorbell(this.memory, DOORBELLS + replica * DOORBELL.WORDS);
  }

  /** A client's doorbell. */
  clientBell(client: number): Doorbell {
    return new Doorbell(this.memory, DOORBELLS + (REPLICAS_MAX + client) * DOORBELL.WORDS);
  }

  /** A replica's counter. */
  counter(replica: number, counter: number): number {
    return this.memory.atomics.load(this.memory.words, AT.COUNTERS + replica * LINE_WORDS + counter);
  }

  /** Sets a replica's counter; the replica's thread, or for FAULT whoever injects one. */
  setCounter(replica: number, counter: number, value: number): void {
    this.memory.atomics.store(this.memory.words, AT.COUNTERS + replica * LINE_WORDS + counter, value);
  }

  /** Takes a replica's counter and clears it; the replica's thread. */
  takeCounter(replica: number, counter: number): number {
    return this.memory.atomics.exchange(this.memory.words, AT.COUNTERS + replica * LINE_WORDS + counter, 0);
  }
}
