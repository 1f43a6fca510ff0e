import { describe, expect, it } from 'vitest';
import { parseHistory } from '../../src/check/formats/parse-history.ts';
import { checkLinearizable } from '../../src/check/linearizability.ts';
import { registerModel } from '../../src/check/models/register.ts';
import { HistoryChecks } from '../../src/torture/history-checks.ts';
import { FOREIGN, historyOf } from '../../src/torture/history.ts';
import type { KeyRecords } from '../../src/torture/history.ts';
import { ABSENT, CORRUPT, STATES, SharedLedger } from '../../src/torture/ledger.ts';
import type { Call } from '../../src/torture/ledger.ts';
import { SHAPE, begun } from './records.ts';

type End = 'done' | 'open' | 'void' | 'never';
type Step = readonly [call: Call, end: End, seen?: number];

/** Operations one after the other, as records. */
function recordsOf(steps: readonly Step[], lossTick?: number): KeyRecords {
  const ledger = new SharedLedger(SHAPE);
  for (const [call, end, seen] of steps) {
    const ticket = begun(ledger, 0, call);
    if (end === 'done') ledger.end(ticket, STATES.DONE, seen);
    if (end === 'open') ledger.end(ticket, STATES.OPEN);
    if (end === 'void') ledger.end(ticket, STATES.VOID);
  }
  return { key: 'key 0.0', records: ledger.records(0, 0), lossTick };
}

function verdictOf(key: KeyRecords): string {
  return checkLinearizable(historyOf(key), registerModel(null)).verdict;
}

describe('Records as a history', () => {
  it('are reads and writes of a register, in the order of their calls', () => {
    const key = recordsOf([
      ['put', 'done'],
      ['get', 'done', 1],
      ['delete', 'done'],
      ['get', 'done', ABSENT],
      ['get', 'done', CORRUPT],
    ]);
    const common = { key: 'key 0.0' };
    expect(historyOf(key)).toEqual([
      { ...common, process: 0, call: 'write', input: 1, output: undefined, start: 0, end: 1 },
      { ...common, process: 1, call: 'read', input: undefined, output: 1, start: 2, end: 3 },
      { ...common, process: 2, call: 'write', input: null, output: undefined, start: 4, end: 5 },
      { ...common, process: 3, call: 'read', input: undefined, output: null, start: 6, end: 7 },
      { ...common, process: 4, call: 'read', input: undefined, output: FOREIGN, start: 8, end: 9 },
    ]);
  });

  it.each<[string, readonly Step[], string]>([
    [
      'what was written and read',
      [
        ['put', 'done'],
        ['get', 'done', 1],
      ],
      'ok',
    ],
    [
      'an acknowledged write that is lost',
      [
        ['put', 'done'],
        ['get', 'done', ABSENT],
      ],
      'illegal',
    ],
    [
      'an old value after a newer one',
      [
        ['put', 'done'],
        ['put', 'done'],
        ['get', 'done', 2],
        ['get', 'done', 1],
      ],
      'illegal',
    ],
    [
      'an open write that happens late',
      [
        ['put', 'open'],
        ['get', 'done', ABSENT],
        ['get', 'done', 1],
      ],
      'ok',
    ],
    [
      'an open write that happens, and is undone',
      [
        ['put', 'never'],
        ['get', 'done', 1],
        ['get', 'done', ABSENT],
      ],
      'illegal',
    ],
    [
      'a write that is said not to have happened, and is read',
      [
        ['put', 'void'],
        ['get', 'done', 1],
      ],
      'illegal',
    ],
    [
      'bytes of another value',
      [
        ['put', 'done'],
        ['get', 'done', CORRUPT],
      ],
      'illegal',
    ],
    [
      'a delete that was undone',
      [
        ['put', 'done'],
        ['delete', 'done'],
        ['get', 'done', 1],
      ],
      'illegal',
    ],
    [
      'a delete that may have happened',
      [
        ['put', 'done'],
        ['delete', 'open'],
        ['get', 'done', ABSENT],
      ],
      'ok',
    ],
    [
      'a read that did not answer',
      [
        ['put', 'done'],
        ['get', 'void'],
      ],
      'ok',
    ],
  ])('%s: %s is %s', (_, steps, verdict) => {
    expect(verdictOf(recordsOf(steps))).toBe(verdict);
  });

  it('end where the state was lost: what returned later may or may not have happened before', () => {
    const steps: readonly Step[] = [
      ['put', 'done'],
      ['put', 'done'],
      ['get', 'done', ABSENT],
    ];
    expect(verdictOf(recordsOf(steps))).toBe('illegal');
    expect(verdictOf(recordsOf(steps, 3))).toBe('ok');
    expect(historyOf(recordsOf(steps, 3))).toHaveLength(1);
  });
});

describe('The checks of a run', () => {
  it('report what is wrong, with a history that the check command reads and finds wrong too', async () => {
    const checks = new HistoryChecks();
    checks.submit(
      recordsOf([
        ['put', 'done'],
        ['get', 'done', 1],
      ]),
    );
    checks.submit(
      recordsOf([
        ['put', 'done'],
        ['get', 'done', ABSENT],
      ]),
    );
    checks.submit(recordsOf([]));
    expect(checks.complaint).toContain('no history was there to be checked');
    expect(checks.waiting).toBe(3);
    await checks.drained();
    await checks.close();
    expect(checks.complaint).toBeUndefined();
    const { histories, violations, unknown, findings } = checks;
    expect({ histories, violations, unknown }).toEqual({ histories: 2, violations: 1, unknown: 0 });
    expect(findings).toMatchObject([{ key: 'key 0.0', verdict: 'illegal', text: expect.stringContaining('read') }]);
    const saved = parseHistory(findings[0]!.history, 'quorate');
    expect(saved).toHaveLength(2);
    expect(checkLinearizable(saved, registerModel()).verdict).toBe('illegal');
  });

  it('never count a history that could not be checked as a pass', async () => {
    const checks = new HistoryChecks();
    await checks.close(); // Nothing is checked any more.
    checks.submit(recordsOf([['put', 'done']]));
    await checks.drained();
    expect(checks).toMatchObject({ histories: 1, violations: 0, unknown: 1, findings: [{ verdict: 'unknown' }] });
  });
});
