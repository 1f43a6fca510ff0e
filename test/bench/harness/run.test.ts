import { describe, expect, it } from 'vitest';
import { groupByQuestion } from '../../../bench/harness/catalogue.ts';
import { entriesOf, tableOf } from '../../../bench/harness/report.ts';
import { runQuestion } from '../../../bench/harness/run.ts';
import type { Entrant } from '../../../bench/harness/run.ts';
import { expectAnswer } from '../../../bench/harness/subject.ts';
import type { Contender, Folder, Subject } from '../../../bench/harness/subject.ts';

const QUESTION = 'add, 1 + 1';

interface Fake {
  readonly folder: Folder;
  readonly subject: string;
  /** Figures of the passes, the warm-up first. */
  readonly figures?: readonly number[];
  /** What it answers to 1 + 1. */
  readonly answer?: number;
  readonly skipped?: string;
  readonly fixed?: NonNullable<Subject['fixed']>;
}

/** An entrant that writes what happens to it into `log`. */
function fake({ folder, subject, figures = [1], answer = 2, skipped, fixed }: Fake, log: string[] = []): Entrant {
  let passes = 0;
  const contender: Contender = {
    check: () => {
      log.push(`check ${subject}`);
      expectAnswer(answer, 2, 'the sum');
    },
    pass: () => {
      log.push(`pass ${subject}`);
      return figures[passes++] ?? 0;
    },
    close: () => {
      log.push(`close ${subject}`);
    },
  };
  const open = (): Promise<Contender | { skipped: string }> => {
    log.push(`open ${subject}`);
    passes = 0;
    return Promise.resolve(skipped === undefined ? contender : { skipped });
  };
  return { folder, subject: { question: QUESTION, subject, unit: 'ops/s', open, ...(fixed && { fixed }) } };
}

const options = { passes: 3, ms: 1, progress: (): void => {} };

describe('A run of one question', () => {
  it('Opens and checks all contenders, warms them up, gives each a pass in turn, and closes them', async () => {
    const log: string[] = [];
    await runQuestion([fake({ folder: 'layer', subject: 'A' }, log), fake({ folder: 'floor', subject: 'B' }, log)], {
      ...options,
      passes: 2,
    });
    expect(log.join(', ')).toBe(
      'open A, open B, check A, check B, pass A, pass B, pass A, pass B, pass A, pass B, close B, close A',
    );
  });

  it('Takes the median of the passes and leaves the warm-up out', async () => {
    const [measured] = await runQuestion(
      [fake({ folder: 'layer', subject: 'A', figures: [9999, 5, 900, 7] })],
      options,
    );
    expect(measured?.figures).toEqual([5, 900, 7]);
    expect(measured?.value).toBe(7);
  });

  it('Fails on a wrong answer before anything is timed, names the subject, and closes what it opened', async () => {
    const log: string[] = [];
    const broken = fake({ folder: 'peers', subject: 'broken', answer: 3 }, log);
    const run = runQuestion([fake({ folder: 'layer', subject: 'A' }, log), broken], options);
    await expect(run).rejects.toThrow(
      'Cannot trust peers/broken for "add, 1 + 1": Wrong answer: the sum is 3, must be 2',
    );
    expect(log).toEqual(['open A', 'open broken', 'check A', 'check broken', 'close broken', 'close A']);
  });

  it('Leaves out a contender that is skipped, and says why', async () => {
    const lines: string[] = [];
    const measured = await runQuestion(
      [
        fake({ folder: 'layer', subject: 'A' }),
        fake({ folder: 'peers', subject: 'B', skipped: 'it is not installed' }),
      ],
      { ...options, progress: (line) => lines.push(line) },
    );
    expect(measured.map(({ subject }) => subject.subject)).toEqual(['A']);
    expect(lines).toContain('  peers/B: skipped, it is not installed');
  });

  it('Gives a subject with fixed passes exactly these, without a warm-up', async () => {
    const log: string[] = [];
    const fixed = { passes: 1, ms: 7 };
    const [measured] = await runQuestion(
      [fake({ folder: 'cluster', subject: 'A', figures: [42], fixed }, log)],
      options,
    );
    expect(measured?.figures).toEqual([42]);
    expect(log).toEqual(['open A', 'check A', 'pass A', 'close A']);
  });
});

describe('The report', () => {
  const entrants = [
    fake({ folder: 'layer', subject: 'ours', figures: [0, 30] }),
    fake({ folder: 'floor', subject: 'the floor', figures: [0, 60] }),
    fake({ folder: 'floor', subject: 'the other floor', figures: [0, 20] }),
    fake({ folder: 'peers', subject: 'theirs', figures: [0, 10] }),
  ];

  it('Gives our subjects ratios over peers and floors, floors over other floors, and peers none', async () => {
    const entries = entriesOf(await runQuestion(entrants, { ...options, passes: 1 }));
    expect(entries).toEqual(
      [
        ['bench/layer', 'ours', 30, { 'the floor': 0.5, 'the other floor': 1.5, theirs: 3 }],
        ['bench/floor', 'the floor', 60, { 'the other floor': 3 }],
        ['bench/floor', 'the other floor', 20, { 'the floor': 0.3333 }],
        ['bench/peers', 'theirs', 10, {}],
      ].map(([folder, subject, value, ratios]) => ({
        folder,
        question: QUESTION,
        subject,
        value,
        unit: 'ops/s',
        ratios,
      })),
    );
  });

  it('Prints the same figures as a table', async () => {
    const table = tableOf(await runQuestion(entrants, { ...options, passes: 1 }));
    expect(table).toContain('add, 1 + 1 (ops/s)');
    expect(table).toMatch(
      /bench\/layer +ours +30 +\[30 \.\. 30\] +0\.5 x the floor, 1\.5 x the other floor, 3 x theirs/,
    );
  });
});

describe('The catalogue', () => {
  it('Refuses two contenders of one name for one question', () => {
    expect(() =>
      groupByQuestion([fake({ folder: 'layer', subject: 'A' }), fake({ folder: 'peers', subject: 'A' })]),
    ).toThrow('"add, 1 + 1" has two "A"');
  });

  it('Refuses figures of different units for one question', () => {
    const other = fake({ folder: 'peers', subject: 'B' });
    const inMs: Entrant = { ...other, subject: { ...other.subject, unit: 'ms' } };
    expect(() => groupByQuestion([fake({ folder: 'layer', subject: 'A' }), inMs])).toThrow(
      '"add, 1 + 1" has more than one unit',
    );
  });
});
