// What is true of every engine behind the `Store` port, as a table of sentences. Each engine runs it: see *.test.ts
// beside. What an engine cannot do it names, as a capability that it lacks: cases that need it are skipped by name.
import { afterAll, describe, it } from 'vitest';
import type { Store } from '../../src/store/store.ts';
import type { Capability, CaseTable, ConformanceCase } from './cases/case.ts';
import { BASIC_CASES } from './cases/basic.ts';
import { CALL_CASES } from './cases/calls.ts';
import { CHANGE_CASES } from './cases/changes.ts';
import { EXPIRY_CASES } from './cases/expiry.ts';
import { KEY_CASES } from './cases/keys.ts';
import { SCAN_CASES } from './cases/scans.ts';
import { STALENESS_CASES } from './cases/staleness.ts';
import { VALUE_CASES } from './cases/values.ts';
import { VERSION_CASES } from './cases/versions.ts';

/** An engine, as the suite sees it. */
export interface Engine {
  readonly name: string;
  /** What it cannot do, with the reason. */
  readonly lacks: Partial<Readonly<Record<Capability, string>>>;
  /** A client of it, and another one of the same engine. */
  open(): Promise<OpenEngine>;
}

/** An engine that is open. */
export interface OpenEngine {
  readonly store: Store;
  readonly other: Store;
  close(): Promise<void>;
}

/** All cases. */
export const CASES: CaseTable = {
  ...BASIC_CASES,
  ...VALUE_CASES,
  ...KEY_CASES,
  ...CHANGE_CASES,
  ...VERSION_CASES,
  ...CALL_CASES,
  ...SCAN_CASES,
  ...EXPIRY_CASES,
  ...STALENESS_CASES,
};

/** Runs every case on `engine`. */
export function describeStore(engine: Engine): void {
  let opened: OpenEngine | undefined;
  let keys = 0;
  const runCase = async ({ run }: ConformanceCase): Promise<void> => {
    opened ??= await engine.open();
    const { store, other } = opened;
    await run({ store, other, key: `case ${keys++}` });
  };
  describe(`The store of ${engine.name}`, { timeout: 30_000 }, () => {
    afterAll(() => opened?.close());
    for (const [about, cases] of Object.entries(CASES)) {
      describe(about, () => {
        for (const each of cases) {
          const lacking = each.needs?.find((capability) => engine.lacks[capability] !== undefined);
          if (lacking === undefined) it(each.says, () => runCase(each));
          // The reason is the engine's, and part of the title.
          else it.skip(`${each.says} (lacks ${lacking}: ${engine.lacks[lacking]})`, () => {});
        }
      });
    }
  });
}
