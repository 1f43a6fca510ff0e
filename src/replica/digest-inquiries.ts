// What a repair asks of a replica: the digests of the nodes, those of some nodes' leaves, what lies in a leaf. Each
// answer is a bounded piece of work: a replica that holds a million keys serves others in between.
//
//   NODE_DIGESTS   question [ FROM ]                     answer [ NEXT ] and two words a node, from FROM to NEXT - 1
//   LEAF_DIGESTS   question, a word a node               answer, for each of its leaves two words
//   LEAF_ENTRIES   question [ LEAF | HASH | SKIP | DEEP ]
//                  answer [ HASH | SKIP | COUNT ], and for each entry
//                         [ HASH | KEY_BYTES | ACCEPTED high, low | ROOT high, low | VALUE high, low | IS_DELETED ] key
//
// Entries come in the order of their hashes, from HASH on but for SKIP of those that have just that; the answer says
// where the next one goes on, with HASH -1 at the end. VALUE is the digest of the value where the question is DEEP.
import {
  DIGEST_BYTES_PER_PIECE,
  DIGEST_ENTRIES_PER_PIECE,
  DIGEST_LEAVES,
  DIGEST_NODES,
  INQUIRY_BYTES_MAX,
} from '../base/limits.ts';
import { DigestTree, LEAVES_PER_NODE, digest, digestValue, isDigested } from './digest-tree.ts';
import type { Holdings, Question } from './answerer.ts';
import type { Entry } from './key-table.ts';
import { NO_VALUE, padded, writeBallot } from './wire.ts';
import type { FrameViews } from './wire.ts';

/** Nodes whose leaves one question may ask for. */
export const NODES_PER_INQUIRY = 16;

const LEAF_QUESTION = { LEAF: 0, HASH: 1, SKIP: 2, DEEP: 3, WORDS: 4 } as const;
export const LEAF_ANSWER = { HASH: 0, SKIP: 1, COUNT: 2, WORDS: 3 } as const;
export const LEAF_ENTRY = { HASH: 0, KEY_BYTES: 1, ACCEPTED: 2, ROOT: 4, VALUE: 6, IS_DELETED: 8, WORDS: 9 } as const;

/** Answers NODE_DIGESTS. */
export function answerNodes(holdings: Holdings, question: Question, { words }: FrameViews): number {
  const from = wordOf(question, 0);
  if (from < 0 || from >= DIGEST_NODES) return 0;
  const digests = digestsOf(holdings);
  const next = digests.refresh(from, DIGEST_ENTRIES_PER_PIECE);
  words[0] = next;
  digests.writeNodes(from, next, words, 1);
  return 4 * (1 + 2 * (next - from));
}

/** Answers LEAF_DIGESTS. */
export function answerLeaves(holdings: Holdings, question: Question, { words }: FrameViews): number {
  const digests = digestsOf(holdings);
  const count = Math.min(question.wordCount, NODES_PER_INQUIRY);
  for (let index = 0; index < count; index++) {
    const node = wordOf(question, index) & (DIGEST_NODES - 1);
    digests.refresh(node, 1);
    digests.writeLeaves(node, words, 2 * LEAVES_PER_NODE * index);
  }
  return 8 * LEAVES_PER_NODE * count;
}

/** Answers LEAF_ENTRIES. */
export function answerEntries(holdings: Holdings, question: Question, { words, bytes }: FrameViews): number {
  const leaf = wordOf(question, LEAF_QUESTION.LEAF) & (DIGEST_LEAVES - 1);
  const fromHash = wordOf(question, LEAF_QUESTION.HASH);
  const isDeep = wordOf(question, LEAF_QUESTION.DEEP) === 1;
  let skip = wordOf(question, LEAF_QUESTION.SKIP);
  let at: number = LEAF_ANSWER.WORDS;
  let count = 0;
  let hashedBytes = 0;
  let hash = -1;
  let place = 0;
  words[LEAF_ANSWER.HASH] = -1;
  words[LEAF_ANSWER.SKIP] = 0;
  for (const entry of sortedFrom(holdings, leaf, fromHash)) {
    place = entry.hash === hash ? place + 1 : 0;
    ({ hash } = entry);
    if (hash === fromHash && skip > 0) {
      skip--;
      continue;
    }
    const end = at + LEAF_ENTRY.WORDS + (padded(entry.keyBytes) >> 2);
    if (4 * end > INQUIRY_BYTES_MAX || hashedBytes > DIGEST_BYTES_PER_PIECE) {
      words[LEAF_ANSWER.HASH] = hash;
      words[LEAF_ANSWER.SKIP] = place;
      break;
    }
    if (isDeep) hashedBytes += digestValue(entry);
    else digest.high = digest.low = 0;
    writeLeafEntry(entry, words, at);
    at = end;
    count++;
  }
  words[LEAF_ANSWER.COUNT] = count;
  return Math.min(4 * at, bytes.length);
}

function writeLeafEntry({ hash, keyBytes, key, register, valueBytes }: Entry, words: Int32Array, at: number): void {
  words[at + LEAF_ENTRY.HASH] = hash;
  words[at + LEAF_ENTRY.KEY_BYTES] = keyBytes;
  writeBallot(words, at + LEAF_ENTRY.ACCEPTED, register.accepted);
  writeBallot(words, at + LEAF_ENTRY.ROOT, register.root);
  writeBallot(words, at + LEAF_ENTRY.VALUE, digest);
  words[at + LEAF_ENTRY.IS_DELETED] = valueBytes === NO_VALUE ? 1 : 0;
  words.set(key, at + LEAF_ENTRY.WORDS);
}

/** Entries of a leaf whose hash is not below `fromHash`, in the order of their hashes. */
function sortedFrom({ table, rules }: Holdings, leaf: number, fromHash: number): Entry[] {
  const firsts: Entry[] = [];
  for (const first of table.entriesIn(leaf & (DIGEST_NODES - 1))) {
    if ((first.hash & (DIGEST_LEAVES - 1)) === leaf && first.hash >= fromHash) firsts.push(first);
  }
  firsts.sort((one, other) => one.hash - other.hash);
  return firsts.flatMap((first) => chainOf(first).filter((entry) => isDigested(entry, rules)));
}

function chainOf(first: Entry): Entry[] {
  const chain: Entry[] = [];
  for (let entry: Entry | undefined = first; entry !== undefined; entry = entry.next) chain.push(entry);
  return chain;
}

function digestsOf(holdings: Holdings): DigestTree {
  return (holdings.digests ??= new DigestTree(holdings.table, holdings.rules));
}

function wordOf({ frame, wordsStart, wordCount }: Question, index: number): number {
  return index < wordCount ? frame.words[wordsStart + index]! : 0;
}
