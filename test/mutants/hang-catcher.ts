// Looks for wrong convictions: a thread that lives through random phases (asleep, busy, in a long turn, hung) and an
// observer that is stopped now and then, with the whole process. The production measurement must convict a thread that
// hangs, in time, and nobody else.
import { below, seededRandom } from '../../src/base/random.ts';
import type { Random } from '../../src/base/random.ts';
import { isHung, measure } from '../../src/supervision/hang-watch.ts';
import type { HangMeasurement } from '../../src/supervision/hang-watch.ts';
import { SUPERVISION_RULES } from '../../src/supervision/rules.ts';
import type { SupervisionRules } from '../../src/supervision/rules.ts';
import type { Catch, Catcher } from './mutant.ts';
import { shrink } from './shrink.ts';

/**
 * A while of a thread's life: it sleeps although something is unread (which it will not take before it is asked to), it
 * finishes turns, it is in one long turn that will end in time, the whole process is stopped, or it hangs for ever.
 */
interface Phase {
  readonly kind: 'sleeps' | 'works' | 'long-turn' | 'stopped' | 'hangs';
  readonly ms: number;
}

const POLICY = { hungMs: 500, tickMs: 100 };
/** Longest turn of a thread that does not hang. */
const TURN_MS_MAX = 300;
/** Conviction of a thread that hangs takes no longer than this, of time that was observed. */
const CONVICTION_MS_MAX = POLICY.hungMs + 3 * POLICY.tickMs;
const SEEDS_MAX = 500;
const PRODUCTION_SEEDS = 500;

/** Random lives of a thread, watched without some of the rules. */
export function watchingLives(broken: Partial<SupervisionRules>): Catcher {
  return {
    name: 'watched lives',
    catches: () => search({ ...SUPERVISION_RULES, ...broken }, SEEDS_MAX),
    flagsProduction: () => search(SUPERVISION_RULES, PRODUCTION_SEEDS)?.what,
  };
}

function search(rules: SupervisionRules, seeds: number): Catch | undefined {
  for (let seed = 1; seed <= seeds; seed++) {
    const phases = lifeOf(seededRandom(seed));
    const what = live(phases, rules);
    if (what === undefined) continue;
    const fails = (left: readonly Phase[]): boolean => live(left, rules) !== undefined;
    const { length: events } = shrink(phases, { fails, partsOf: ({ kind }) => [kind], triesMax: 300 });
    return { seeds: seed, events, what };
  }
  return undefined;
}

function lifeOf(random: Random): Phase[] {
  const kinds = ['sleeps', 'works', 'long-turn', 'stopped'] as const;
  const phases = Array.from({ length: 3 + below(random, 10) }, (): Phase => {
    const kind = kinds[below(random, kinds.length)]!;
    const ms = { sleeps: 2000, works: 2000, 'long-turn': TURN_MS_MAX, stopped: 5000 }[kind];
    return { kind, ms: 1 + below(random, ms) };
  });
  return below(random, 2) === 0 ? phases : [...phases, { kind: 'hangs', ms: 2 * CONVICTION_MS_MAX }];
}

/** Lets a thread live, millisecond by millisecond; what its observer did wrong. */
function live(phases: readonly Phase[], rules: SupervisionRules): string | undefined {
  let measurement: HangMeasurement | undefined;
  let nowMs = 0;
  let turns = 0;
  let inTurnMs = 0;
  let nextLookMs = 0;
  for (const { kind, ms } of phases) {
    if (kind === 'stopped') {
      nowMs += ms; // Nobody runs, the observer neither.
      continue;
    }
    for (let passedMs = 0; passedMs < ms; passedMs++, nowMs++) {
      inTurnMs++;
      // Two long turns that meet are two turns.
      if (kind === 'works' || kind === 'sleeps' || (kind === 'long-turn' && inTurnMs >= TURN_MS_MAX)) {
        turns++;
        inTurnMs = 0;
      }
      if (kind === 'sleeps' && passedMs > 0) turns--; // It woke for nothing but to fall asleep.
      if (nowMs < nextLookMs) continue;
      nextLookMs = nowMs + POLICY.tickMs;
      const look = { nowMs, hasUnread: true, isParked: kind === 'sleeps', turns };
      measurement = measure(POLICY, measurement, look, rules);
      if (!isHung(POLICY, measurement)) continue;
      return kind === 'hangs' ? undefined : `A thread that ${kind} is convicted of hanging`;
    }
    if (kind === 'hangs') return `A thread hangs for ${ms} ms and is not convicted`;
  }
  return undefined;
}
