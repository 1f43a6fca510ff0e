import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  casRegisterModel,
  checkLinearizable,
  checkTransactions,
  kvModel,
  registerModel,
  timelineHtml,
  timelineSvg,
} from '../../src/check/index.ts';
import type { Explanation, Operation } from '../../src/check/index.ts';
import { layOut } from '../../src/check/timeline-layout.ts';
import type { Bar, Layout } from '../../src/check/timeline-layout.ts';

const PICTURE = new URL('../../docs/timeline.svg', import.meta.url);

type Times = readonly [process: number, call: string, value: unknown, start: number, end: number];

const operationOf = ([caller, call, value, start, end]: Times): Operation => {
  const isRead = call === 'read';
  const output = isRead && end !== Infinity ? value : undefined;
  return { process: caller, call, input: isRead ? undefined : value, output, start, end };
};

const describeOf = (operation: Operation): string => registerModel().describe(operation);

function explain(history: readonly Operation[]): Explanation {
  const found = checkLinearizable(history, casRegisterModel(0));
  if (found.verdict !== 'illegal') throw new Error(`Only an illegal history has a picture: ${found.verdict}`);
  return found.explanation;
}

const HISTORY = [
  [1, 'write', 1, 0, 3],
  [2, 'write', 2, 1, Infinity],
  [3, 'read', 2, 4, 5],
  [1, 'read', 1, 6, 9],
  [3, 'write', 7, 7, 8],
].map((times) => operationOf(times as unknown as Times));

/** All bars of a picture: their class and their label. */
function barsOf(svg: string): readonly (readonly [string, string])[] {
  const found = svg.matchAll(/<g class="bar (\w+)".*?<text class="label"[^>]*>([^<]*)<\/text>/gs);
  return [...found].map((match) => [match[1] ?? '', (match[2] ?? '').replaceAll('&#62;', '>')] as const);
}

/** Whether tags are closed in the order in which they are opened; void elements of HTML are not counted. */
function isWellFormed(xml: string): boolean {
  const open: string[] = [];
  for (const [tag, closing, name = ''] of xml.matchAll(/<(\/?)([a-z]+)\b(?:"[^"]*"|[^">])*>/g)) {
    if (closing === '/' && open.pop() !== name) return false;
    if (closing === '' && !tag.endsWith('/>')) open.push(name);
  }
  return open.length === 0;
}

describe('The picture of an illegal history', () => {
  it('marks the one operation that is impossible, and what it is at odds with', () => {
    const bars = barsOf(timelineSvg(explain(HISTORY), { describe: describeOf }));
    expect(bars.filter(([kind]) => kind === 'impossible')).toEqual([['impossible', 'read -> 1']]);
    expect(bars.filter(([kind]) => kind === 'involved').map(([, label]) => label)).toContain('read -> 2');
    expect(bars.filter(([kind]) => kind === 'beside')).toEqual([]);
  });

  it('shows in grey what else was called by then on the same object, and nothing that came later', () => {
    const later = operationOf([4, 'write', 5, 10, 11]);
    const elsewhere = { ...operationOf([5, 'write', 6, 2, 3]), key: 'other' };
    const svg = timelineSvg(explain(HISTORY), { describe: describeOf, history: [...HISTORY, later, elsewhere] });
    const labels = barsOf(svg).map(([, label]) => label);
    expect(labels).toContain('write 7');
    expect(labels).not.toContain('write 5');
    expect(labels).not.toContain('write 6');
  });

  it('has text that is no markup, whatever was called', () => {
    const value = '</text><script>alert(1)</script>" \' & \u0000 \uD800';
    const history = [operationOf([1, 'read', value, 0, 1])];
    const options = { describe: describeOf, history };
    const [svg, html] = [timelineSvg(explain(history), options), timelineHtml(explain(history), options)];
    for (const text of [svg, html]) {
      expect(text).not.toContain('<script>alert');
      expect(text).not.toContain('\u0000');
      expect(text.isWellFormed()).toBe(true);
    }
    expect(isWellFormed(svg)).toBe(true);
    expect(isWellFormed('<g><text></g>')).toBe(false);
  });

  it('is a document of its own: nothing is loaded from elsewhere', () => {
    const html = timelineHtml(explain(HISTORY), { describe: describeOf, history: HISTORY });
    expect(html).not.toMatch(/(src|href)=|@import|https?:(?!\/\/www\.w3\.org\/2000\/svg")/);
    expect(html).toContain('<td>process 1</td><td>read -&#62; 1</td><td>6</td><td>9</td><td>impossible</td>');
    expect(html).toContain('no legal order lets process 1 return from read -&#62; 1');
  });

  it('of transactions has an arrow for each step of the cycle, and blames none of them', () => {
    const transaction = { call: 'txn', input: [], start: 0, end: 1 };
    const found = checkTransactions([
      { ...transaction, process: 1, output: [['r', 'x', []], ['append', 'y', 1]] }, // prettier-ignore
      { ...transaction, process: 2, output: [['r', 'y', []], ['append', 'x', 1]] }, // prettier-ignore
    ]);
    if (found.verdict !== 'illegal') throw new Error('Write skew is illegal');
    const svg = timelineSvg(found.explanation, { describe: ({ call }) => call, cycle: found.anomalies[0]!.cycle });
    expect([...svg.matchAll(/class="arrow-label"[^>]*>([^<]*)</g)].map((match) => match[1])).toEqual(
      expect.arrayContaining(['rw x', 'rw y']),
    );
    expect(barsOf(svg).map(([kind]) => kind)).toEqual(['involved', 'involved']);
    expect(svg).toContain('T1 · process');
  });

  it('of a very long explanation shows what is closest, and says how much it leaves out', () => {
    const writes = Array.from({ length: 1000 }, (_, at) => operationOf([1, 'write', at, 2 * at, 2 * at + 1]));
    const impossible = operationOf([2, 'read', -1, 2000, 2001]);
    const explanation = {
      key: undefined,
      impossible,
      operations: [...writes, impossible],
      order: writes,
      text: 'long',
    };
    const svg = timelineSvg(explanation, { describe: describeOf });
    expect(barsOf(svg)).toHaveLength(300);
    expect(svg).toContain('701 operations further away are not shown.');
    expect(svg).toContain('write 999<');
  });
});

const lay = (history: readonly Operation[], order: readonly Operation[]): Layout =>
  layOut({
    operations: history,
    involved: new Set(history),
    order,
    impossible: undefined,
    lane: (operation) => String(operation.process),
    label: describeOf,
  });
const barOf = ({ bars }: Layout, operation: Operation): Bar => bars.find((bar) => bar.operation === operation)!;

describe('The picture in docs/CHECKING.md', () => {
  it('is what is drawn of this history today', () => {
    const common = { key: '7', input: undefined, output: undefined };
    const history: Operation[] = [
      { ...common, process: 0, call: 'append', input: 'a', start: 0, end: 4 },
      { ...common, process: 5, call: 'append', input: 'b', start: 1, end: 9 },
      { ...common, process: 8, call: 'get', output: '', start: 2, end: 3 },
      { ...common, process: 8, call: 'get', output: '', start: 6, end: 8 },
      { ...common, process: 9, call: 'append', input: 'c', start: 5, end: Infinity },
    ];
    const model = kvModel();
    const found = checkLinearizable(history, model);
    if (found.verdict !== 'illegal') throw new Error('The second get is stale');
    const svg = timelineSvg(found.explanation, { describe: (operation) => model.describe(operation), history });
    if (process.env['QUORATE_REDRAW'] !== undefined) writeFileSync(PICTURE, svg);
    expect(readFileSync(PICTURE, 'utf8'), 'QUORATE_REDRAW=1 draws it anew').toBe(svg);
  });
});

describe('The layout', () => {
  it('puts what returned before another call wholly left of it, and lets overlapping operations overlap', () => {
    const layout = lay(HISTORY, []);
    for (const a of layout.bars) {
      for (const b of layout.bars) {
        expect(a.right < b.left, `${a.label} before ${b.label}`).toBe(a.operation.end < b.operation.start);
      }
    }
  });

  it('gives each label its room', () => {
    for (const { left, right, label } of lay(HISTORY, []).bars)
      expect(right - left).toBeGreaterThan(label.length * 7.3);
  });

  it('puts the points of an order from left to right, each within its bar, also where positions are equal', () => {
    const [a, b, c] = [[1, 'write', 1, 0, 5], [2, 'write', 2, 0, 5], [3, 'write', 3, 5, 5]].map((times) =>
      operationOf(times as unknown as Times),
    ) as [Operation, Operation, Operation]; // prettier-ignore
    const layout = lay([a, b, c], [c, b, a]);
    const points = [c, b, a].map((operation) => barOf(layout, operation));
    expect(points.map(({ place }) => place)).toEqual([1, 2, 3]);
    for (const { left, right, pointX } of points) {
      expect(pointX).toBeGreaterThan(left);
      expect(pointX).toBeLessThan(right);
    }
    expect(points.map(({ pointX }) => pointX)).toEqual(points.map(({ pointX }) => pointX).toSorted((x, y) => x! - y!));
  });

  it('gives an open operation a row of its own when its process goes on', () => {
    const open = operationOf([1, 'write', 1, 0, Infinity]);
    const next = operationOf([1, 'write', 2, 2, 3]);
    const layout = lay([open, next], []);
    expect(layout.lanes).toEqual([{ name: '1', row: 0 }]);
    expect([barOf(layout, open).row, barOf(layout, next).row, layout.rows]).toEqual([0, 1, 2]);
    expect(barOf(layout, open).right).toBe(layout.right);
  });
});
