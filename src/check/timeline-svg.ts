// Draws a timeline that is laid out already, as SVG.
import { CHARACTER_WIDTH } from './timeline-layout.ts';
import type { Bar, Layout } from './timeline-layout.ts';

/** An arrow from one bar to another. */
export interface Arrow {
  readonly from: Bar;
  readonly to: Bar;
  readonly label: string;
}

/** A picture: what is laid out, and the words around it. */
export interface Picture {
  readonly layout: Layout;
  readonly heading: string;
  /** Whether the heading is drawn, not only said to who cannot see. */
  readonly isHeaded: boolean;
  readonly notes: readonly string[];
  readonly arrows: readonly Arrow[];
  /** What the hand of the mouse says of a bar. */
  readonly hint: (bar: Bar) => string;
}

const ROW_HEIGHT = 52;
const ROW_HEIGHT_WITH_ARROWS = 80;
const BAR_HEIGHT = 24;
const PADDING = 16;
const HEADING_HEIGHT = 34;
const AXIS_HEIGHT = 30;
const NOTE_HEIGHT = 20;
const FADE_WIDTH = 30; // Beyond the last instant: where open operations lose themselves.
const TICK_CHARACTER_WIDTH = 6;

/** The whole SVG document. */
export function drawSvg(picture: Picture): string {
  const { layout, heading, isHeaded, notes } = picture;
  const frame = frameOf(picture);
  const texts = [
    ...(isHeaded ? [`<text class="heading" x="${PADDING}" y="${PADDING + 14}">${escapeXml(heading)}</text>`] : []),
    ...notes.map((note, at) => {
      const y = frame.bottom + PADDING + NOTE_HEIGHT * (at + 0.6);
      return `<text class="note" x="${PADDING}" y="${y}">${escapeXml(note)}</text>`;
    }),
  ];
  const { width, height } = frame;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`,
    `     role="img" aria-label="${escapeXml(heading)}">`,
    `<style>${STYLE}</style>`,
    MARKERS,
    `<rect class="paper" width="${width}" height="${height}"/>`,
    ...lanes(layout, frame),
    ...axis(layout, frame),
    ...picture.arrows.map((arrow) => drawArrow(arrow, frame)),
    ...layout.bars.map((bar) => drawBar(bar, frame, picture.hint(bar))),
    ...impossibleMarks(layout, frame),
    ...path(layout, frame),
    ...texts,
    '</svg>',
    '',
  ].join('\n');
}

/** Text as it may stand in XML and HTML, also between quotes; characters that XML has not are replaced. */
export function escapeXml(text: string): string {
  const allowed = text.toWellFormed().replaceAll(/[^\t\n\r\u0020-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD');
  return allowed.replaceAll(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`);
}

interface Frame {
  /** Where time begins, behind the names of the processes. */
  readonly left: number;
  readonly right: number;
  readonly rowHeight: number;
  readonly top: number;
  readonly bottom: number;
  readonly width: number;
  readonly height: number;
}

function frameOf({ layout, heading, isHeaded, notes, arrows }: Picture): Frame {
  const names = layout.lanes.map(({ name }) => name.length);
  const left = Math.ceil(PADDING * 2 + Math.max(0, ...names) * CHARACTER_WIDTH);
  const right = Math.ceil(left + layout.right + FADE_WIDTH);
  const words = Math.max(isHeaded ? heading.length * 8.6 : 0, ...notes.map((note) => note.length * 6.8));
  const top = (isHeaded ? HEADING_HEIGHT : 0) + PADDING + AXIS_HEIGHT;
  const rowHeight = arrows.length === 0 ? ROW_HEIGHT : ROW_HEIGHT_WITH_ARROWS;
  const bottom = top + layout.rows * rowHeight;
  const width = Math.ceil(Math.max(right, words + PADDING) + PADDING);
  return { left, right, rowHeight, top, bottom, width, height: bottom + PADDING * 2 + notes.length * NOTE_HEIGHT };
}

function lanes({ lanes: all, rows }: Layout, { left, width, rowHeight, top }: Frame): readonly string[] {
  return all.flatMap(({ name, row }, at) => {
    const y = top + row * rowHeight;
    const height = ((all[at + 1]?.row ?? rows) - row) * rowHeight;
    return [
      `<rect class="lane ${at % 2 === 0 ? 'even' : 'odd'}" x="0" y="${y}" width="${width}" height="${height}"/>`,
      `<text class="process" x="${left - PADDING}" y="${y + 25}">${escapeXml(name)}</text>`,
    ];
  });
}

/** The line of real time, with the positions of calls and returns where there is room for them. */
function axis({ bars }: Layout, { left, right, top }: Frame): readonly string[] {
  const y = top - 10;
  const instants = new Map<number, number>();
  for (const { operation, left: start, right: end } of bars) {
    instants.set(start, operation.start);
    if (operation.end !== Infinity) instants.set(end, operation.end);
  }
  const ticks: string[] = [];
  let free = -Infinity;
  for (const [x, position] of [...instants].sort(([a], [b]) => a - b)) {
    const text = String(position);
    const half = (text.length * TICK_CHARACTER_WIDTH) / 2 + 2;
    ticks.push(`<path class="tick" d="M${round(left + x)} ${y}v4"/>`);
    if (x - half < free) continue;
    ticks.push(`<text class="position" x="${round(left + x)}" y="${y - 5}">${escapeXml(text)}</text>`);
    free = x + half;
  }
  return [
    `<path class="axis" d="M${left} ${y}H${right}" marker-end="url(#tip)"/>`,
    `<text class="process" x="${left - PADDING}" y="${y + 3}">time</text>`,
    ...ticks,
  ];
}

function drawBar(bar: Bar, frame: Frame, hint: string): string {
  const { operation, left, right, isImpossible } = bar;
  const isOpen = operation.end === Infinity;
  const kind = isImpossible ? 'impossible' : bar.isInvolved ? 'involved' : 'beside';
  const x = round(frame.left + left);
  const y = barTop(bar, frame);
  const end = isOpen ? frame.right : frame.left + right;
  // An open bar has no right edge: it may take effect at any later time, or never.
  const outline = isOpen
    ? `<path class="body open" d="M${end} ${y}H${x + 4}q-4 0 -4 4v${BAR_HEIGHT - 8}q0 4 4 4H${end}"/>`
    : `<rect class="body" x="${x}" y="${y}" width="${round(end - x)}" height="${BAR_HEIGHT}" rx="4"/>`;
  return [
    `<g class="bar ${kind}" data-start="${operation.start}" data-end="${operation.end}">`,
    `<title>${escapeXml(hint)}</title>${outline}`,
    `<text class="label" x="${x + 9}" y="${y + 16}">${escapeXml(bar.label)}</text></g>`,
  ].join('');
}

function barTop({ row }: Bar, { rowHeight, top }: Frame): number {
  return top + row * rowHeight + 9;
}

/** A line through all processes where the impossible operation returned: whatever explains it was called before. */
function impossibleMarks({ bars }: Layout, frame: Frame): readonly string[] {
  return bars
    .filter(({ isImpossible, operation }) => isImpossible && operation.end !== Infinity)
    .map(({ right }) => `<path class="limit" d="M${round(frame.left + right)} ${frame.top - 10}V${frame.bottom}"/>`);
}

/** The order that is allowed, as numbered points and the line through them. */
function path({ bars }: Layout, frame: Frame): readonly string[] {
  const placed = bars
    .flatMap((bar) => (bar.place === undefined || bar.pointX === undefined ? [] : [{ ...bar, pointX: bar.pointX }]))
    .map((bar) => ({
      place: bar.place ?? 0,
      x: round(frame.left + bar.pointX),
      y: barTop(bar, frame) + BAR_HEIGHT + 7,
    }))
    .sort((a, b) => a.place - b.place);
  if (placed.length === 0) return [];
  return [
    `<polyline class="order" points="${placed.map(({ x, y }) => `${x},${y}`).join(' ')}"/>`,
    ...placed.map(({ place, x, y }) => {
      return `<g class="point"><circle cx="${x}" cy="${y}" r="9"/><text x="${x}" y="${y + 4}">${place}</text></g>`;
    }),
  ];
}

/** A curve from one bar to another in a different row, with its label nearer to where it leaves. */
function drawArrow({ from, to, label }: Arrow, frame: Frame): string {
  const isDown = to.row > from.row;
  // Arrows leave right of the middle and arrive left of it, so that a pair there and back stays two arrows.
  const x1 = frame.left + besideMiddle(from, ARROW_SHIFT);
  const x2 = frame.left + besideMiddle(to, -ARROW_SHIFT);
  const y1 = barTop(from, frame) + (isDown ? BAR_HEIGHT : 0);
  const y2 = barTop(to, frame) + (isDown ? 0 : BAR_HEIGHT);
  const middle = round((y1 + y2) / 2);
  const curve = `M${round(x1)} ${y1}C${round(x1)} ${middle} ${round(x2)} ${middle} ${round(x2)} ${y2}`;
  return [
    `<path class="arrow" d="${curve}" marker-end="url(#tip)"/>`,
    `<text class="arrow-label" x="${round(x1 + (x2 - x1) * 0.22)}" y="${round(y1 + (y2 - y1) * 0.34 + 4)}">`,
    `${escapeXml(label)}</text>`,
  ].join('');
}

const ARROW_SHIFT = 26;

function besideMiddle({ left, right }: Bar, shift: number): number {
  return (left + right) / 2 + Math.sign(shift) * Math.min(Math.abs(shift), (right - left) / 3);
}

function round(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}

const MARKERS = `<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8"
  orient="auto-start-reverse"><path class="tip" d="M0 0L8 4L0 8z"/></marker></defs>`;

const STYLE = `
svg { font: 12px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
.paper { fill: #ffffff } .even { fill: #f4f6f9 } .odd { fill: #ffffff }
text { fill: #1b2431 } .heading { font-size: 14px; font-weight: 700 } .note { font-size: 11px; fill: #5a6676 }
.process { text-anchor: end; fill: #5a6676 } .position { font-size: 10px; text-anchor: middle; fill: #8a94a3 }
.axis, .tick { stroke: #8a94a3; fill: none } .tip { fill: #5a6676 }
.body { fill: #d9e7f8; stroke: #3d6fa8 } .beside .body { fill: #eceef1; stroke: #a9b1bc }
.beside .label { fill: #5a6676 }
.open { stroke-dasharray: 1 3 } .impossible .body { fill: #c4262e; stroke: #7d1218; stroke-width: 2 }
.impossible .label { fill: #ffffff; font-weight: 700 } .limit { stroke: #c4262e; stroke-dasharray: 5 4 }
.order { fill: none; stroke: #1b2431; stroke-opacity: 0.35; stroke-width: 1.5 }
.point circle { fill: #1b2431 } .point text { fill: #ffffff; font-size: 10px; text-anchor: middle }
.arrow { fill: none; stroke: #c4262e; stroke-width: 1.8 }
.arrow-label { text-anchor: middle; fill: #c4262e; font-weight: 700; paint-order: stroke; stroke: #ffffff;
  stroke-width: 4px }
@media (prefers-color-scheme: dark) {
.paper, .odd { fill: #12161d } .even { fill: #1a2029 } text { fill: #e4e8ee }
.note, .process { fill: #9aa5b4 } .position { fill: #7d8796 } .axis, .tick { stroke: #7d8796 } .tip { fill: #9aa5b4 }
.body { fill: #1d3a5c; stroke: #6fa3dc } .beside .body { fill: #232a34; stroke: #566070 }
.beside .label { fill: #9aa5b4 }
.order { stroke: #e4e8ee } .point circle { fill: #e4e8ee } .point text { fill: #12161d }
.arrow-label { fill: #ff7a80; stroke: #12161d } .arrow { stroke: #ff7a80 } .limit { stroke: #ff7a80 }
}
`;
