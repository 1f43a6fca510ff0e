// Messages in words, for transcripts and diagrams: `accept(b12, root 12, v7)`.
import { GRANTED, NO_MEMORY } from '../../replica/environment.ts';
import { BY_REFERENCE, CATCH_UP, KIND_MASK, NO_VALUE, REPLY, REQUEST, padded } from '../../replica/wire.ts';
import { TOPICS_ASK, TOPICS_END, TOPICS_NEWS, TOPIC_FRAME } from '../../replica/wire.ts';
import type { FrameViews } from '../../replica/wire.ts';
import type { Message } from './message.ts';
import type { MessageKind } from './plan.ts';
import { encodedNumber } from './values.ts';

/** The same for frames between voters. */
const OF_TOPICS: ReadonlyMap<number, MessageKind> = new Map([
  [TOPICS_ASK, 'topics-ask'],
  [TOPICS_NEWS, 'topics-news'],
  [TOPICS_END, 'topics-end'],
]);

/** By the KIND of a frame, without the number of its configuration. */
const KINDS: readonly (MessageKind | undefined)[] = [
  undefined,
  'accept',
  'read',
  'prepare',
  'recover',
  'reply',
  'promise',
  'entry',
  'chunk-end',
  'inquire',
  'inquiry-reply',
];

/** What a frame is. */
export function messageKindOf({ words }: FrameViews): MessageKind {
  const kind = words[0]! & KIND_MASK;
  return KINDS[kind] ?? OF_TOPICS.get(kind) ?? 'vote';
}

/** A message in a few words. */
export function describeMessage({ kind, frame, vote, epoch }: Message): string {
  const voted = vote === 0 ? '' : vote === GRANTED ? 'granted' : vote === NO_MEMORY ? 'no memory' : 'refused';
  if (frame === undefined) return `${voted} (epoch ${epoch})`;
  const text = describeFrame(kind, frame);
  return vote === 0 ? text : `${text} + ${voted}`;
}

function describeFrame(kind: MessageKind, frame: FrameViews): string {
  const { words } = frame;
  switch (kind) {
    case 'accept':
      return `accept(${ballot(words, REQUEST.BALLOT)}, root ${ballot(words, REQUEST.ROOT)}, ${ownValue(frame)})`;
    case 'prepare':
      return `prepare(${ballot(words, REQUEST.BALLOT)})`;
    case 'read':
      return 'read';
    case 'reply':
    case 'promise': {
      const mark = words[REPLY.VOTED] === 1 ? '' : ', inherited';
      const value = valueText(frame, words[REPLY.VALUE_BYTES]!, REPLY.BYTES);
      return `${kind}(${ballot(words, REPLY.ACCEPTED)}, ${value}${mark}, epoch ${words[REPLY.EPOCH]})`;
    }
    case 'entry': {
      const start = CATCH_UP.ENTRY_BYTES + padded(words[CATCH_UP.KEY_BYTES]!);
      const value = valueText(frame, words[CATCH_UP.VALUE_BYTES]!, start);
      const ballots = `${ballot(words, CATCH_UP.ACCEPTED)}, promised ${ballot(words, CATCH_UP.PROMISED)}`;
      return `entry(${ballots}, ${value}) for epoch ${words[CATCH_UP.EPOCH]}`;
    }
    case 'recover':
    case 'chunk-end':
      return `${kind} for epoch ${words[CATCH_UP.EPOCH]}`;
    case 'topics-ask':
    case 'topics-news':
    case 'topics-end':
      return `${kind} for epoch ${words[TOPIC_FRAME.EPOCH]}`;
    case 'inquire':
    case 'inquiry-reply':
    case 'vote':
    default:
      return kind;
  }
}

function ownValue(frame: FrameViews): string {
  const { words } = frame;
  return valueText(frame, words[REQUEST.VALUE_BYTES]!, REQUEST.BYTES + padded(words[REQUEST.KEY_BYTES]!));
}

function valueText({ words, bytes }: FrameViews, valueBytes: number, start: number): string {
  if (valueBytes === NO_VALUE) return 'absent';
  return valueBytes === BY_REFERENCE
    ? `large value ${words[start >> 2]}`
    : `v${encodedNumber(bytes, start, valueBytes)}`;
}

function ballot(words: Int32Array, at: number): string {
  const high = words[at]!;
  return high === 0 ? `b${words[at + 1]! >>> 0}` : `b${high}:${words[at + 1]! >>> 0}`;
}
