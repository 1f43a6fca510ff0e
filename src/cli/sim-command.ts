// `quorate sim`: whole clusters from seeds, on virtual time, on all cores; what fails is shrunk and written down.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nowMs } from '../base/clock.ts';
import { systemSeed } from '../base/random.ts';
import { regressionText, rulesWithout } from '../sim/regression.ts';
import type { SeedFailure, SeedSummary } from '../sim/seeds.ts';
import { spaceTimeDiagram } from '../sim/diagram.ts';
import type { SimResult } from '../sim/simulate.ts';
import { transcriptOf } from '../sim/transcript.ts';
import { PROFILES } from '../sim/cluster/profiles.ts';
import type { Profile } from '../sim/cluster/profiles.ts';
import { UsageError, integerOf, textOf } from './arguments.ts';
import type { Arguments } from './arguments.ts';
import type { Command } from './command.ts';
import { ProgressLine, painter } from './io.ts';
import type { CliIo, CommandContext } from './io.ts';
import { fanOut, openSimPool } from './sim/fan-out.ts';
import { replayFile, replayed, summaryOfOne } from './sim/replay.ts';

const SEEDS_DEFAULT = 1000;
const SEEDS_MAX = 100_000_000;
const PROGRESS_MS = 1000;

interface SimSettings {
  readonly seed: number;
  readonly runs: number;
  readonly profile: Profile | undefined;
  readonly without: readonly string[];
  /** Folder of the file of a failure. */
  readonly out: string;
  readonly isJson: boolean;
}

/** Simulates clusters from seeds. */
export const simCommand: Command = {
  spec: {
    name: 'sim',
    summary: 'whole clusters on virtual time, from seeds, while everything goes wrong',
    usage: '[options]',
    about: [
      'Runs the production replicas, coordinators and supervisor on a simulated network, clock and threads, checks',
      'every history for linearizability, then heals a part and demands progress. One seed is one run, on any machine.',
      `Profiles: ${PROFILES.slice(0, 6).join(', ')},`,
      `${PROFILES.slice(6).join(', ')}.`,
      'Ends with 1 when a run went wrong: the failure is shrunk, written to a file and drawn, and the command that',
      'replays it printed. JSON: { "runs", "events", "virtualSeconds", "faults", "violations", "sometimes",',
      '"runsPerSecond", "seed", "hash" }; the same seeds give the same but for "runsPerSecond".',
    ],
    options: {
      seeds: { type: 'string', value: 'N', help: `how many seeds (${SEEDS_DEFAULT}, or 1 with --seed)` },
      seed: { type: 'string', value: 'S', help: 'the first seed, from 0 to 2^32 - 1 (a fresh one)' },
      profile: { type: 'string', value: 'P', help: 'one profile for all seeds (each seed names its own)' },
      replay: { type: 'string', value: 'FILE', help: 'run the failure of a file and print what happened' },
      out: { type: 'string', value: 'FOLDER', help: 'where the file and picture of a failure go (here)' },
      without: { type: 'string', value: 'RULES', help: 'take rules of the protocol away, to see it caught' },
    },
    examples: [
      'quorate sim',
      'quorate sim --seeds 20000 --json',
      'quorate sim --seed 7 --profile crash-storm',
      'quorate sim --without comparesFirstTag',
    ],
    positionalsMax: 0,
  },

  async run(given, context) {
    const file = textOf(given, 'replay');
    const extra = ['seeds', 'seed', 'profile', 'without', 'out'].find((name) => textOf(given, name) !== undefined);
    if (file !== undefined && extra !== undefined) {
      throw new UsageError(`Cannot use --${extra} with --replay: the file says what is run`);
    }
    if (file !== undefined) return replay(file, given, context);
    return simulateSeeds(settingsOf(given), context);
  },
};

function settingsOf(given: Arguments): SimSettings {
  const seed = integerOf(given, 'seed', { min: 0, max: 0xffff_ffff });
  const runs = integerOf(given, 'seeds', { min: 1, max: SEEDS_MAX });
  const without = textOf(given, 'without')?.split(',') ?? [];
  try {
    rulesWithout(without);
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
  return {
    seed: seed ?? systemSeed(),
    runs: runs ?? (seed === undefined ? SEEDS_DEFAULT : 1),
    profile: profileOption(textOf(given, 'profile')),
    without,
    out: textOf(given, 'out') ?? '.',
    isJson: given.values['json'] === true,
  };
}

function profileOption(text: string | undefined): Profile | undefined {
  if (text === undefined) return undefined;
  const profile = PROFILES.find((each) => each === text);
  if (profile === undefined) {
    throw new UsageError(`Cannot use --profile "${text}": it must be one of ${PROFILES.join(', ')}`);
  }
  return profile;
}

async function simulateSeeds(settings: SimSettings, { io, signal }: CommandContext): Promise<number> {
  const { seed, runs, profile, without, out, isJson } = settings;
  const pool = openSimPool();
  const progress = new ProgressLine(io);
  const startMs = nowMs();
  let shownMs = startMs;
  try {
    const summary = await fanOut({
      pool,
      signal,
      range: { seed, runs, without, ...(profile !== undefined && { profile }) },
      onProgress: (soFar) => {
        const now = nowMs();
        if (now - shownMs < PROGRESS_MS) return;
        shownMs = now;
        progress.show(progressText(soFar, runs, (now - startMs) / 1000));
      },
    });
    progress.clear();
    const seconds = (nowMs() - startMs) / 1000;
    if (summary.runs < runs) io.stderr.write(`ended early: ${count(summary.runs)} of ${count(runs)} seeds\n`);
    io.stdout.write(isJson ? jsonOf(summary, seed, seconds) : reportOf(summary, seed, seconds));
    const [failure] = summary.failures;
    if (failure === undefined) return 0;
    const shrunk = await pool.run('shrink', { seed: failure.seed, profile: failure.profile, without });
    io.stderr.write(failureText(io, failure, without));
    if (shrunk === undefined) return 1;
    mkdirSync(out, { recursive: true });
    const path = join(out, `quorate-sim-${failure.profile}-${failure.seed}`);
    writeFileSync(`${path}.json`, regressionText(shrunk.regression));
    writeFileSync(
      `${path}.svg`,
      pictureOf(replayed({ ...shrunk.regression, format: 'quorate-sim-1' }).result, failure),
    );
    io.stderr.write(`shrunk to ${shrunk.steps} steps in ${shrunk.runs} runs: quorate sim --replay ${path}.json\n`);
    io.stderr.write(`space-time diagram: ${path}.svg\n`);
    return 1;
  } finally {
    await pool.close();
  }
}

function pictureOf({ trace }: SimResult, { profile, seed, kind }: SeedFailure): string {
  return spaceTimeDiagram(trace, { title: `${kind}: seed ${seed}, ${profile}, shrunk` });
}

function replay(file: string, given: Arguments, { io }: CommandContext): number {
  const startMs = nowMs();
  const { regression, result } = replayFile(file);
  const summary = summaryOfOne(result);
  const isJson = given.values['json'] === true;
  if (isJson) io.stdout.write(jsonOf(summary, result.seed, (nowMs() - startMs) / 1000));
  else io.stdout.write(`${transcriptOf(result.trace)}\n`);
  const [violation] = result.violations;
  if (violation === undefined) {
    io.stderr.write(`Nothing is wrong any more; it was ${regression.violation}\n`);
    return 0;
  }
  const taken = regression.without.length === 0 ? '' : ` (without ${regression.without.join(', ')})`;
  io.stderr.write(`${painter(io, io.stderr)('red', violation.kind)}${taken} ${violation.text}\n`);
  return 1;
}

function progressText({ runs, faults, violations }: SeedSummary, of: number, seconds: number): string {
  const injected = Object.values(faults).reduce((total, times) => total + times, 0);
  const wrong = violations === 0 ? '' : `, ${violations} violations`;
  const rate = Math.round(runs / seconds);
  return `${count(runs)} of ${count(of)} seeds, ${count(rate)} seeds/s, ${count(injected)} faults${wrong}`;
}

function reportOf(summary: SeedSummary, seed: number, seconds: number): string {
  const { runs, events, messages, virtualUs, faults, sometimes, violations, hash } = summary;
  const messagesOfRun = messages / Math.max(runs, 1);
  const lines = [
    `${count(runs)} runs from seed ${seed}: ${violations === 0 ? 'no violation' : `${violations} violations`}`,
    `${count(runs / seconds)} runs/s, ${count(events / seconds)} events/s, ${count(messagesOfRun)} messages a run`,
    `${(virtualUs / 1e6).toFixed(1)} virtual seconds in ${seconds.toFixed(1)} s, hash ${hash}`,
    'Faults:',
    ...Object.entries(faults).map(([name, times]) => `  ${name.padEnd(16)} ${count(times)}`),
    'Reached:',
    ...Object.entries(sometimes).map(([name, times]) => `  ${count(times).padStart(9)}  ${name}`),
  ];
  return `${lines.join('\n')}\n`;
}

function jsonOf(summary: SeedSummary, seed: number, seconds: number): string {
  const { runs, events, virtualUs, faults, violations, sometimes, hash } = summary;
  const runsPerSecond = Math.round(runs / Math.max(seconds, 0.001));
  const virtualSeconds = virtualUs / 1e6;
  const printed = { runs, events, virtualSeconds, faults, violations, sometimes, runsPerSecond, seed, hash };
  return `${JSON.stringify(printed)}\n`;
}

function failureText(io: CliIo, { seed, profile, kind, text }: SeedFailure, without: readonly string[]): string {
  const taken = without.length === 0 ? '' : ` --without ${without.join(',')}`;
  const command = `quorate sim --seed ${seed} --profile ${profile}${taken}`;
  return `${painter(io, io.stderr)('red', kind)} ${text}\nreplay: ${command}\n`;
}

function count(value: number): string {
  return Math.round(value)
    .toString()
    .replaceAll(/\B(?=(\d{3})+$)/g, ' ');
}
