// What is true of every mailbox, whatever carries its messages. Each implementation runs it: see *.test.ts beside.
import * as fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { layout } from '../../src/mailbox/body-layout.ts';
import type { DeadLetters } from '../../src/mailbox/dead-letters.ts';
import type { Envelope, Mailbox } from '../../src/mailbox/envelope.ts';
import type { OverflowPolicy, OverflowSender } from '../../src/mailbox/overflow.ts';
import { vocabulary } from '../../src/mailbox/vocabulary.ts';
import { envelopeOf } from './envelopes.ts';

/** Type 0: plain data; type 1: a fixed layout. */
export const VOCABULARY = vocabulary(['plain', layout({ n: 'f64', id: 'u32', big: 'i64', isLast: 'bool' })]);
export const PLAIN = 0;
export const FIXED = 1;

/** A mailbox with one sender. */
export interface Fixture {
  readonly sender: OverflowSender;
  readonly mailbox: Mailbox;
  readonly deadLetters: DeadLetters;
  close(): void;
}

/** What an implementation does differently, with the reason. */
export interface Traits {
  readonly name: string;
  open(policy: OverflowPolicy): Fixture;
  /** Why bodies are not copied, when they are not. */
  readonly sharesBodies?: string;
}

/** Takes everything that waits, as copies that stay. */
export function takeAll(mailbox: Mailbox, budget = 1_000_000): Envelope[] {
  const taken: Envelope[] = [];
  mailbox.drain(budget, ({ isSystem, type, kind, target, correlation, incarnation, body }) => {
    taken.push({ isSystem, type, kind, target, correlation, incarnation, body });
  });
  return taken;
}

function bodies(mailbox: Mailbox, budget?: number): unknown[] {
  return takeAll(mailbox, budget).map(({ body }) => body);
}

/** Sends numbers from 0 until the mailbox does not take them any more. @returns how many it took. */
function fill({ sender }: Fixture): number {
  for (let count = 0; ; count++) {
    if (count > 200_000) throw new Error('The mailbox has no bound');
    if (sender.send(envelopeOf({ body: count })) !== 'sent') return count;
  }
}

function failureOf(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  return undefined;
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, index) => from + index);

/** Runs the suite for one implementation. */
export function describeMailbox(traits: Traits): void {
  const { name, sharesBodies } = traits;
  const opened: Fixture[] = [];
  const open = (policy: OverflowPolicy = 'reject'): Fixture => {
    const fixture = traits.open(policy);
    opened.push(fixture);
    return fixture;
  };
  afterEach(() => {
    for (const fixture of opened.splice(0)) fixture.close();
  });

  describe(`${name}: delivery`, () => {
    it('A message arrives with its whole address', () => {
      const { sender, mailbox } = open();
      const sent = envelopeOf({
        kind: 255,
        target: 0xffff_ffff,
        correlation: 0x8000_0001,
        incarnation: 7,
        body: { a: 1 },
      });
      expect(sender.send(sent)).toBe('sent');
      sender.flush();
      expect(takeAll(mailbox)).toStrictEqual([sent]);
      expect(mailbox.hasMessages()).toBe(false);
    });

    it('Messages arrive in the order sent, system messages first, however small the budget', () => {
      const { sender, mailbox } = open();
      for (const body of range(0, 100)) sender.send(envelopeOf({ body }));
      for (const body of ['stop', 'watch']) sender.send(envelopeOf({ body, isSystem: true }));
      sender.flush();
      expect(bodies(mailbox, 3)).toEqual(['stop', 'watch', 0]);
      expect(mailbox.hasMessages()).toBe(true);
      const rest: unknown[] = [];
      while (mailbox.hasMessages()) rest.push(...bodies(mailbox, 7));
      expect(rest).toEqual(range(1, 100));
    });

    it('A body of a fixed layout arrives as its fields', () => {
      const { sender, mailbox } = open();
      const body = { n: -0.5, id: 0xffff_ffff, big: -(2n ** 63n), isLast: true };
      sender.send(envelopeOf({ type: FIXED, body }));
      sender.flush();
      expect(bodies(mailbox)).toStrictEqual([body]);
    });

    it('Large bodies keep their place among small ones', () => {
      const { sender, mailbox } = open();
      const large = new Uint8Array(1 << 20).fill(7);
      const long = 'é'.repeat(20_000);
      for (const body of [1, large, 2, long, 3]) expect(sender.send(envelopeOf({ body }))).toBe('sent');
      sender.flush();
      expect(bodies(mailbox)).toStrictEqual([1, large, 2, long, 3]);
    });

    it('Whatever is sent and drained in whatever order, each lane is first-in first-out and nothing is lost', () => {
      const size = fc.oneof({ arbitrary: fc.nat({ max: 40 }), weight: 20 }, fc.constantFrom(4095, 4096, 4097, 20_000));
      const step = fc.oneof(
        { arbitrary: fc.record({ isSystem: fc.boolean(), size, isFixed: fc.boolean() }), weight: 4 },
        fc.record({ budget: fc.integer({ min: 1, max: 9 }) }),
      );
      fc.assert(
        fc.property(fc.array(step, { maxLength: 120, size: 'max' }), (steps) => {
          const fixture = open();
          const { sender, mailbox } = fixture;
          const waiting: { readonly system: unknown[]; readonly user: unknown[] } = { system: [], user: [] };
          const check = (envelope: Envelope): void => {
            const lane = envelope.isSystem ? waiting.system : waiting.user;
            expect(envelope.body).toStrictEqual(lane.shift());
            if (!envelope.isSystem) expect(waiting.system).toEqual([]);
          };
          for (const [index, each] of steps.entries()) {
            if ('budget' in each) {
              sender.flush();
              mailbox.drain(each.budget, check);
              continue;
            }
            const fixed = { n: index, id: each.size, big: 1n, isLast: false };
            const plain = { index, text: 'x'.repeat(each.size) };
            const envelope = each.isFixed
              ? envelopeOf({ isSystem: each.isSystem, type: FIXED, body: fixed })
              : envelopeOf({ isSystem: each.isSystem, body: plain });
            if (sender.send(envelope) === 'sent') {
              (each.isSystem ? waiting.system : waiting.user).push(envelope.body);
            }
          }
          sender.flush();
          while (mailbox.hasMessages()) mailbox.drain(1000, check);
          expect(waiting).toEqual({ system: [], user: [] });
          fixture.close();
        }),
        { numRuns: 60 },
      );
    });

    it('A handler that throws has handled its message, and the rest stays', () => {
      const { sender, mailbox } = open();
      for (const body of [1, 2, 3]) sender.send(envelopeOf({ body }));
      sender.flush();
      const failure = failureOf(() =>
        mailbox.drain(10, ({ body }) => {
          if (body === 2) throw new Error('handler');
        }),
      );
      expect(failure).toHaveProperty('message', 'handler');
      expect(bodies(mailbox)).toEqual([3]);
    });

    it('Parking ends when something is sent, and does not begin while something waits', async () => {
      const { sender, mailbox } = open();
      const parked = mailbox.parkAsync();
      expect(parked).toBeInstanceOf(Promise);
      sender.send(envelopeOf({ body: 'wake' }));
      sender.flush();
      await parked;
      expect(mailbox.parkAsync()).toBeUndefined();
      expect(bodies(mailbox)).toEqual(['wake']);
    });
  });

  describe(`${name}: overflow`, () => {
    it('M1: 100 000 messages to a mailbox that nobody drains are refused beyond its bound', () => {
      const fixture = open('reject');
      const taken = fill(fixture);
      for (const body of range(taken, 100_000)) expect(fixture.sender.send(envelopeOf({ body }))).toBe('full');
      fixture.sender.flush();
      expect(bodies(fixture.mailbox)).toEqual(range(0, taken));
      expect(fixture.sender.send(envelopeOf({ body: 'again' }))).toBe('sent');
      fixture.sender.flush();
      expect(bodies(fixture.mailbox)).toEqual(['again']);
      expect(fixture.deadLetters.total).toBe(0);
    });

    it('A full mailbox still takes system messages', () => {
      const fixture = open('reject');
      fill(fixture);
      expect(fixture.sender.send(envelopeOf({ isSystem: true, body: 'stop' }))).toBe('sent');
      fixture.sender.flush();
      expect(bodies(fixture.mailbox, 1)).toEqual(['stop']);
    });

    it('drop-newest keeps what came first and counts the rest', () => {
      const fixture = open('drop-newest');
      const taken = fill(fixture);
      expect(fixture.sender.send(envelopeOf({ body: 'late' }))).toBe('dropped');
      fixture.sender.flush();
      expect(bodies(fixture.mailbox)).toEqual(range(0, taken));
      expect(fixture.deadLetters.count('dropped-newest')).toBe(2);
    });

    it('drop-oldest delivers what came last, in order, and counts the rest', () => {
      const fixture = open('drop-oldest');
      const last = 20_000;
      for (const body of range(0, last)) expect(fixture.sender.send(envelopeOf({ body }))).toBe('sent');
      const arrived: unknown[] = [];
      do {
        fixture.sender.flush();
        arrived.push(...bodies(fixture.mailbox));
        fixture.sender.flush();
      } while (fixture.mailbox.hasMessages());
      expect(arrived.at(-1)).toBe(last - 1);
      expect(arrived).toEqual([...(arrived as number[])].sort((one, other) => one - other));
      expect(arrived.length + fixture.deadLetters.count('dropped-oldest')).toBe(last);
      expect(arrived.length).toBeLessThan(last);
    });

    it(
      'drop-oldest takes what moves to the receiver only when there is room',
      { skip: sharesBodies !== undefined },
      () => {
        const fixture = open('drop-oldest');
        const memory = new ArrayBuffer(8);
        for (const body of range(0, 20_000)) fixture.sender.send(envelopeOf({ body }));
        expect(fixture.sender.send(envelopeOf({ body: memory }), [memory])).toBe('dropped');
        expect(memory.byteLength).toBe(8);
      },
    );

    it('wait sends in order as room appears, and each caller learns when', async () => {
      const fixture = open('wait');
      const taken = fill(fixture);
      const waits = range(taken, taken + 50).map((body) => fixture.sender.sendWhenRoom(envelopeOf({ body })));
      expect(fixture.sender.send(envelopeOf({ body: 'overtaking' }))).toBe('full');
      const arrived: unknown[] = [];
      fixture.sender.flush();
      const sent = Promise.all(waits);
      while (fixture.sender.waiting > 0) {
        arrived.push(...bodies(fixture.mailbox));
        await new Promise((resolve) => setImmediate(resolve)); // Lets credits and wake-ups pass.
      }
      expect(new Set(await sent)).toEqual(new Set(['sent']));
      arrived.push(...bodies(fixture.mailbox));
      expect(arrived).toEqual(range(0, taken + 50));
      expect(fixture.sender.waiting).toBe(0);
    });

    it('wait gives up when its signal fires, and lets the next one go on', async () => {
      const fixture = open('wait');
      const taken = fill(fixture);
      const abort = new AbortController();
      const first = fixture.sender.sendWhenRoom(envelopeOf({ body: 'never' }), abort.signal);
      const second = fixture.sender.sendWhenRoom(envelopeOf({ body: 'next' }));
      abort.abort(new Error('enough'));
      await expect(first).rejects.toThrow('enough');
      expect(bodies(fixture.mailbox)).toHaveLength(taken);
      expect(await second).toBe('sent');
      expect(bodies(fixture.mailbox)).toEqual(['next']);
    });
  });

  describe(`${name}: closing`, () => {
    it('M10: what waits in a stopped mailbox and what is sent to it later are dead letters', () => {
      const { sender, mailbox, deadLetters } = open();
      for (const body of [1, 2]) sender.send(envelopeOf({ body, correlation: 9 }));
      sender.flush();
      mailbox.close();
      expect(deadLetters.count('stopped')).toBe(2);
      expect(deadLetters.latest()[0]).toMatchObject({ reason: 'stopped', correlation: 9 });
      expect(sender.send(envelopeOf({ body: 3 }))).toBe('closed');
      expect(deadLetters.count('closed')).toBe(1);
    });

    it('M10: who waits for room in a mailbox that stops learns that it has', async () => {
      const fixture = open('wait');
      fill(fixture);
      const wait = fixture.sender.sendWhenRoom(envelopeOf({ body: 'late' }));
      fixture.mailbox.close();
      expect(await wait).toBe('closed');
    });

    it('A handler may stop its own mailbox: its message stays intact and the rest are dead letters', () => {
      const { sender, mailbox, deadLetters } = open();
      for (const body of [1, 2, 3]) sender.send(envelopeOf({ body }));
      sender.flush();
      const seen: unknown[] = [];
      mailbox.drain(10, (envelope) => {
        mailbox.close();
        seen.push(envelope.body);
      });
      expect(seen).toEqual([1]);
      expect(deadLetters.count('stopped')).toBe(2);
    });
  });

  // A mailbox within one thread hands bodies over as they are; its name says so.
  // Skipped where bodies are not copied; the name of the suite then says why.
  describe.skipIf(sharesBodies !== undefined)(`${name}: what crosses${sharesBodies ?? ''}`, () => {
    it('M2: what cannot cross is refused at the sender, and the mailbox goes on', () => {
      const { sender, mailbox } = open();
      for (const body of [() => 1, Symbol('s'), Promise.resolve(), new Proxy({}, {}), { deep: [new WeakMap()] }]) {
        const failure = failureOf(() => sender.send(envelopeOf({ body })));
        expect(failure).toMatchObject({ name: 'QuorateError', code: 'ERR_QUORATE_UNSENDABLE' });
      }
      sender.send(envelopeOf({ body: 'fine' }));
      sender.flush();
      expect(bodies(mailbox)).toEqual(['fine']);
    });

    it('M2: when a body cannot cross, its transfer list is untouched', () => {
      const { sender, mailbox } = open();
      const memory = new ArrayBuffer(8);
      const failure = failureOf(() => sender.send(envelopeOf({ body: { memory, act: () => 1 } }), [memory]));
      expect(failure).toMatchObject({ code: 'ERR_QUORATE_UNSENDABLE' });
      expect(memory.byteLength).toBe(8);
      sender.send(envelopeOf({ body: 'fine' }));
      sender.flush();
      expect(bodies(mailbox)).toEqual(['fine']);
    });

    it('M5: of a pooled Buffer only its own bytes arrive, in memory of their own', () => {
      const { sender, mailbox } = open();
      const pooled = Buffer.from('pooled');
      sender.send(envelopeOf({ body: pooled }));
      sender.send(envelopeOf({ body: { pooled } }));
      sender.flush();
      pooled.fill(0);
      const own = new Uint8Array(Buffer.from('pooled'));
      const arrived = bodies(mailbox);
      expect(arrived).toStrictEqual([own, { pooled: own }]);
      expect(arrived[0]).toHaveProperty('buffer.byteLength', 6);
    });

    it('M6: a buffer that was transferred is refused the second time, never sent as empty', () => {
      const { sender, mailbox } = open();
      const memory = new Uint8Array([1, 2, 3]).buffer;
      expect(sender.send(envelopeOf({ body: { memory } }), [memory])).toBe('sent');
      expect(memory.byteLength).toBe(0);
      const unsendable = { code: 'ERR_QUORATE_UNSENDABLE' };
      expect(failureOf(() => sender.send(envelopeOf({ body: { memory } }), [memory]))).toMatchObject(unsendable);
      expect(failureOf(() => sender.send(envelopeOf({ body: { memory } })))).toMatchObject(unsendable);
      sender.flush();
      expect(bodies(mailbox)).toStrictEqual([{ memory: new Uint8Array([1, 2, 3]).buffer }]);
    });

    it('M7: a field that does not fit its layout is refused with its name', () => {
      const { sender, mailbox } = open();
      const good = { n: 1, id: 1, big: 1n, isLast: false };
      for (const bad of [
        { id: -1 },
        { id: 1.5 },
        { id: 2 ** 32 },
        { big: 2n ** 63n },
        { big: 1 },
        { isLast: 1 },
        { n: '1' },
      ]) {
        const failure = failureOf(() => sender.send(envelopeOf({ type: FIXED, body: { ...good, ...bad } })));
        expect(failure).toMatchObject({
          code: 'ERR_QUORATE_UNSENDABLE',
          fields: { path: `value.${Object.keys(bad)[0]}` },
        });
      }
      expect(failureOf(() => sender.send(envelopeOf({ type: FIXED })))).toMatchObject({
        code: 'ERR_QUORATE_UNSENDABLE',
      });
      sender.send(envelopeOf({ type: FIXED, body: good }));
      sender.flush();
      expect(bodies(mailbox)).toStrictEqual([good]);
    });

    it('The sender may change a body after it was sent', () => {
      const { sender, mailbox } = open();
      const body = { list: [1] };
      sender.send(envelopeOf({ body }));
      body.list.push(2);
      sender.flush();
      expect(bodies(mailbox)).toStrictEqual([{ list: [1] }]);
    });

    it('A type that the vocabulary does not have is the caller’s mistake', () => {
      const { sender } = open();
      const failure = failureOf(() => sender.send(envelopeOf({ type: 2 })));
      expect(failure).toMatchObject({ name: 'RangeError', code: 'ERR_QUORATE_INVALID_ARGUMENT' });
    });
  });
}
