// Who keeps the house: the replica that sits in the chair, and nobody whose term is over.
import { describe, expect, it } from 'vitest';
import { ChairSeat } from '../../src/replica/chair-seat.ts';
import { House } from '../../src/replica/house.ts';

const ELSEWHERE = Number.POSITIVE_INFINITY;
const at = (): number => 7;

/** A seat, and houses around it that note who works. */
function residents(): { seat: ChairSeat; work: string[]; of: (replica: number) => House } {
  let word = 0;
  const work: string[] = [];
  const seat = new ChairSeat({
    load: () => word,
    exchange: (before, after) => {
      if (word !== before) return false;
      word = after;
      return true;
    },
  });
  const of = (replica: number): House =>
    new House({
      seat,
      replica,
      take: ({ term }) => ({
        turn: (nowMs) => {
          work.push(`replica ${replica}, term ${term}, ${nowMs} ms`);
          return 3;
        },
      }),
    });
  return { seat, work, of };
}

describe('A house', () => {
  it('is kept by the first replica that looks, and by nobody else', () => {
    const { work, of } = residents();
    const [one, other] = [of(1), of(2)];
    expect([one.turn(0, at), one.turn(0, at), other.turn(0, at), one.turn(0, at)]).toEqual([0, 3, ELSEWHERE, 3]);
    expect(work).toEqual(['replica 1, term 1, 7 ms', 'replica 1, term 1, 7 ms']);
  });

  it('is kept no more by a replica whose seat was freed: it is fenced, though it lives', () => {
    const { seat, work, of } = residents();
    const [one, other] = [of(1), of(2)];
    one.turn(0, at);
    seat.vacate(1);
    expect(one.turn(0, at), 'before anybody else sits there').toBe(ELSEWHERE);
    expect([other.turn(0, at), other.turn(0, at), one.turn(0, at)]).toEqual([0, 3, ELSEWHERE]);
    expect(work).toEqual(['replica 2, term 2, 7 ms']);
  });

  it('is not kept again in a term that is over, though the same replica sits there', () => {
    const { seat, work, of } = residents();
    const dead = of(1);
    dead.turn(0, at);
    seat.vacate(1);
    const next = of(1);
    expect([next.turn(0, at), next.turn(0, at), dead.turn(0, at)]).toEqual([0, 3, ELSEWHERE]);
    expect(work).toEqual(['replica 1, term 2, 7 ms']);
  });

  it('waits while frames are served, but not for ever', () => {
    const { work, of } = residents();
    const one = of(0);
    one.turn(1, at);
    for (let turn = 1; turn < 16; turn++) expect(one.turn(1, at)).toBe(0);
    expect(work).toEqual([]);
    expect(one.turn(1, at)).toBe(3);
    expect(work).toHaveLength(1);
  });
});
