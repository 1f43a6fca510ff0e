// The models that `quorate check` knows by name, and what their objects hold at first.
import { parseEdn } from '../../check/formats/edn.ts';
import type { Edn } from '../../check/formats/edn.ts';
import { keyOf } from '../../check/formats/events.ts';
import type { HistoryFormat } from '../../check/formats/parse-history.ts';
import type { Operation } from '../../check/history.ts';
import type { Model } from '../../check/model.ts';
import { casRegisterModel } from '../../check/models/cas-register.ts';
import { counterModel } from '../../check/models/counter.ts';
import { kvModel } from '../../check/models/kv.ts';
import { multiRegisterModel } from '../../check/models/multi-register.ts';
import { mutexModel } from '../../check/models/mutex.ts';
import { queueModel } from '../../check/models/queue.ts';
import { registerModel } from '../../check/models/register.ts';
import { setModel } from '../../check/models/set.ts';
import { UsageError } from '../arguments.ts';

/** What a model needs to know of the history. */
export interface Setting {
  /** What objects hold at first, as on the command line; undefined for the model's own. */
  readonly initial: string | undefined;
  readonly format: HistoryFormat;
  readonly history: readonly Operation[];
}

type Maker = (initial: Edn | undefined, setting: Setting) => Model;

const MAKERS: Readonly<Record<string, Maker>> = {
  register: (initial, setting) => registerModel(initial === undefined ? unwritten(setting) : initial),
  'cas-register': (initial, setting) => casRegisterModel(initial === undefined ? unwritten(setting) : initial),
  'multi-register': (initial, setting) => multiRegisterModel(registersOf(initial, setting)),
  kv(initial = '') {
    if (typeof initial !== 'string') throw refused(initial, 'a string');
    return kvModel(initial);
  },
  set(initial = []) {
    if (!isList(initial)) throw refused(initial, 'a list of elements');
    return setModel(initial);
  },
  counter(initial = 0) {
    if (typeof initial !== 'number') throw refused(initial, 'a number');
    return counterModel(initial);
  },
  mutex(initial) {
    if (initial !== undefined) throw refused(initial, 'left out: a mutex is free at first');
    return mutexModel();
  },
  queue(initial = []) {
    if (!isList(initial)) throw refused(initial, 'a list of items, the oldest first');
    return queueModel(initial);
  },
};

/** Models of objects, whose histories are checked for linearizability. */
export const OBJECT_MODELS: readonly string[] = Object.keys(MAKERS);

/**
 * The model of that name, one of {@link OBJECT_MODELS}.
 *
 * @throws {UsageError} when its objects cannot hold `initial`.
 */
export function modelOf(name: string, setting: Setting): Model {
  const { initial } = setting;
  return MAKERS[name]!(initial === undefined ? undefined : initialOf(initial), setting);
}

/** Whether the keys of the model of that name may be checked apart. */
export function isKeyedModel(name: string): boolean {
  return MAKERS[name]?.(undefined, { initial: undefined, format: 'quorate', history: [] }).isKeyed === true;
}

/** The one register of a history of Knossos holds 0 at first; those of keys, and of other formats, nothing. */
function unwritten({ format, history }: Setting): 0 | null {
  return format === 'knossos' && history.every(({ key }) => key === undefined) ? 0 : null;
}

function registersOf(initial: Edn | undefined, { format, history }: Setting): Readonly<Record<string, unknown>> {
  if (isMap(initial)) return Object.fromEntries([...initial].map(([key, value]) => [keyOf(key), value]));
  if (initial !== undefined) throw refused(initial, 'a map such as {:x 0, :y 0}');
  const keys = format === 'knossos' ? history.flatMap(({ input }) => keysOf(input)) : [];
  return Object.fromEntries(keys.map((key) => [key, 0]));
}

function keysOf(accesses: unknown): readonly string[] {
  if (!Array.isArray(accesses)) return [];
  return accesses.flatMap((access: unknown) => (Array.isArray(access) ? [String(access[1])] : []));
}

/** EDN, of which JSON's numbers, strings and lists are a part, and its null; a bare word is a string. */
function initialOf(text: string): Edn {
  if (text === 'null') return null;
  try {
    return parseEdn(text);
  } catch {
    throw new UsageError(`Cannot use --initial "${text}": it must be EDN, such as nil, 0, "abc" or {:x 0, :y 0}`);
  }
}

function isMap(value: Edn | undefined): value is ReadonlyMap<Edn, Edn> {
  return value instanceof Map;
}

function isList(value: Edn): value is readonly Edn[] {
  return Array.isArray(value);
}

function refused(initial: Edn, allowed: string): UsageError {
  const shown = isMap(initial) ? 'of a map' : JSON.stringify(initial);
  return new UsageError(`Cannot use --initial ${shown} with this model: it must be ${allowed}`);
}
