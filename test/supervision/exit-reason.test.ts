import { describe, expect, it } from 'vitest';
import { exitReasonText, reasonOfError, reasonOfExit, toError } from '../../src/supervision/exit-reason.ts';

const ERROR = new TypeError('no such table');
const OOM = Object.assign(new Error('limit'), { code: 'ERR_WORKER_OUT_OF_MEMORY' });

describe('The reason of an exit', () => {
  it.each([
    ['an error', ERROR, { kind: 'crashed', error: ERROR }],
    ['heap exhaustion', OOM, { kind: 'oom' }],
  ])('of a thread that ended with %s', (_sign, thrown, expected) => {
    expect(reasonOfError(thrown)).toEqual(expected);
  });

  it.each([null, undefined, 'text', 7, Symbol('odd'), { code: 'ERR_WORKER_OUT_OF_MEMORY' }])(
    'is a crash with an Error when the thread threw %s',
    (thrown) => {
      const reason = reasonOfError(thrown);
      expect(reason).toMatchObject({ kind: 'crashed', error: expect.any(Error) });
      expect(reason.kind === 'crashed' && reason.error.cause).toBe(thrown);
    },
  );

  it('is the exit code where nothing was seen before', () => {
    expect(reasonOfExit(undefined, 0)).toEqual({ kind: 'exit', code: 0 });
    expect(reasonOfExit(undefined, 7)).toEqual({ kind: 'exit', code: 7 });
  });

  it.each([{ kind: 'stopped' }, { kind: 'hung' }, { kind: 'oom' }, { kind: 'crashed', error: ERROR }] as const)(
    'is the earlier sign $kind, not the code that terminate() gives',
    (earlier) => {
      expect(reasonOfExit(earlier, 1)).toBe(earlier);
    },
  );

  it('reads well in a message', () => {
    expect(exitReasonText({ kind: 'crashed', error: ERROR })).toBe('crashed: TypeError: no such table');
    expect(exitReasonText({ kind: 'exit', code: 7 })).toBe('exit code 7');
    expect(exitReasonText({ kind: 'hung' })).toBe('hung');
  });

  it('keeps an error as it is', () => {
    expect(toError(ERROR)).toBe(ERROR);
  });
});
