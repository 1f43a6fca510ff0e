// Causality: what a session did before, and what it read, comes before what it does next.
// Source: Bouajjani, Enea, Guerraoui and Hamza, "On Verifying Causal Consistency" (POPL 2017), on causal
// convergence, and on its bad patterns, which are all there is to find where each value is written once.
import { Demands, demandVersions } from './sessions-order.ts';
import type { Access, Accesses, Version, VersionsBy } from './sessions-versions.ts';

/**
 * Demands one order of all writes that contains causality, and in which each read returns the newest of the writes to
 * its key that it follows.
 *
 * @returns accesses whose demands contradict, in pairs of an earlier and a later one; `undefined` when there are none.
 */
export function demandCausality(accesses: Accesses, by: VersionsBy): readonly Access[] | undefined {
  const { all, versionsOf } = accesses;
  const writeOf = new Map<Version, Access>();
  for (const access of all) if (!access.isRead) writeOf.set(access.version, access);
  const causes = causesOf(all, writeOf);
  const demands = new Demands<Access | Version, readonly [Access, Access]>();
  for (const versions of versionsOf.values()) demandVersions(demands, versions, by);
  for (const [access, earlier] of causes) {
    for (const cause of earlier) demands.add(demands.of(placeOf(cause)), demands.of(placeOf(access)), [cause, access]);
  }
  for (const [read, write] of lastWrites(all, causes)) {
    if (write.version !== read.version) demands.add(demands.of(write.version), demands.of(read.version), [write, read]);
  }
  return demands.contradiction()?.flat();
}

// A version stands for the write that made it; reads have a place of their own, since causality passes through them.
function placeOf(access: Access): Access | Version {
  return access.isRead ? access : access.version;
}

/** The direct causes of each access: the one before it in its session, and for a read the write that it saw. */
function causesOf(all: readonly Access[], writeOf: ReadonlyMap<Version, Access>): Map<Access, readonly Access[]> {
  const causes = new Map<Access, readonly Access[]>();
  const last = new Map<string | number, Access>();
  for (const access of all) {
    const session = access.operation.process;
    const seen = access.isRead ? writeOf.get(access.version) : undefined;
    causes.set(
      access,
      [last.get(session), seen].flatMap((cause) => cause ?? []),
    );
    if (access.isAnswered) last.set(session, access);
  }
  return causes;
}

/**
 * For each read and each session, the last write of the session to the key among those that the read follows; earlier
 * ones come before it anyway. Looks at one session at a time, so that memory stays linear.
 */
function* lastWrites(
  all: readonly Access[],
  causes: ReadonlyMap<Access, readonly Access[]>,
): Generator<readonly [read: Access, write: Access]> {
  const order = sorted(all, causes);
  const numberOf = new Map(order.map((access, number) => [access, number] as const));
  // At most two causes: in its session, and the write that it read. Where one is missing it causes itself.
  const causesOfNumber = [0, 1].map((which) =>
    Int32Array.from(order, (access, number) => numberOf.get((causes.get(access) ?? [])[which] ?? access) ?? number),
  );
  const [first = new Int32Array(0), second = new Int32Array(0)] = causesOfNumber;
  const reach = new Int32Array(order.length); // How far into the session each access reaches back.
  for (const session of sessionsOf(all)) {
    const lastWrite = lastWriteAt(session);
    reach.fill(-1);
    for (const [place, access] of session.entries()) {
      const number = numberOf.get(access);
      if (number !== undefined) reach[number] = place;
    }
    for (const [number, access] of order.entries()) {
      reach[number] = Math.max(reach[number]!, reach[first[number]!]!, reach[second[number]!]!);
      const write = access.isRead ? lastWrite(access.version.key, reach[number]) : undefined;
      if (write !== undefined) yield [access, write];
    }
  }
}

/** Each process; a write that was never answered is a session by itself, since nothing of its process follows it. */
function sessionsOf(all: readonly Access[]): readonly (readonly Access[])[] {
  const answered = new Map<string | number, Access[]>();
  const open: Access[][] = [];
  for (const access of all) {
    if (!access.isAnswered) {
      open.push([access]);
      continue;
    }
    const session = answered.get(access.operation.process) ?? [];
    answered.set(access.operation.process, session);
    session.push(access);
  }
  return [...answered.values(), ...open];
}

/** Finds the last write to a key at or before a place of a session. */
function lastWriteAt(session: readonly Access[]): (key: string, place: number) => Access | undefined {
  const byKey = new Map<string, { readonly places: number[]; readonly writes: Access[] }>();
  for (const [place, access] of session.entries()) {
    if (access.isRead) continue;
    const { key } = access.version;
    const known = byKey.get(key) ?? { places: [], writes: [] };
    byKey.set(key, known);
    known.places.push(place);
    known.writes.push(access);
  }
  return (key, place) => {
    const known = byKey.get(key);
    if (known === undefined || place < 0) return undefined;
    const { places, writes } = known;
    let [low, high] = [0, places.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (places[middle]! <= place) low = middle + 1;
      else high = middle;
    }
    return writes[low - 1];
  };
}

/** Causes before effects; what is part of a causal ring, or follows one, is left out. */
function sorted(all: readonly Access[], causes: ReadonlyMap<Access, readonly Access[]>): readonly Access[] {
  const effects = new Map<Access, Access[]>();
  const missing = new Map<Access, number>();
  for (const [access, earlier] of causes) {
    missing.set(access, earlier.length);
    for (const cause of earlier) {
      const known = effects.get(cause);
      if (known === undefined) effects.set(cause, [access]);
      else known.push(access);
    }
  }
  const order = all.filter((access) => missing.get(access) === 0);
  for (const access of order) {
    for (const effect of effects.get(access) ?? []) {
      const left = (missing.get(effect) ?? 0) - 1;
      missing.set(effect, left);
      if (left === 0) order.push(effect);
    }
  }
  return order;
}
