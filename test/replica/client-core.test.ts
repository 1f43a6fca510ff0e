import { describe, expect, it } from 'vitest';
import { INLINE_BYTES_MAX } from '../../src/base/limits.ts';
import { seededRandom } from '../../src/base/random.ts';
import { RULES } from '../../src/protocol/rules.ts';
import { registerQuorums } from '../../src/quorum/index.ts';
import { ClientCore } from '../../src/replica/client-core.ts';
import { CLUSTER_CLOSED, CLUSTER_OPEN, CLUSTER_STATE_LOST } from '../../src/replica/environment.ts';
import type { Operation } from '../../src/replica/operation.ts';
import type { PendingChange } from '../../src/replica/round.ts';
import type { ScanCall } from '../../src/replica/scan.ts';
import type { SessionCall } from '../../src/replica/session-calls.ts';
import { SimErased } from '../../src/sim/cluster/sim-erased.ts';
import { TallyBoard, createTallyBoard } from '../../src/ring/tally-board.ts';
import { CapturingLink, NO_LARGE_LANE } from './network.ts';

const LONG_MS = 1_000_000;

/** A client of one replica that never answers. */
class Fixture {
  readonly life = { state: CLUSTER_OPEN, resets: 0 };
  readonly core: ClientCore;
  /** What its operations came to. */
  readonly results: unknown[] = [];
  /** Frames that have left. */
  sent = 0;
  #tag = 0;

  constructor(rules = RULES, { ringBytes = 1 << 20, freeBytes = Number.POSITIVE_INFINITY } = {}) {
    const link = new CapturingLink(() => this.sent++);
    link.hasRoomFor = (bytes = 0): boolean => bytes <= freeBytes;
    const doors = {
      links: [link],
      large: [NO_LARGE_LANE],
      board: new TallyBoard(createTallyBoard(32, 1)),
      epochs: { epochOf: () => 1, restarts: () => 0, isOperational: () => true },
      erased: new SimErased(),
      tags: {
        take: (count: number, first: { low: number }): void => void ((first.low = ++this.#tag), (this.#tag += count)),
        taken: () => this.#tag,
      },
      random: seededRandom(1),
      ringBytes,
      life: this.life,
      owner: 1,
      sharedMs: () => 0,
      settle: (operation: Operation) => this.#settle(operation),
      settleChange: (change: PendingChange) => void this.results.push(change.result),
      settleSession: (call: SessionCall) => void this.results.push(call.result),
      settleScan: (call: ScanCall) => void this.results.push(call.result),
    };
    this.core = new ClientCore(doors, registerQuorums({ replicas: 1 }), rules);
  }

  /** A write that has left and is given up. @returns its operation id. */
  leaveUnknown(): string {
    this.core.submit(this.core.put('k', 'v', undefined));
    this.core.flush(0);
    this.core.coordinator.tick(LONG_MS);
    const result = this.results.at(-1);
    expect(result).toMatchObject({ outcome: 'unknown' });
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as just seen
    return (result as { readonly operationId: string }).operationId;
  }

  reset(): void {
    this.life.resets++;
  }

  #settle(operation: Operation): void {
    this.results.push(this.core.resultOf(operation, undefined));
    this.core.coordinator.release(operation);
  }
}

describe('A write whose outcome is unknown', () => {
  it('is resolved under its first tag', () => {
    const { core, leave } = bound();
    const operationId = leave();
    const again = core.resolve(operationId, undefined);
    expect(again).toMatchObject({ kind: 'put', hasLeft: true, keyBytes: 1 });
    expect(core.resolve('0000000000000bad', undefined)).toBeUndefined();
  });

  it('is not resolved in the next state, where it would delete the key that its operation had before', () => {
    const { core, leave, fixture } = bound();
    const operationId = leave();
    fixture.reset();
    expect(core.resolve(operationId, undefined)).toBeUndefined();
  });
});

describe('What a ring had no room for is repaired', () => {
  it.each([
    [1 << 18, INLINE_BYTES_MAX - 1, 0],
    [1 << 18, INLINE_BYTES_MAX, 1],
    [512, 127, 0],
    [512, 128, 1],
  ])('once a ring of %i bytes has room for a longest value, or a quarter of it free: %i, replicas %i', (...given) => {
    const [ringBytes, freeBytes, roomy] = given;
    expect(new Fixture(RULES, { ringBytes, freeBytes }).core.roomy).toBe(roomy);
  });
});

describe('A client whose cluster has lost its state', () => {
  it('refuses new operations, and says why', () => {
    const { core, fixture } = bound();
    fixture.life.state = CLUSTER_STATE_LOST;
    expect(() => core.get('k', undefined)).toThrow('Cannot serve');
    fixture.life.state = CLUSTER_CLOSED;
    expect(() => core.put('k', 1, undefined)).toThrow('it is closed');
    fixture.life.state = CLUSTER_OPEN;
    expect(core.get('k', undefined).kind).toBe('get');
  });

  it.each([
    ['sends nothing of what is queued, since some replicas may have begun empty already', CLUSTER_STATE_LOST, 0],
    ['sends nothing of what is queued once it is reset', CLUSTER_OPEN, 1],
  ])('%s', (_, state, resets) => {
    const { core, fixture } = bound();
    core.submit(core.put('k', 'v', undefined));
    Object.assign(fixture.life, { state, resets });
    core.flush(0);
    expect([fixture.sent, core.coordinator.pending]).toEqual([0, 0]);
    expect(fixture.results).toMatchObject([{ error: { code: 'ERR_QUORATE_STATE_LOST' } }]);
  });

  it('without the rule would send it into the next state', () => {
    const { core, fixture } = bound({ ...RULES, forgetsLostState: false });
    core.submit(core.put('k', 'v', undefined));
    fixture.reset();
    core.flush(0);
    expect(fixture.sent).toBe(1);
  });
});

function bound(rules = RULES): { readonly core: ClientCore; readonly leave: () => string; readonly fixture: Fixture } {
  const fixture = new Fixture(rules);
  return { core: fixture.core, leave: () => fixture.leaveUnknown(), fixture };
}
