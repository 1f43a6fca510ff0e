// Writes the frames of a coordinator's questions into its links.
import { isNone } from '../protocol/ballot.ts';
import type { Ballot } from '../protocol/ballot.ts';
import type { Lineage } from '../protocol/lineage.ts';
import type { LargeLane, Link } from './environment.ts';
import type { Operation, Phase } from './operation.ts';
import {
  ACCEPT,
  INQUIRE,
  KIND_BITS,
  NEXT_WORDS,
  NO_VALUE,
  PREPARE,
  READ,
  REQUEST,
  copyWords,
  padded,
  valueBytesInFrame,
  writeBallot,
} from './wire.ts';
import type { FrameViews } from './wire.ts';

/** Bytes of the frame that an operation is first sent in. */
export function requestBytes({ kind, keyBytes, valueBytes }: Operation): number {
  return REQUEST.BYTES + padded(keyBytes) + (kind === 'put' || kind === 'inquiry' ? valueBytesInFrame(valueBytes) : 0);
}

/** What an accept asks to be promised that asks for nothing. */
const NO_BALLOT: Ballot = Object.freeze({ high: 0, low: 0 });

/** The sending side of a coordinator. Lists are by replica. */
export class RequestSender {
  readonly #links: readonly Link[];
  readonly #large: readonly LargeLane[];

  constructor(links: readonly Link[], large: readonly LargeLane[]) {
    this.#links = links;
    this.#large = large;
  }

  /** Sends the operation's question. @returns the replicas among `replicas` whose links had room, as a mask. */
  send(operation: Operation, replicas: number): number {
    writeHeader(operation);
    let sent = 0;
    for (let replica = 0; replicas >>> replica !== 0; replica++) {
      const bit = 1 << replica;
      if ((replicas & bit) !== 0 && this.#sendTo(operation, replica)) sent |= bit;
    }
    return sent;
  }

  #sendTo(operation: Operation, replica: number): boolean {
    const { phase } = operation;
    if (phase === 'read' || phase === 'prepare') return this.#sendKey(operation, replica);
    const isOwn = phase === 'accept' || phase === 'inquire' || (phase === 'finish' && !operation.adopts);
    return isOwn ? this.#sendOwn(operation, replica) : this.#sendNewest(operation, replica);
  }

  #sendOwn({ request, large, keyBytes, valueBytes, change }: Operation, replica: number): boolean {
    const link = this.#links[replica]!;
    const keyEnd = REQUEST.BYTES + padded(keyBytes);
    const byteLength = keyEnd + valueBytesInFrame(valueBytes);
    const tailWords = change === undefined ? 0 : tailWordsOf(change.lineage, change.next);
    const start = link.claim(tailWords === 0 ? byteLength : padded(byteLength) + 4 * tailWords);
    if (start < 0) return false;
    request.words[REQUEST.VALUE_BYTES] = valueBytes;
    request.words[REQUEST.TAIL_WORDS] = tailWords;
    if (large !== undefined) {
      request.words[keyEnd >> 2] = this.#large[replica]!.send(large);
      request.words[(keyEnd >> 2) + 1] = large.byteLength;
    }
    copyWords(request, 0, link, start, byteLength);
    if (tailWords !== 0) writeTail(link, start + padded(byteLength), change!.lineage, change!.next);
    link.commit();
    return true;
  }

  #sendKey({ request, keyBytes }: Operation, replica: number): boolean {
    const link = this.#links[replica]!;
    const byteLength = REQUEST.BYTES + padded(keyBytes);
    const start = link.claim(byteLength);
    if (start < 0) return false;
    request.words[REQUEST.VALUE_BYTES] = NO_VALUE;
    request.words[REQUEST.TAIL_WORDS] = 0;
    copyWords(request, 0, link, start, byteLength);
    link.commit();
    return true;
  }

  #sendNewest({ request, keyBytes, newest, change }: Operation, replica: number): boolean {
    const link = this.#links[replica]!;
    const { valueBytes, value, large, lineage } = newest;
    const keyEnd = REQUEST.BYTES + padded(keyBytes);
    const byteLength = keyEnd + valueBytesInFrame(valueBytes);
    const next = change?.next ?? NO_BALLOT;
    const tailWords = tailWordsOf(lineage, next);
    const start = link.claim(tailWords === 0 ? byteLength : padded(byteLength) + 4 * tailWords);
    if (start < 0) return false;
    request.words[REQUEST.VALUE_BYTES] = valueBytes;
    request.words[REQUEST.TAIL_WORDS] = tailWords;
    copyWords(request, 0, link, start, keyEnd);
    if (large !== undefined) {
      link.words[(start + keyEnd) >> 2] = this.#large[replica]!.send(large);
      link.words[((start + keyEnd) >> 2) + 1] = large.byteLength;
    } else if (valueBytes > 0) {
      copyWords(value, 0, link, start + keyEnd, valueBytes);
    }
    if (tailWords !== 0) writeTail(link, start + padded(byteLength), lineage, next);
    link.commit();
    return true;
  }
}

function tailWordsOf(lineage: Lineage, next: Ballot): number {
  return lineage.length === 0 && isNone(next) ? 0 : NEXT_WORDS + lineage.length;
}

function writeTail({ words }: FrameViews, start: number, lineage: Lineage, next: Ballot): void {
  const at = start >> 2;
  writeBallot(words, at, next);
  for (let index = 0; index < lineage.length; index++) words[at + NEXT_WORDS + index] = lineage.words[index]!;
}

function kindOf(phase: Phase): number {
  if (phase === 'read') return READ;
  if (phase === 'prepare') return PREPARE;
  return phase === 'inquire' ? INQUIRE : ACCEPT;
}

function writeHeader({ request, phase, slot, generation, ballot, root, configuration }: Operation): void {
  const { words } = request;
  words[REQUEST.KIND] = kindOf(phase) | (configuration << KIND_BITS);
  words[REQUEST.SLOT] = slot;
  words[REQUEST.GENERATION] = generation;
  writeBallot(words, REQUEST.BALLOT, ballot);
  writeBallot(words, REQUEST.ROOT, root);
}
