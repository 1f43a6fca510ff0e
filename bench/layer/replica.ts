// One replica, without threads: frames of a coordinator in, votes and replies out. What a put and a get cost each of
// the five replicas, but for the rings and for being woken.
//
//     main: 1,024 frames in ordinary memory -> Replica.receive -> votes or replies that are thrown away
import { mutableBallot } from '../../src/protocol/ballot.ts';
import type { LargeLane, Link } from '../../src/replica/environment.ts';
import { writeKey, writtenKey } from '../../src/replica/key-bytes.ts';
import { ClientLane, Replica } from '../../src/replica/replica.ts';
import { ACCEPT, READ, REQUEST, padded, writeBallot } from '../../src/replica/wire.ts';
import type { FrameViews } from '../../src/replica/wire.ts';
import { inThread } from '../harness/in-thread.ts';
import { expectAnswer } from '../harness/subject.ts';
import type { Contender, Subject } from '../harness/subject.ts';

const KEYS = 1024;
const VALUE_BYTES = 16;
const FRAME_BYTES = 1280; // Room for the longest key, which writeKey asks for.

export const subjects: readonly Subject[] = [
  { question: 'accept a 16-byte value in one replica', subject: 'replica', unit: 'ops/s', open: () => open(ACCEPT) },
  { question: 'read a 16-byte value in one replica', subject: 'replica', unit: 'ops/s', open: () => open(READ) },
];

function open(kind: typeof ACCEPT | typeof READ): Promise<Contender> {
  let granted = 0;
  let replies = 0;
  const votes = {
    vote: (_slot: number, _generation: number, _voter: number, vote: 1 | 2 | 3): boolean => {
      if (vote === 1) granted++;
      return false;
    },
  };
  const link = sink(() => {
    replies++;
  });
  const lane = new ClientLane({ link, votes, large: NO_LARGE });
  const replica = new Replica({ index: 0, epoch: 1, bytesMax: 2 ** 30, recovery: undefined, peers: [] });
  const accepts = views(KEYS * FRAME_BYTES);
  const reads = views(KEYS * FRAME_BYTES);
  for (let key = 0; key < KEYS; key++) {
    writeRequest(accepts, key, ACCEPT);
    writeRequest(reads, key, READ);
  }
  const ballot = mutableBallot();
  const accept = (): void => {
    granted = 0;
    for (let key = 0; key < KEYS; key++) {
      const start = key * FRAME_BYTES;
      ballot.low = (ballot.low + 1) | 0;
      if (ballot.low === 0) ballot.high++;
      writeBallot(accepts.words, (start >> 2) + REQUEST.BALLOT, ballot);
      writeBallot(accepts.words, (start >> 2) + REQUEST.ROOT, ballot);
      replica.receive(lane, accepts, start);
    }
    lane.castVotes(0, 1);
    expectAnswer(granted, KEYS, 'the number of votes that grant');
  };
  const read = (): void => {
    replies = 0;
    for (let key = 0; key < KEYS; key++) replica.receive(lane, reads, key * FRAME_BYTES);
    lane.castVotes(0, 1);
    expectAnswer(replies, KEYS, 'the number of replies');
  };
  const check = (): void => {
    accept();
    read();
    expectAnswer(replica.table.size, KEYS, 'the number of keys');
  };
  return inThread({ check, run: kind === ACCEPT ? accept : read, operations: KEYS });
}

const NO_LARGE: LargeLane = {
  send: () => {
    throw new Error('No value is large here');
  },
  take: () => undefined,
};

/** A link whose frames nobody reads. */
function sink(onCommit: () => void): Link {
  return { ...views(FRAME_BYTES), claim: () => 0, commit: onCommit, hasRoomFor: () => true };
}

function writeRequest(frame: FrameViews, key: number, kind: number): void {
  const start = key * FRAME_BYTES;
  const at = start >> 2;
  writeKey(`key-${String(key).padStart(6, '0')}`, frame, start + REQUEST.BYTES);
  frame.words[at + REQUEST.KIND] = kind;
  frame.words[at + REQUEST.SLOT] = key;
  frame.words[at + REQUEST.GENERATION] = 1;
  frame.words[at + REQUEST.HASH] = writtenKey.hash;
  frame.words[at + REQUEST.KEY_BYTES] = writtenKey.byteLength;
  frame.words[at + REQUEST.VALUE_BYTES] = kind === ACCEPT ? VALUE_BYTES : 0;
  if (kind !== ACCEPT) return;
  const valueStart = start + REQUEST.BYTES + padded(writtenKey.byteLength);
  frame.bytes.fill(7, valueStart, valueStart + VALUE_BYTES);
}

function views(byteLength: number): FrameViews {
  const buffer = new ArrayBuffer(byteLength);
  return { words: new Int32Array(buffer), bytes: new Uint8Array(buffer) };
}
