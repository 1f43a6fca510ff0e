import { describe, expect, it } from 'vitest';
import { parseHistory } from '../../src/check/formats/parse-history.ts';
import { checkLinearizable } from '../../src/check/linearizability.ts';
import { ANY } from '../../src/check/model.ts';
import { registerModel } from '../../src/check/models/register.ts';
import { HistoryChecks } from '../../src/torture/history-checks.ts';
import { FOREIGN, historyOf } from '../../src/torture/history.ts';
import type { KeyRecords } from '../../src/torture/history.ts';
import { ABSENT, CORRUPT, STATES, SharedLedger } from '../../src/torture/ledger.ts';
import type { Call } from '../../src/torture/ledger.ts';
import { SHAPE } from './records.ts';

type End = 'done' | 'open' | 'void' | 'never';
/** `seen` is what a read saw, `found` what a change did, or what the value that was read says that its writer did. */
type Step = readonly [call: Call, end: End | 'conflict', seen?: number | undefined, found?: number];

/** Operations one after the other, as records. */
function recordsOf(steps: readonly Step[], lossTick?: number): KeyRecords {
  const ledger = new SharedLedger(SHAPE);
  for (const [call, end, value, found] of steps) {
    const ticket = ledger.take(0)!;
    const expects = end === 'done' || found === undefined ? {} : { expects: found };
    ledger.begin(ticket, call, { client: 0, owner: 1, process: ledger.nextProcess(), ...expects });
    const sight = { ...(value !== undefined && { value }), ...(found !== undefined && { found }) };
    if (end === 'done') ledger.end(ticket, STATES.DONE, sight);
    if (end === 'conflict') ledger.endAsRead(ticket, sight);
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

  it('tell what changes found, and by what was read, what those found that never returned', () => {
    const key = recordsOf([
      ['update', 'done', undefined, ABSENT],
      ['compare', 'never'],
      ['compare', 'never'],
      ['compare', 'conflict', 2, 1],
      ['update', 'open'],
      ['update', 'never'],
      ['update', 'done', undefined, 5],
    ]);
    const common = { key: 'key 0.0', call: 'exchange' };
    expect(historyOf(key)).toEqual([
      { ...common, process: 0, input: 1, output: null, start: 0, end: 1 },
      { ...common, process: 1, input: 2, output: 1, start: 2, end: 5 },
      { ...common, process: 3, call: 'read', input: undefined, output: 2, start: 4, end: 5 },
      { ...common, process: 4, input: 5, output: ANY, start: 6, end: 10 },
      { ...common, process: 6, input: 7, output: 5, start: 9, end: 10 },
    ]);
    expect(verdictOf(key)).toBe('ok');
  });

  it.each<[string, readonly Step[], string]>([
    [
      'a chain of changes, each of which found the one before',
      [
        ['put', 'done'],
        ['update', 'done', undefined, 1],
        ['compare', 'done', undefined, 2],
        ['get', 'done', 3, 2],
        ['remove', 'done', undefined, 3],
        ['get', 'done', ABSENT],
      ],
      'ok',
    ],
    [
      'open changes that went together, of which only the last was seen',
      [
        ['put', 'done'],
        ['update', 'never'],
        ['compare', 'never', undefined, 2],
        ['update', 'never'],
        ['get', 'done', 4, 3],
      ],
      'ok',
    ],
    [
      'two changes that found the same, so that one is lost',
      [
        ['put', 'done'],
        ['update', 'done', undefined, 1],
        ['update', 'done', undefined, 1],
      ],
      'illegal',
    ],
    [
      'a change that found what was overwritten before',
      [
        ['put', 'done'],
        ['put', 'done'],
        ['compare', 'done', undefined, 1],
      ],
      'illegal',
    ],
    [
      'a conflict with what was overwritten before',
      [
        ['put', 'done'],
        ['put', 'done'],
        ['compare', 'conflict', 1],
      ],
      'illegal',
    ],
    [
      'a change that was made twice, so that its value tells of another find than its caller was told',
      [
        ['put', 'done'],
        ['update', 'done', undefined, 1],
        ['get', 'done', 2, ABSENT],
      ],
      'illegal',
    ],
    [
      'an open change that was made twice, as two reads tell',
      [
        ['put', 'done'],
        ['update', 'open'],
        ['get', 'done', 2, 1],
        ['put', 'done'],
        ['get', 'done', 2, 4],
      ],
      'illegal',
    ],
    [
      'an open change that found what was not there any more',
      [
        ['put', 'done'],
        ['put', 'done'],
        ['update', 'open'],
        ['get', 'done', 3, 1],
      ],
      'illegal',
    ],
    [
      'a value of a blind write that tells of a find',
      [
        ['put', 'done'],
        ['get', 'done', 1, ABSENT],
      ],
      'illegal',
    ],
    [
      'a change that is said not to have happened, and was found by another',
      [
        ['update', 'void'],
        ['update', 'done', undefined, 1],
      ],
      'illegal',
    ],
    [
      'a change that found bytes of another value',
      [
        ['put', 'done'],
        ['update', 'done', undefined, CORRUPT],
      ],
      'illegal',
    ],
    [
      'a value that was read before it was written',
      [
        ['put', 'done'],
        ['get', 'done', 3, 1],
        ['update', 'open'],
      ],
      'illegal',
    ],
  ])('with changes: %s', (_, steps, verdict) => {
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
