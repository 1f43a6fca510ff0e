// Histories as a recorder would note them: clients that call a correct object, each operation taking effect at some
// moment between its call and its return.
import { below } from '../../../src/base/random.ts';
import type { Random } from '../../../src/base/random.ts';
import type { Operation } from '../../../src/check/history.ts';
import type { Model } from '../../../src/check/model.ts';

export interface Recording {
  /** A register or cas-register that holds 0 at first. */
  readonly model: Model;
  readonly operations: number;
  readonly clients: number;
  /** Values that are written: 1 to this; where there are more than operations, each is written once. */
  readonly values: number;
  /** Of a thousand changes, how many never return. */
  readonly lostPerMille?: number;
}

/** A legal history of one register. */
export function recordedHistory(random: Random, recording: Recording): readonly Operation[] {
  const { model, operations, clients, values, lostPerMille = 20 } = recording;
  const isDistinct = values > operations;
  const history: Operation[] = [];
  const open: (number | undefined)[] = Array.from({ length: clients });
  const processes = open.map((_, client) => `p${client}`);
  const effective = new Set<number>();
  let value: unknown = 0;
  for (let position = 0; history.length < operations || open.some((index) => index !== undefined); position++) {
    const client = below(random, clients);
    const index = open[client];
    if (index === undefined) {
      if (history.length === operations) continue;
      open[client] = history.length;
      const process = processes[client]!;
      const written = isDistinct ? history.length + 1 : 1 + below(random, values);
      const kind = below(random, 4);
      const isCas = kind === 1 && model.name === 'cas-register';
      const call = kind === 0 ? 'write' : isCas ? 'cas' : 'read';
      const input = isCas ? [below(random, 3) === 0 ? 0 : value, written] : kind === 0 ? written : undefined;
      history.push({ process, call, input, output: undefined, start: position, end: Infinity });
    } else if (effective.has(index)) {
      const { call } = history[index]!;
      open[client] = undefined;
      const isLost = call !== 'read' && below(random, 1000) < lostPerMille;
      if (isLost) processes[client] += "'"; // A process that waits for ever calls no more.
      history[index] = isLost ? { ...history[index]!, output: undefined } : { ...history[index]!, end: position };
    } else {
      effective.add(index);
      const { call, input } = history[index]!;
      if (call === 'write') value = input;
      if (call === 'read') history[index] = { ...history[index]!, output: value };
      if (call !== 'cas') continue;
      const [from, to] = input as readonly unknown[];
      history[index] = { ...history[index]!, output: value === from };
      if (value === from) value = to;
    }
  }
  return history;
}
