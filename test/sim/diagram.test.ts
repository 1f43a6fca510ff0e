import { describe, expect, it } from 'vitest';
import type { TraceRecord } from '../../src/sim/engine/trace.ts';
import { layoutOf } from '../../src/sim/diagram-layout.ts';
import { spaceTimeDiagram } from '../../src/sim/diagram.ts';
import { simulate } from '../../src/sim/simulate.ts';
import { transcriptOf } from '../../src/sim/transcript.ts';

const NODES = [
  { name: 'counter', kind: 'actor' as const },
  { name: 'ann <1>', kind: 'client' as const },
  { name: 'idle', kind: 'client' as const },
];
const at = (atUs: number, kind: TraceRecord['kind'], rest: Partial<TraceRecord> = {}): TraceRecord => {
  const from = rest.from ?? 0;
  return { atUs, kind, from, to: from, message: 0, text: kind, ...rest };
};
const RECORDS: readonly TraceRecord[] = [
  at(1000, 'call', { from: 1, text: 'add 1' }),
  at(1000, 'send', { from: 1, to: 0, message: 1, text: 'add 1' }),
  at(1100, 'receive', { from: 1, to: 0, message: 1, text: 'add 1' }),
  at(1100, 'send', { from: 0, to: 1, message: 2, text: 'add: 1' }),
  at(1100, 'lost', { from: 0, to: 1, message: 2, text: 'add: 1' }),
  at(1200, 'crash', { text: 'crashes & burns' }),
  at(2200, 'start', { text: 'incarnation 2' }),
  at(2300, 'ready'),
  at(2400, 'return', { from: 1, text: 'add 1 failed: late' }),
  at(2500, 'call', { from: 1, text: 'add 2' }),
  at(2600, 'heal', { from: -1 }),
  at(2700, 'violation', { from: -1, text: 'broken' }),
];

describe('A space-time diagram', () => {
  const run = { nodes: NODES, records: [...RECORDS] };
  const layout = layoutOf(run);

  it('shows clients first, and leaves out nodes that do nothing', () => {
    expect(layout.lanes.map(({ name }) => name)).toEqual(['ann <1>', 'counter']);
  });

  it('lets time run downwards, and messages arrive below where they left', () => {
    const ys = layout.times.map(({ y }) => y);
    expect(ys).toEqual(ys.toSorted((a, b) => a - b));
    const [arrived, lost] = layout.arrows;
    expect([arrived?.end, lost?.end]).toEqual(['arrived', 'lost']);
    expect(arrived!.toY).toBeGreaterThan(arrived!.fromY);
    expect(lost!.fromY).toBe(arrived!.toY); // The answer leaves where the message arrives.
  });

  it('cuts the line of a node from its crash to its return', () => {
    const down = layout.lanes.find(({ name }) => name === 'counter')?.gaps;
    expect(down).toHaveLength(1);
    expect(down![0]![1]).toBeGreaterThan(down![0]![0]);
  });

  it('draws operations as bars with what became of them', () => {
    expect(layout.bars.map(({ call, result, end }) => [call, result, end])).toEqual([
      ['add 1', 'failed: late', 'failed'],
      ['add 2', undefined, 'open'],
    ]);
  });

  it('is one well-formed document without anything from outside', () => {
    const svg = spaceTimeDiagram(run, { title: 'a < b' });
    expect(svg).toMatch(/^<svg [^>]*xmlns="http:\/\/www.w3.org\/2000\/svg"/);
    expect(svg).toMatch(/<\/svg>\n$/);
    expect(svg.replace('http://www.w3.org/2000/svg', '')).not.toMatch(/href|https?:|<script|NaN|undefined/);
    expect(svg).toContain('crashes &amp; burns');
    expect(svg).toContain('ann &lt;1&gt;');
    // Each element that is opened is closed.
    const open: string[] = [];
    for (const [, close, name, alone] of svg.matchAll(/<(\/?)([a-z]+)[^>]*?(\/?)>/gi)) {
      if (close === '/') expect(open.pop()).toBe(name);
      else if (alone !== '/') open.push(name!);
    }
    expect(open).toEqual([]);
  });

  it('is safe on light and dark pages: it has a ground of its own, and colours for both', () => {
    const svg = spaceTimeDiagram(run);
    expect(svg).toContain('prefers-color-scheme:dark');
    expect(svg).toMatch(/<rect class="page"/);
  });

  it('keeps everything inside of its borders, also for a whole run of a cluster', () => {
    const { trace } = simulate({ seed: 5, profile: 'crash-storm', isTraced: true });
    const { width, height, lanes, arrows, marks, omitted } = layoutOf(trace);
    expect(omitted).toBe(Math.max(0, trace.records.length - 400));
    expect(arrows.length).toBeGreaterThan(50);
    for (const { x } of lanes) expect(x).toBeLessThan(width);
    for (const { fromY, toY } of arrows) expect(Math.max(fromY, toY)).toBeLessThan(height);
    for (const { y } of marks) expect(y).toBeLessThan(height);
    expect(spaceTimeDiagram(trace)).not.toMatch(/NaN|undefined/);
  });

  it('of nothing is empty, and no error', () => {
    expect(spaceTimeDiagram({ nodes: [], records: [] })).toContain('0 records');
    expect(transcriptOf({ nodes: [], records: [] })).toBe('');
  });
});

describe('A transcript', () => {
  it('says when, who and what, aligned, and marks what goes wrong', () => {
    expect(transcriptOf({ nodes: NODES, records: [...RECORDS] }).split('\n')).toEqual([
      '   1.000 ms  ann <1>  [   add 1',
      '   1.000 ms  ann <1>  ->  counter  #1   add 1',
      '   1.100 ms  counter  <-  ann <1>  #1   add 1',
      '   1.100 ms  counter  ->  ann <1>  #2   add: 1',
      'x  1.100 ms  counter  -x  ann <1>  #2   add: 1',
      'x  1.200 ms  counter  crashes & burns',
      '+  2.200 ms  counter  incarnation 2',
      '+  2.300 ms  counter  ready',
      '   2.400 ms  ann <1>    ] add 1 failed: late',
      '   2.500 ms  ann <1>  [   add 2',
      '+  2.600 ms  -        heal',
      '!  2.700 ms  -        VIOLATION: broken',
    ]);
  });
});
