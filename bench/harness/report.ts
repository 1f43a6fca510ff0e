// Figures as one JSON array for programs, or as a table for people.
import { availableParallelism, cpus, loadavg } from 'node:os';
import type { Measured } from './run.ts';

/** One line of the report: a subject's figure, and that figure over each peer's and floor's. */
export interface Entry {
  readonly folder: string;
  readonly question: string;
  readonly subject: string;
  readonly value: number;
  readonly unit: string;
  readonly ratios: Readonly<Record<string, number>>;
}

/** The entries of one question: ours carry ratios over peers and floors, floors over other floors, peers none. */
export function entriesOf(group: readonly Measured[]): readonly Entry[] {
  return group.map((measured) => ({
    folder: `bench/${measured.folder}`,
    question: measured.subject.question,
    subject: measured.subject.subject,
    value: round(measured.value, 6),
    unit: measured.subject.unit,
    ratios: ratiosOf(measured, group),
  }));
}

/** The machine and the moment, without which a figure means nothing. */
export function machineLine(): string {
  const load = loadavg().map((value) => value.toFixed(2));
  const model = cpus()[0]?.model.trim() ?? 'processor unknown';
  const { platform, arch, version } = process;
  return `Node ${version} on ${platform} ${arch}, ${availableParallelism()} cores (${model}), load ${load.join(' ')}`;
}

/** A table of one question, for people. */
export function tableOf(group: readonly Measured[]): string {
  const first = group[0];
  if (first === undefined) return '';
  const entries = entriesOf(group);
  const rows = group.map((measured, index) => {
    const ratios = Object.entries(entries[index]?.ratios ?? {});
    return [
      `bench/${measured.folder}`,
      measured.subject.subject,
      compact(measured.value),
      `[${compact(Math.min(...measured.figures))} .. ${compact(Math.max(...measured.figures))}]`,
      ratios.map(([name, ratio]) => `${round(ratio, 3)} x ${name}`).join(', '),
      (measured.note ?? '') === '' ? '' : `(${measured.note})`,
    ];
  });
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) => {
    const cells = row.map((cell, column) => {
      const width = widths[column] ?? 0;
      return column === 2 ? cell.padStart(width) : cell.padEnd(width);
    });
    return `  ${cells.filter((cell) => cell !== '').join('  ')}`.trimEnd();
  });
  return [`${first.subject.question} (${first.subject.unit})`, ...lines].join('\n');
}

function ratiosOf(ours: Measured, group: readonly Measured[]): Readonly<Record<string, number>> {
  const ratios: Record<string, number> = {};
  if (ours.folder === 'peers') return ratios;
  for (const theirs of group) {
    const isReference = theirs.folder === 'floor' || theirs.folder === 'peers';
    if (!isReference || theirs === ours || (ours.folder === 'floor' && theirs.folder === 'peers')) continue;
    ratios[theirs.subject.subject] = round(ours.value / theirs.value, 4);
  }
  return ratios;
}

function round(value: number, digits: number): number {
  return Number(value.toPrecision(digits));
}

/** Three digits and a magnitude: 12345 is "12.3 k". */
function compact(value: number): string {
  for (const [factor, suffix] of [
    [1e9, ' G'],
    [1e6, ' M'],
    [1e3, ' k'],
  ] as const) {
    if (value >= factor) return `${(value / factor).toPrecision(3)}${suffix}`;
  }
  return String(round(value, 3));
}
