// What topics a cluster is opened with, and who must agree in one of them. Plain data: it travels with connections.
//
// The voters of a rule are the members of the cluster in ascending order, as masks of positions: the first weight is
// that of the lowest member, and so with vetoes. Members change, so a rule is made anew for whoever they are.
import { lowestBits, popcount } from '../base/bits.ts';
import { errorText } from '../base/error-text.ts';
import { integerOption, rangeError, typeError } from '../base/errors.ts';
import { PROPOSAL_ID_LENGTH_MAX, TOPICS_MAX } from '../base/limits.ts';
import type { PollRule } from '../protocol/poll.ts';
import { choose, majority, unanimous } from '../quorum/quorum-system.ts';
import { shareOf, weighted } from '../quorum/weighted.ts';
import type { AgreementOptions, ProposeOptions } from '../store/topic.ts';
import { agreementOf } from './agreement.ts';
import type { Bucket } from './bucket.ts';

const NAME = /^[\w.-]{1,64}$/;
const MARK = '\u0002';
const PLACE_DIGITS = 8;
/** The last place of a topic. */
export const PLACE_MAX = 2_147_483_646;

/** The topics of a cluster, by name. */
export type Topics = Readonly<Record<string, AgreementOptions>>;

/** Modules of topics, by name of the topic, as text; topics without one are missing. */
export type TopicModules = Readonly<Record<string, string>>;

/** Who must agree, and what the record says of it. */
export interface TopicRule extends PollRule {
  /** The replicas that vote, as a mask. */
  readonly members: number;
  readonly needed: number | undefined;
  readonly weights: readonly number[] | undefined;
}

/**
 * Checks what a cluster is opened with.
 *
 * @throws {TypeError | RangeError} `ERR_QUORATE_INVALID_ARGUMENT` for names and rules that are none.
 */
export function checkedTopics(topics: unknown, replicas: number): { topics: Topics; modules: TopicModules } {
  if (topics === undefined) return { topics: {}, modules: {} };
  if (typeof topics !== 'object' || topics === null) throw mistaken(`topics ${typeof topics}`, 'an object by name');
  const names = Object.keys(topics);
  integerOption('number of topics', names.length, { min: 0, max: TOPICS_MAX });
  const rules: Record<string, AgreementOptions> = {};
  const modules: Record<string, string> = {};
  for (const [name, options] of Object.entries<unknown>({ ...topics })) {
    if (!NAME.test(name)) throw mistaken(`topic name '${name}'`, 'of 1 to 64 letters, digits, and . _ -');
    if (typeof options !== 'object' || options === null) throw mistaken(`topic '${name}'`, 'an object');
    const { module, ...rest } = options as { module?: unknown } & AgreementOptions;
    refuseOthers(`topic '${name}'`, rest, ['threshold', 'weights', 'vetoes']);
    topicRule(lowestBits(replicas), rest);
    rules[name] = rest;
    if (module !== undefined) modules[name] = moduleText(name, module);
  }
  return { topics: rules, modules };
}

function moduleText(name: string, module: unknown): string {
  const text = module instanceof URL ? module.href : module;
  if (typeof text === 'string' && URL.canParse(text)) return text;
  throw mistaken(`module ${String(text)} of topic '${name}'`, "a URL, such as new URL('./rules.ts', import.meta.url)");
}

/** @throws {RangeError} `ERR_QUORATE_INVALID_ARGUMENT` where the cluster has no topic of that name. */
export function requireTopicName(topics: Topics, name: string): AgreementOptions {
  if (typeof name === 'string' && Object.hasOwn(topics, name)) return topics[name]!;
  const names = Object.keys(topics);
  const known = names.length === 0 ? 'the cluster was opened without any' : `it must be one of ${names.join(', ')}`;
  throw rangeError('ERR_QUORATE_INVALID_ARGUMENT', `Cannot use topic '${errorText(name)}': ${known}`);
}

/** Makes a rule for whoever votes, a mask of replicas. @throws as {@link checkedTopics} where it does not fit them. */
export type RuleMaker = (members: number) => TopicRule;

/**
 * The rule of one proposal: its own, or the topic's. What its caller has given is copied, and asked, now.
 *
 * @param members who votes as it is proposed: a rule that does not fit them is refused at once.
 * @throws as {@link checkedTopics}.
 */
export function ruleFor(members: number, topic: AgreementOptions, options: ProposeOptions): RuleMaker {
  const { threshold, weights, vetoes, quorum } = options;
  const isOwn = threshold !== undefined || weights !== undefined || vetoes !== undefined || quorum !== undefined;
  const asked: AgreementOptions = isOwn ? ownCopy(options) : topic;
  let system: PollRule['system'] | undefined;
  if (quorum !== undefined) {
    const isAlone = threshold === undefined && weights === undefined;
    if (!isAlone) throw mistaken('quorum beside threshold or weights', 'one or the other');
    system = agreementOf(quorum, popcount(members));
  }
  const make = (voters: number): TopicRule => topicRule(voters, asked, system);
  make(members);
  return make;
}

function ownCopy({ threshold, weights, vetoes }: AgreementOptions): AgreementOptions {
  return {
    ...(threshold !== undefined && { threshold }),
    ...(weights !== undefined && { weights: Array.isArray(weights) ? [...weights] : weights }),
    ...(vetoes !== undefined && { vetoes: Array.isArray(vetoes) ? [...vetoes] : vetoes }),
  };
}

function topicRule(members: number, options: AgreementOptions, agreement?: PollRule['system']): TopicRule {
  const { threshold, weights, vetoes = [] } = options;
  const replicas = popcount(members);
  const mask = vetoMask(replicas, vetoes);
  if (agreement !== undefined) {
    integerOption('voters of quorum', agreement.voters, { min: replicas, max: replicas });
    return { system: agreement, members, vetoes: mask, needed: undefined, weights: undefined };
  }
  if (weights !== undefined && Array.isArray(weights)) {
    integerOption('number of weights', weights.length, { min: replicas, max: replicas });
  }
  const system =
    weights === undefined
      ? systemOf(replicas, threshold ?? 'majority')
      : weighted(weights, weightOf(weights, threshold ?? 'majority'));
  return { system, members, vetoes: mask, needed: system.needed, weights };
}

function systemOf(replicas: number, threshold: NonNullable<AgreementOptions['threshold']>): ReturnType<typeof choose> {
  if (threshold === 'majority') return majority(replicas);
  if (threshold === 'unanimous') return unanimous(replicas);
  if (typeof threshold === 'string') {
    const each = Array.from({ length: replicas }, () => 1);
    return choose(shareOf(each, ...fractionOf(threshold)), replicas);
  }
  return choose(integerOption('threshold', threshold, { min: 1, max: replicas }), replicas);
}

function weightOf(weights: readonly number[], threshold: NonNullable<AgreementOptions['threshold']>): number {
  const all = shareOf(weights, 1, 1);
  if (threshold === 'majority') return Math.floor(all / 2) + 1;
  if (threshold === 'unanimous') return all;
  return typeof threshold === 'string' ? shareOf(weights, ...fractionOf(threshold)) : threshold;
}

function fractionOf(text: string): [part: number, whole: number] {
  const found = /^([1-9]\d{0,3})\/([1-9]\d{0,3})$/.exec(text);
  if (found === null) throw mistaken(`threshold '${text}'`, "a number, 'majority', 'unanimous' or such as '2/3'");
  return [Number(found[1]), Number(found[2])];
}

function vetoMask(replicas: number, vetoes: readonly number[]): number {
  if (!Array.isArray(vetoes)) throw mistaken(`vetoes ${typeof vetoes}`, 'a list of replicas');
  let mask = 0;
  for (const replica of vetoes) mask |= 1 << integerOption('replica in vetoes', replica, { min: 0, max: replicas - 1 });
  return mask;
}

/** @throws {TypeError | RangeError} `ERR_QUORATE_INVALID_ARGUMENT` where it is none. */
export function checkedProposalId(id: unknown): string | undefined {
  if (id === undefined) return undefined;
  const isText = typeof id === 'string' && id.isWellFormed();
  if (isText && id.length >= 1 && id.length <= PROPOSAL_ID_LENGTH_MAX) return id;
  const given = typeof id === 'string' ? `of ${id.length} characters` : typeof id;
  throw mistaken(`id ${given}`, `well-formed text of 1 to ${PROPOSAL_ID_LENGTH_MAX} characters`);
}

/** @throws {TypeError} `ERR_QUORATE_INVALID_ARGUMENT` where `options` has another name than these. */
export function refuseOthers(of: string, options: object, names: readonly string[]): void {
  for (const name of Object.keys(options)) {
    if (!names.includes(name)) throw mistaken(`option '${name}' of ${of}`, `one of ${names.join(', ')}`);
  }
}

/** Where the registers of a topic lie: no key of a user begins so. */
export function bucketOfTopic(topic: string): Bucket {
  const rules = {
    writeOnce: false,
    exactlyOnce: false,
    conflicts: 'linearizable',
    merge: undefined,
    readLevel: 'quorum',
    writeLevel: 'quorum',
    ttlMs: undefined,
  } as const;
  return { name: topic, rules, prefix: `${MARK}${topic}\u0001` };
}

/** The key of a place in that bucket: as text, places sort as numbers. */
export function placeKey(place: number): string {
  return place.toString(16).padStart(PLACE_DIGITS, '0');
}

function mistaken(given: string, allowed: string): TypeError {
  return typeError('ERR_QUORATE_INVALID_ARGUMENT', `Cannot use ${given}: it must be ${allowed}`);
}
