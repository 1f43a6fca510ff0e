// What is wrong with a world besides its histories: promises of levels and outcomes that linearizability alone does not
// see, and work that nobody needed.
import type { Call } from '../replica/call.ts';
import type { World } from '../replica/world.ts';

/** A get at any level misses a put at level `all` that had ended before. */
export function judgeAll(world: World): string | undefined {
  const puts = world.calls.filter((call) => call.kind === 'put' && call.level === 'all' && call.outcome === 'ok');
  for (const put of puts) {
    const late = getsOf(world).find((get) => get.key === put.key && get.start > put.end! && isOlder(world, get, put));
    if (late !== undefined)
      return `A get returned ${late.value ?? 'absent'} after all replicas had acknowledged ${put.value}`;
  }
  return undefined;
}

/** A get at any level returned what a put wrote that had failed for certain. */
export function judgeFailures(world: World): string | undefined {
  const failed = world.calls.filter(
    ({ kind, outcome }) => kind === 'put' && (outcome === 'memory' || outcome === 'unavailable'),
  );
  const seen = getsOf(world).find((get) => failed.some(({ key, value }) => key === get.key && value === get.value));
  return seen && `A get returned ${seen.value}, which was said never to be written`;
}

/** A put that nobody disputed took more than its one round trip. */
export function judgeDetours(world: World): string | undefined {
  const { slowWrites } = world.countersOf(0);
  return slowWrites > 0 ? 'A put that nobody disputed was read again and proposed again' : undefined;
}

/** A put that nobody disputed any more took a further ballot. */
export function judgeBallots(world: World): string | undefined {
  const prepares = world.log.flatMap((line) => / > A\d+ (prepare.*)$/.exec(line)?.[1] ?? []);
  return new Set(prepares).size > 1 ? `Who prepared alone had to do so again: ${prepares.join(', ')}` : undefined;
}

function getsOf(world: World): Call[] {
  return world.calls.filter(({ kind, outcome }) => kind === 'get' && (outcome === 'ok' || outcome === 'absent'));
}

/** Whether what the get returned was overwritten by the put: written before it began, or never. */
function isOlder(world: World, get: Call, put: Call): boolean {
  if (get.value === undefined) return true;
  const written = world.calls.find(({ kind, value }) => kind === 'put' && value === get.value);
  return written?.end !== undefined && written.end < put.start;
}
