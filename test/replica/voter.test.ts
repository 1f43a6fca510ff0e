import { describe, expect, it } from 'vitest';
import { DECISIONS_KEPT, DECISIONS_TOLD_MAX, REASON_LENGTH_MAX } from '../../src/base/limits.ts';
import { RULES } from '../../src/protocol/rules.ts';
import { Voter } from '../../src/replica/voter.ts';
import { FrameBuffer } from '../../src/replica/operation.ts';
import { readAnswer, writeAnswer } from '../../src/replica/topic-wire.ts';
import type { Told } from '../../src/replica/topic-wire.ts';
import type { TopicDefinition } from '../../src/store/topic.ts';

const LIST: TopicDefinition = {
  initial: [],
  validate: (payload, state) => !(state as unknown[]).includes(payload),
  apply: (state, payload) => [...(state as unknown[]), payload],
};

const voterOf = (definition: TopicDefinition = LIST): Voter =>
  new Voter({ topic: 'topic', definition, voter: 2, rules: RULES });

const told = (place: number, payload: unknown, outcome: Told['outcome'] = 'commit'): Told => ({
  id: `id-${place}`,
  place,
  payload,
  outcome,
  proposer: 1,
});

const proposed = (id: string, payload: unknown) => ({ id, payload, proposer: 1 });

describe('A voter', () => {
  it('judges only at the place after what it has applied, and says where it stands elsewhere', () => {
    const voter = voterOf();
    voter.take(told(1, 'a'));
    voter.take(told(2, 'b', 'abort'));
    expect(voter.judge(3, proposed('x', 'b'))).toEqual({ stance: 'yes', place: 2 });
    expect(voter.judge(3, proposed('x', 'a'))).toEqual({ stance: 'no', place: 2 });
    expect(voter.judge(4, proposed('x', 'b'))).toEqual({ stance: 'behind', place: 2 });
    expect(voter.judge(2, proposed('x', 'b'))).toEqual({ stance: 'ahead', place: 2 });
    expect(voter.judge(3, proposed('id-2', 'b'))).toEqual({ stance: 'decided', place: 2 });
  });

  it('V4: says nothing of who it is: whose its vote is, the ring says on which it comes', () => {
    const forged = { vote: 'no', reason: 'Forged', voter: 0, epoch: 99, stance: 'yes', place: 7 } as const;
    const voter = voterOf({ ...LIST, validate: () => forged });
    expect(voter.judge(1, proposed('x', 'a'))).toEqual({ stance: 'no', place: 0, reason: 'Forged' });
  });

  it('applies decisions once and in order, and of them commits only', () => {
    const voter = voterOf();
    expect(voter.take(told(2, 'b'))).toEqual({ stance: 'behind', place: 0 });
    expect(voter.take(told(1, 'a'))).toEqual({ stance: 'applied', place: 1 });
    expect(voter.take(told(1, 'a'))).toEqual({ stance: 'applied', place: 1 });
    expect(voter.take(told(2, 'b', 'abort'))).toEqual({ stance: 'applied', place: 2 });
    expect(voter.state).toEqual(['a']);
  });

  it.each([
    [true, 'yes', undefined],
    [false, 'no', undefined],
    [{ vote: 'no', reason: 'Too late' }, 'no', 'Too late'],
    [{ vote: 'abstain' }, 'abstain', undefined],
    [undefined, 'yes', undefined],
    [7, 'abstain', 'validate gave number: it must give true, false or { vote, reason }'],
    [{ vote: 'maybe' }, 'abstain', 'validate gave object: it must give true, false or { vote, reason }'],
    ['a rejection', 'abstain', 'validate gave a promise: it must give true, false or { vote, reason }'],
  ])('takes %j of its rules for %s', (verdict, stance, reason) => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- rules may give anything
    const given = (): never => (verdict === 'a rejection' ? Promise.reject(new Error('later')) : verdict) as never;
    const voter = voterOf({ initial: 0, validate: given });
    const answer = voter.judge(1, proposed('x', 0));
    expect([answer.stance, answer.reason]).toEqual([stance, reason]);
  });

  it('abstains where its rules throw, whatever they throw', () => {
    const thrown = [new RangeError('Out of range'), 'text', Object.create(null)];
    const voter = voterOf({
      initial: 0,
      validate: (payload) => {
        // oxlint-disable-next-line typescript/only-throw-error -- rules may throw anything
        throw thrown[Number(payload)];
      },
    });
    const reasons = thrown.map((_, index) => voter.judge(1, proposed('x', index)).reason);
    expect(reasons).toEqual(['RangeError: Out of range', 'text', 'object']);
  });

  it('keeps its state where its rules cannot apply a commit, and goes on', () => {
    const voter = voterOf({
      initial: 1,
      apply: (state, payload) => {
        if (payload === 'bad') throw new Error('Cannot');
        return payload === 'later' ? Promise.resolve(9) : Number(state) + 1;
      },
    });
    for (const [index, payload] of ['good', 'bad', 'later', 'good'].entries()) voter.take(told(index + 1, payload));
    expect([voter.applied, voter.state]).toEqual([4, 3]);
  });

  it('tells another what it lacks: decisions where they are few, else its state, with the ids that it knows', () => {
    const voter = voterOf();
    for (let place = 1; place <= DECISIONS_TOLD_MAX + 5; place++) voter.take(told(place, place));
    for (const applied of [0, 4, 5, DECISIONS_TOLD_MAX + 4]) {
      const other = voterOf();
      for (let place = 1; place <= applied; place++) other.take(told(place, place));
      const news = voter.newsSince(applied)!;
      expect(news.told?.length).toBe(applied < 5 ? undefined : DECISIONS_TOLD_MAX + 5 - applied);
      other.adopt(news);
      other.adopt(news);
      expect([other.applied, other.state]).toEqual([voter.applied, voter.state]);
      expect(other.judge(voter.applied + 1, proposed('id-3', 3)).stance).toBe('decided');
    }
    expect(voter.newsSince(voter.applied)).toBeUndefined();
  });

  it('is not affected by rules that alter what they were given', () => {
    const list: { n: number }[] = [];
    const voter = voterOf({
      initial: list,
      apply: (state, payload) => {
        const [entries, entry] = [state as { n: number }[], payload as { n: number }];
        for (const each of entries) each.n = -1;
        entries.push(entry);
        return entries;
      },
    });
    voter.take(told(1, { n: 1 }));
    voter.take(told(2, { n: 2 }));
    const other = voterOf({ initial: [], apply: (state, payload) => [...(state as unknown[]), payload] });
    other.adopt(voter.newsSince(0)!);
    expect(list).toEqual([]);
    expect(other.state).toEqual([{ n: 1 }, { n: 2 }]);
  });

  it(`remembers the ids of the last ${DECISIONS_KEPT} decisions`, () => {
    const voter = voterOf({ initial: 0 });
    for (let place = 1; place <= DECISIONS_KEPT + 1; place++) voter.take(told(place, 0));
    const at = DECISIONS_KEPT + 2;
    expect(voter.judge(at, proposed('id-1', 0)).stance).toBe('yes');
    expect(voter.judge(at, proposed('id-2', 0)).stance).toBe('decided');
  });

  it('gives reasons of a bounded length, which arrive as they are', () => {
    const frame = new FrameBuffer(8192);
    for (const reason of ['No', 'é\u{1F600}', '\u{1F600}'.repeat(REASON_LENGTH_MAX)]) {
      const length = writeAnswer(frame, { high: 1, low: 2 }, { stance: 'no', place: 3, reason });
      const heard = readAnswer({ epoch: 4, payload: frame, payloadBytes: length });
      const kept = reason.slice(0, REASON_LENGTH_MAX);
      expect(heard).toEqual({ epoch: 4, stance: 'no', place: 3, ballot: { high: 1, low: 2 }, reason: kept });
    }
  });
});
