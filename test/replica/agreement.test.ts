import { describe, expect, it } from 'vitest';
import { choose, majority, weighted } from '../../src/quorum/index.ts';
import { agreementOf } from '../../src/replica/agreement.ts';

const VOTERS = 3;
const MASKS = Array.from({ length: 2 ** VOTERS }, (_, mask) => mask);

/** A system of three voters that answers so. */
function system(isQuorum: (mask: number) => unknown, voters: unknown = VOTERS): object {
  return { voters, isQuorum };
}

describe('A quorum system of an application', () => {
  it.each([
    ['a majority', majority(VOTERS)],
    ['all', choose(VOTERS, VOTERS)],
    ['by weight', weighted([3, 1, 1], 4)],
    ['of its own, with a voter that must agree', { voters: VOTERS, isQuorum: (mask: number) => (mask & 1) === 1 }],
  ])('says of every set of voters what it said before anything left: %s', (_, given) => {
    const agreement = agreementOf(given, VOTERS);
    expect(MASKS.map((mask) => agreement.isQuorum(mask))).toEqual(MASKS.map((mask) => given.isQuorum(mask)));
    expect(agreement.voters).toBe(VOTERS);
  });

  it.each<[string, unknown, string]>([
    ['no object', null, 'a quorum system'],
    ['no system', {}, 'a quorum system'],
    ['of other voters', system(() => true, 4), 'an integer from 3 to 3'],
    ['of no number of voters', system(() => true, 3n), 'an integer from 3 to 3'],
    ['that throws', system(() => expect.fail('mine')), 'isQuorum(0) throws'],
    ['that throws of some sets', system((mask) => (mask < 3 ? false : expect.fail('mine'))), 'isQuorum(3) throws'],
    ['that promises', system(() => Promise.resolve(false)), 'isQuorum(0) gives a object'],
    ['that answers with a text', system(() => 'no'), 'isQuorum(0) gives a string'],
    ['by which nobody is enough', system(() => true), 'nobody is enough'],
    ['by which all are too few', system(() => false), 'all are too few'],
    ['by which more is less', system((mask) => mask === 1 || mask === 7), '1 is enough and 3 is not'],
  ])('is refused: %s', (_, given, message) => {
    const refused = { code: 'ERR_QUORATE_INVALID_ARGUMENT', message: expect.stringContaining(message) };
    expect(() => agreementOf(given, VOTERS)).toThrow(expect.objectContaining(refused));
  });
});
