// A run as a picture: the space-time diagram. Time runs downwards, each node has a line, each message slopes from its
// sender to its receiver, operations are bars, crashes cut the line of a node.
//
// Source: Lamport, "Time, Clocks, and the Ordering of Events in a Distributed System" (CACM 1978), figures 1 to 3.
import { layoutOf } from './diagram-layout.ts';
import type { Arrow, Bar, Lane, Layout, Mark } from './diagram-layout.ts';
import { STYLE } from './diagram-style.ts';
import type { RunRecords } from './transcript.ts';

/** What a diagram is drawn with. */
export interface DiagramOptions {
  /** The heading; default: how many records it shows. */
  readonly title?: string;
}

const LABEL_LENGTH_MAX = 44;
const CHARACTER = 6.1;

/**
 * The space-time diagram of a traced run, best of a shrunk one: a whole SVG document that needs nothing else, readable
 * on light and dark pages. The latest 400 records are shown; nodes that do nothing are left out.
 *
 * @example
 * import { spaceTimeDiagram } from 'quorate/sim';
 *
 * const nodes = [{ name: 'ann', kind: 'client' } as const, { name: 'counter', kind: 'actor' } as const];
 * const sent = { atUs: 1500, kind: 'send', from: 0, to: 1, message: 1, text: 'add 1' } as const;
 * const svg = spaceTimeDiagram({ nodes, records: [sent, { ...sent, atUs: 1700, kind: 'receive' }] });
 * console.log(svg.startsWith('<svg'), svg.includes('add 1')); // true true
 */
export function spaceTimeDiagram(run: RunRecords, { title }: DiagramOptions = {}): string {
  const layout = layoutOf(run);
  const { width, height, lanes, arrows, bars, marks, times, omitted } = layout;
  const heading = title ?? `${run.records.length} records`;
  const left = omitted === 0 ? '' : `, without the first ${omitted} records`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`,
    ` role="img" aria-label="${escaped(heading)}">`,
    `<title>${escaped(heading)}</title><style>${STYLE}</style>`,
    `<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8"`,
    ` orient="auto-start-reverse"><path class="head" d="M0 .8 7.4 4 0 7.2Z"/></marker></defs>`,
    `<rect class="page" width="${width}" height="${height}" rx="8"/>`,
    `<text class="title" x="20" y="30">${escaped(heading + left)}</text>`,
    `<text class="time" x="76" y="${layout.top - 25}">ms</text>`,
    ...times.map(({ y, atUs }) => timeLine(y, atUs, layout)),
    ...lanes.map((lane) => laneOf(lane, layout)),
    ...bars.map(barOf),
    ...arrows.map(lineOf),
    ...marks.map((mark) => markOf(mark, layout)),
    ...bars.map(barTextOf),
    ...labelsOf(arrows),
    `</svg>\n`,
  ].join('\n');
}

function timeLine(y: number, atUs: number, { width }: Layout): string {
  const time = (atUs / 1000).toFixed(3);
  return `<path class="row" d="M84 ${y}H${width - 16}"/><text class="time" x="76" y="${y + 4}">${time}</text>`;
}

function laneOf({ name, kind, x, gaps }: Lane, { top, height }: Layout): string {
  const bottom = height - 40;
  const parts: string[] = [];
  let y = top - 14;
  for (const [from, to] of gaps) {
    parts.push(`<path class="lane" d="M${x} ${y}V${from}"/><path class="down" d="M${x} ${from}V${to}"/>`);
    y = to;
  }
  if (y < bottom) parts.push(`<path class="lane" d="M${x} ${y}V${bottom}"/>`);
  const half = Math.max(26, name.length * 3.8 + 14);
  const chip = `<rect class="chip ${kind}" x="${x - half}" y="${top - 44}" width="${2 * half}" height="28" rx="14"/>`;
  return `${parts.join('')}${chip}<text class="name" x="${x}" y="${top - 25}">${escaped(name)}</text>`;
}

function barOf({ x, fromY, toY, end }: Bar): string {
  const height = Math.max(8, toY - fromY);
  return `<rect class="bar ${end}" x="${x - 5}" y="${fromY}" width="10" height="${height}" rx="5"/>`;
}

function barTextOf({ x, fromY, toY, call, result, end }: Bar): string {
  const said = `<text class="call" x="${x - 12}" y="${fromY + 4}">${escaped(shortened(call))}</text>`;
  if (result === undefined) {
    const y = Math.max(toY, fromY + 18);
    return `${said}<text class="call failed" x="${x - 12}" y="${y}">never returned</text>`;
  }
  // An operation that ends on its own row has one line.
  const y = Math.max(toY + 4, fromY + 18);
  const answer = escaped(shortened(result.replace(/^-> /, '→ ')));
  return `${said}<text class="call ${end}" x="${x - 12}" y="${y}">${answer}</text>`;
}

function lineOf({ fromX, fromY, toX, toY, end }: Arrow): string {
  if (end === 'arrived') {
    const aside = fromX < toX ? 6 : -6;
    return `<path class="message" marker-end="url(#head)" d="M${fromX + aside} ${fromY}L${toX - aside} ${toY}"/>`;
  }
  const x = (fromX + toX) / 2;
  const y = end === 'lost' && toY > fromY ? (fromY + toY) / 2 : fromY + 12;
  const line = `<path class="message ${end}" d="M${fromX} ${fromY}L${x} ${y}"/>`;
  return end === 'open' ? line : `${line}<path class="cross" d="${cross(x, y, 5)}"/>`;
}

/** Labels once what is sent to many at the same moment. */
function labelsOf(arrows: readonly Arrow[]): readonly string[] {
  const said = new Set<string>();
  const arrivedFirst = arrows.toSorted((a, b) => Number(a.end !== 'arrived') - Number(b.end !== 'arrived'));
  return arrivedFirst.flatMap((arrow) => {
    const { fromX, fromY, toX, text } = arrow;
    const key = `${fromX} ${fromY} ${toX >= fromX} ${text}`;
    if (said.has(key)) return [];
    said.add(key);
    return [labelOf(arrow)];
  });
}

function labelOf({ fromX, fromY, toX, toY, text, end }: Arrow): string {
  const across = toX - fromX;
  const room = Math.max(8, Math.floor((Math.abs(across) - 24) / CHARACTER));
  const label = shortened(text, room);
  const half = (label.length * CHARACTER) / 2;
  // Near the sender, where the arrows of others are few; the middle of a way belongs to what crosses it.
  const share = across === 0 ? 0 : Math.min(0.5, Math.max(0.3, (half + 14) / Math.abs(across)));
  const slope = across === 0 || end !== 'arrived' ? 0 : (toY - fromY) / across;
  const x = Math.round(fromX + share * across);
  const y = Math.round(fromY + share * across * slope);
  const degrees = Math.round((Math.atan(slope) * 180) / Math.PI);
  // Steep arrows come from messages that were long under way: their label stays level.
  const turn = Math.abs(degrees) > 30 ? '' : ` transform="rotate(${degrees} ${x} ${y})"`;
  return `<text class="label ${end}" x="${x}" y="${y - 4}"${turn}>${escaped(label)}</text>`;
}

function markOf({ x, y, kind, text }: Mark, { width, top }: Layout): string {
  const said = escaped(shortened(text, 110));
  if (x === undefined || kind === 'violation') {
    const line = `<path class="all ${kind}" d="M84 ${y}H${width - 16}"/>`;
    const half = Math.min(said.length, 110) * 3.4 + 12;
    const middle = (84 + width - 16) / 2;
    const box = `x="${middle - half}" y="${y - 11}" width="${2 * half}" height="22" rx="11"`;
    const plate = `<rect class="plate ${kind}" ${box}/>`;
    return `${line}${plate}<text class="${kind} middle" x="${middle}" y="${y + 4}">${said}</text>`;
  }
  const words = `<text class="said ${kind}" x="${x + 14}" y="${y + 4}">${escaped(shortened(text))}</text>`;
  if (kind === 'crash') return `<path class="cross" d="${cross(x, Math.max(y, top), 7)}"/>${words}`;
  return `<circle class="dot ${kind}" cx="${x}" cy="${y}" r="4"/>${words}`;
}

function cross(x: number, y: number, size: number): string {
  return `M${x - size} ${y - size}L${x + size} ${y + size}M${x - size} ${y + size}L${x + size} ${y - size}`;
}

function shortened(text: string, lengthMax = LABEL_LENGTH_MAX): string {
  return text.length <= lengthMax ? text : `${text.slice(0, lengthMax - 1)}…`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
