// What had no room in the ring of a replica that stood still, and is handed to it later.
import { describe, expect, it } from 'vitest';
import { OMISSIONS_AT_ONCE, OMISSIONS_MAX } from '../../src/base/limits.ts';
import { Omissions } from '../../src/replica/omissions.ts';
import type { OmissionCore } from '../../src/replica/omissions.ts';
import type { InnerCall } from '../../src/replica/client-core.ts';
import { Operation } from '../../src/replica/operation.ts';
import type { Outcome } from '../../src/replica/operation.ts';
import { RepairFixture } from './repair-fixture.ts';

/** A core that notes what it is asked to repair. */
class Core implements OmissionCore {
  members = 0b111;
  operational = 0b111;
  roomy = 0b111;
  hasRoom = true;
  readonly asked: { readonly key: string; readonly targets: number; readonly operation: Operation }[] = [];

  repairKey(key: string, { targets }: { readonly targets: number }): Operation {
    const operation = new Operation();
    this.asked.push({ key, targets, operation });
    return operation;
  }

  submit(): void {}

  /** The repairs that are open end so. */
  end(outcome: Outcome): void {
    for (const { operation } of this.asked.splice(0)) {
      operation.outcome = outcome;
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- omissions put it there
      (operation.context as InnerCall)(operation);
    }
  }
}

describe('An omission', () => {
  it.each([
    ['a replica is down', { operational: 0b011 }],
    ['a ring is full', { roomy: 0b011 }],
    ['too much is pending', { hasRoom: false }],
  ])('waits while %s', (_, state) => {
    const core = new Core();
    const omissions = new Omissions(core);
    omissions.note('k', 0b100);
    Object.assign(core, state);
    omissions.repair();
    expect(core.asked).toHaveLength(0);
    Object.assign(core, new Core());
    omissions.repair();
    expect(core.asked).toMatchObject([{ key: 'k', targets: 0b100 }]);
    core.end('ok');
    expect([omissions.size, omissions.repaired]).toEqual([0, 1]);
  });

  it('of a replica that is no member any more is forgotten, and keeps no other one waiting', () => {
    const core = new Core();
    const omissions = new Omissions(core);
    omissions.note('gone', 0b100);
    omissions.note('k', 0b101);
    Object.assign(core, { members: 0b011, operational: 0b011 });
    omissions.repair();
    expect(core.asked).toMatchObject([{ key: 'k', targets: 0b001 }]);
    core.end('ok');
    expect(omissions.size).toBe(0);
  });

  it('of a key names all replicas that missed it, and is kept where its repair comes to nothing', () => {
    const core = new Core();
    const omissions = new Omissions(core);
    omissions.note('k', 0b100);
    omissions.note('k', 0b010);
    omissions.repair();
    core.end('unavailable');
    expect(omissions.size).toBe(1);
    omissions.repair();
    expect(core.asked).toMatchObject([{ targets: 0b110 }]);
    core.end('closed');
    expect(omissions.size).toBe(0);
  });

  it('is dropped where there are too many, the oldest first, and that is counted', () => {
    const core = new Core();
    const omissions = new Omissions(core);
    for (let index = 0; index < OMISSIONS_MAX + 3; index++) omissions.note(`k${index}`, 1);
    expect([omissions.size, omissions.dropped]).toEqual([OMISSIONS_MAX, 3]);
    omissions.repair();
    omissions.repair();
    expect(core.asked.map(({ key }) => key)).toEqual(
      Array.from({ length: OMISSIONS_AT_ONCE }, (_, index) => `k${index + 3}`),
    );
  });
});

describe('A write that one ring had no room for', () => {
  it.each([
    ['a put', 'value'],
    ['a delete', undefined],
  ])('is handed to its replica once there is room: %s', (_, value) => {
    const fixture = new RepairFixture();
    const { cluster } = fixture;
    fixture.put('k', 'before', [0, 1, 2]);
    cluster.full.add(2);
    const call = cluster.call(0, (core) => core.put('k', value, undefined));
    for (let step = 0; step < 4; step++) cluster.pass(13); // The ring counts as a laggard's then.
    cluster.exchange(0, 'accept', [0, 1]);
    expect(call.result).toMatchObject({ outcome: 'ok' });
    expect(cluster.core(0).omissions.size).toBe(1);
    cluster.full.clear();
    cluster.pass(13);
    cluster.settle();
    expect(fixture.holdingOf(2)).toEqual(fixture.holdingOf(0));
    expect(cluster.core(0).omissions).toMatchObject({ size: 0, repaired: 1 });
  });
});
