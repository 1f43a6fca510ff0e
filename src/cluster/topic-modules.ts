// Loads the modules of topics in a replica's thread, before it serves.
import { QuorateError } from '../base/errors.ts';
import { START_MS_MAX } from '../base/limits.ts';
import { RULES } from '../protocol/rules.ts';
import { Voter } from '../replica/voter.ts';
import type { TopicModules, Topics } from '../replica/topic-rules.ts';
import { requireTopic } from '../store/define-topic.ts';
import type { TopicDefinition } from '../store/topic.ts';

/** A topic without a module: its voters say yes to everything. */
const PLAIN: TopicDefinition = Object.freeze({ initial: null });

/** Imports a module: the program of a thread does, which alone computes what it imports. */
export type ImportModule = (module: string) => Promise<unknown>;

/** What a replica posts when a module of its topics does not load: it can never serve. */
export interface UnfitMessage {
  readonly kind: 'unfit';
  readonly error: Uint8Array<ArrayBuffer>;
}

export function isUnfit(message: unknown): message is UnfitMessage {
  return typeof message === 'object' && message !== null && 'kind' in message && message.kind === 'unfit';
}

/**
 * The definitions of all topics.
 *
 * @throws {QuorateError} `ERR_QUORATE_START_FAILED`, with the cause, when a module does not load, takes longer than a
 *   thread may take to start, or is none of a topic.
 */
export async function loadTopics(
  topics: Topics,
  modules: TopicModules,
  importModule: ImportModule,
): Promise<ReadonlyMap<string, TopicDefinition>> {
  const names = Object.keys(topics);
  const loading = names.map(async (topic) => {
    const module = modules[topic];
    return [topic, module === undefined ? PLAIN : await load(topic, module, importModule)] as const;
  });
  return new Map(await Promise.all(loading));
}

async function load(topic: string, module: string, importModule: ImportModule): Promise<TopicDefinition> {
  try {
    const loaded: unknown = await inTime(importModule(module));
    const isModule = typeof loaded === 'object' && loaded !== null && 'default' in loaded;
    const definition: unknown = isModule ? loaded.default : undefined;
    requireTopic(definition);
    void new Voter({ topic, definition, voter: 0, rules: RULES }); // Throws where its state is no plain data.
    return definition;
  } catch (cause) {
    const message = `Cannot load the module of topic '${topic}' from ${module.slice(0, MODULE_TEXT_MAX)}`;
    throw new QuorateError('ERR_QUORATE_START_FAILED', message, { cause, fields: { topic, module } });
  }
}

/** A `data:` URL may be long. */
const MODULE_TEXT_MAX = 200;

async function inTime(loading: Promise<unknown>): Promise<unknown> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    const fail = (): void => reject(new QuorateError('ERR_QUORATE_TIMEOUT', `It took more than ${START_MS_MAX} ms`));
    timer = setTimeout(fail, START_MS_MAX);
  });
  try {
    return await Promise.race([loading, late]);
  } finally {
    clearTimeout(timer);
  }
}
