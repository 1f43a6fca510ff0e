import { describe, expect, it } from 'vitest';
import { OBSERVED, type Observation } from '../../../src/cli/demo/observation.ts';
import { COUNTED, PHASES, SharedRecord } from '../../../src/cli/demo/record.ts';

const seen = (sequence: number): Observation => ({
  kind: OBSERVED.WRITE_OK,
  key: 3,
  client: 1,
  sequence,
  start: 4_294_000_000,
  end: 4_294_000_001,
  priorClient: 4_294_967_295,
  priorSequence: 4_000_000_000,
});

describe('SharedRecord', () => {
  it('Two views of one buffer share clock, phase, counters and latencies', () => {
    const left = new SharedRecord({ clients: 2 });
    const right = new SharedRecord(left.buffer);
    expect([left.begin(), right.end(), left.end(), right.begin()]).toEqual([0, 1, 2, 2]);
    left.phase = PHASES.YCSB_B;
    left.count(1, COUNTED.UNKNOWN, 3);
    left.raise(1, COUNTED.STALL_US, 9);
    left.raise(1, COUNTED.STALL_US, 5);
    left.latencies(1, 'put').record(77);
    expect(right.phase).toBe(PHASES.YCSB_B);
    expect([right.counted(1, COUNTED.UNKNOWN), right.counted(1, COUNTED.STALL_US)]).toEqual([3, 9]);
    const others = [right.latencies(1, 'get'), right.latencies(1, 'change'), right.latencies(0, 'put')];
    expect([right.latencies(1, 'put'), ...others].map(({ max }) => max)).toEqual([77, 0, 0, 0]);
  });

  it('An operation that ended before another began has a tick that says so', () => {
    const record = new SharedRecord({ clients: 1 });
    const first = { start: record.begin(), end: record.end() };
    const second = { start: record.begin(), end: record.end() };
    expect(first.end <= second.start).toBe(true);
    expect(second.end <= first.start).toBe(false);
  });
});

describe('Journal', () => {
  it('It hands over what was published, in order, and is full before it overwrites', () => {
    const record = new SharedRecord({ clients: 2 });
    const [writer, reader] = [record.journal(1), new SharedRecord(record.buffer).journal(1)];
    let sequence = 0;
    let expected = 0;
    const check = (got: Readonly<Observation>): void => expect(got).toEqual(seen(expected++));
    for (let round = 0; round < 3; round++) {
      while (writer.publish(seen(sequence))) sequence += 1;
      expect(reader.drain(check)).toBe(32_768);
    }
    expect([sequence, expected, reader.drain(check)]).toEqual([98_304, 98_304, 0]);
  });

  it('The journals of two clients are apart', () => {
    const record = new SharedRecord({ clients: 2 });
    record.journal(0).publish(seen(1));
    expect(record.journal(1).drain(() => {})).toBe(0);
    expect(record.journal(0).drain(() => {})).toBe(1);
  });
});
