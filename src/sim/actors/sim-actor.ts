// One actor of a run: its production definition in the production loop, one incarnation after the other. The world
// grants it one message at a time, and may crash it before the message, at any of its awaits, or before its answer.
import { ActorLoop } from '../../actor/actor-loop.ts';
import type { AnswerSender } from '../../actor/actor-loop.ts';
import { vocabularyOf } from '../../actor/definition.ts';
import type { AnyActorDefinition } from '../../actor/definition.ts';
import { KIND } from '../../actor/message-kind.ts';
import { below, unitOf } from '../../base/random.ts';
import type { Deliver, Mailbox, SendOutcome } from '../../mailbox/envelope.ts';
import type { OverflowPolicy } from '../../mailbox/overflow.ts';
import type { Vocabulary } from '../../mailbox/vocabulary.ts';
import { exitReasonText } from '../../base/exit-reason.ts';
import type { ExitReason } from '../../base/exit-reason.ts';
import { toError } from '../../supervision/exit-reason.ts';
import { NO_FAILURES, decide, restartPolicy } from '../../supervision/restart-policy.ts';
import type { FailureHistory, RestartPolicy } from '../../supervision/restart-policy.ts';
import { wordOf } from '../engine/chance.ts';
import { crossingOf, sendAnswer } from './answer.ts';
import { copyOf, shortText } from './body-copy.ts';
import type { SimDesk } from './desk.ts';
import { ActorDisk } from './disk.ts';
import { SimMailbox } from './mailbox.ts';
import type { SimEnvelope } from './mailbox.ts';
import type { ActorNetwork } from './network.ts';
import { isThenable, observed } from './observed.ts';
import type { Party, World } from './world.ts';

/** Mean time of a handler's turn, and of a start, in microseconds. */
const TURN_US = 8;
const START_US = 2_000;
/** Awaits of one handler at which a crash is tried. */
const AWAITS_TRIED = 3;

/** How an actor is run. */
export interface SimActorOptions {
  /** Where it would live; default `thread`: bodies cross as copies. `inline`: they travel by reference. */
  readonly place?: 'inline' | 'thread';
  /** As for spawn; default `reject`. */
  readonly overflow?: OverflowPolicy;
  /** Messages of one sender that may wait, 1 to 65536; default 1024. */
  readonly capacity?: number;
  /** The policy by which it is restarted, as it differs from the default one; `false`: it never is. */
  readonly supervise?: Partial<RestartPolicy> | false;
  /** What becomes of the message that a crash interrupts: a dead letter (default), or handled once more. */
  readonly inHand?: 'dead-letter' | 'redeliver';
}

/** What the actor is part of. */
export interface SimActorWorld {
  readonly world: World;
  readonly network: ActorNetwork;
  readonly desk: SimDesk;
}

interface Incarnation extends Party {
  readonly number: number;
  readonly bornUs: number;
  state: unknown;
  isReady: boolean;
  /** Set when it crashes before its answer leaves. */
  diesUnanswered: boolean;
  /** Awaits before it crashes; negative: it does not. */
  awaitsLeft: number;
}

/** A supervised actor. */
export class SimActor {
  readonly name: string;
  readonly node: number;
  readonly mailbox: SimMailbox;
  readonly disk: ActorDisk;
  /** How its incarnations crashed, oldest first. */
  readonly crashes: ExitReason[] = [];
  /** Why it takes no message any more. */
  ended: ExitReason | undefined;
  readonly vocabulary: Vocabulary;
  readonly #definition: AnyActorDefinition;
  readonly #names: readonly string[];
  readonly #argsOf: (actor: SimActor) => unknown;
  readonly #options: SimActorOptions;
  readonly #policy: RestartPolicy;
  readonly #parts: SimActorWorld;
  readonly #closers: ((reason: ExitReason) => void)[] = [];
  #history: FailureHistory = NO_FAILURES;
  #incarnation: Incarnation | undefined;
  #incarnations = 0;
  #isTurnDue = false;
  #mayTake = false;
  #wake: (() => void) | undefined;

  constructor(
    parts: SimActorWorld,
    actor: {
      readonly name: string;
      readonly definition: AnyActorDefinition;
      readonly argsOf: (actor: SimActor) => unknown;
      readonly options: SimActorOptions;
    },
  ) {
    const { world, network } = parts;
    const { overflow = 'reject', capacity, supervise } = actor.options;
    this.name = actor.name;
    this.node = world.engine.addNode({ name: actor.name, kind: 'actor' });
    this.#parts = parts;
    this.#definition = actor.definition;
    this.#names = ['(system)', ...Object.keys(actor.definition.on)];
    this.vocabulary = vocabularyOf(actor.definition);
    this.#argsOf = actor.argsOf;
    this.#options = actor.options;
    this.#policy = restartPolicy(supervise === false ? {} : supervise);
    this.disk = new ActorDisk(world);
    const onArrival = (): void => this.#turnSoon();
    this.mailbox = new SimMailbox({ world, network, owner: this, overflow, capacity, onArrival });
  }

  /** The incarnation that lives or lived last, from 1. */
  get incarnations(): number {
    return this.#incarnations;
  }

  /** The state of the living incarnation. */
  get state(): unknown {
    return this.#incarnation?.state;
  }

  /** Whether it takes messages. */
  get isUp(): boolean {
    return this.#incarnation?.isReady === true;
  }

  /** Whether it is to come up some time. */
  get isExpected(): boolean {
    return this.ended === undefined;
  }

  /** Starts the first incarnation. */
  start(): void {
    this.#beginAfter(this.#parts.world.spread(this.node, 'start 0', START_US / 10));
  }

  /** Sends a message, for whoever acts now. @throws what its codec throws. */
  send(type: number, kind: number, correlation: number, body: unknown): SendOutcome {
    const { world } = this.#parts;
    const from = world.actor;
    if (!from.isAlive) return 'sent'; // What the dead send is never seen.
    if (this.ended !== undefined) return 'closed';
    const name = this.#names[type]!;
    const copy = this.#options.place === 'inline' ? body : copyOf(this.vocabulary[type]!, body);
    return this.mailbox.send({
      isSystem: kind === KIND.STOP_DRAINED || kind === KIND.STOP_NOW,
      type,
      kind,
      target: 0,
      correlation,
      incarnation: 0,
      body: copy,
      from,
      message: world.engine.nextMessage(),
      text: body === undefined ? name : `${name} ${shortText(body)}`,
      label: world.label(from),
      isAgain: false,
    });
  }

  /** Takes no message from outside any more, because it is being stopped. */
  refuse(): void {
    this.ended ??= { kind: 'stopped' };
  }

  /** Calls back when it has ended for good. */
  onceClosed(closed: (reason: ExitReason) => void): void {
    if (this.ended !== undefined && this.#incarnation === undefined) closed(this.ended);
    else this.#closers.push(closed);
  }

  #beginAfter(afterUs: number): void {
    this.#parts.world.engine.schedule(afterUs, this.node, () => this.#begin());
  }

  #begin(): void {
    const { world } = this.#parts;
    const number = ++this.#incarnations;
    const incarnation: Incarnation = {
      name: this.name,
      node: this.node,
      number,
      bornUs: world.engine.nowUs,
      isAlive: true,
      waits: 0,
      isSuspended: false,
      cause: `${this.name} ${number}`,
      effects: 0,
      state: undefined,
      isReady: false,
      diesUnanswered: false,
      awaitsLeft: -1,
      onWait: () => this.#onWait(incarnation),
    };
    this.#incarnation = incarnation;
    const name = `crash ${this.name} start ${number}`;
    const isDoomed = world.fates.strikes(name, world.fates.random(this.node, name), world.faults.crash / 2);
    if (isDoomed) incarnation.awaitsLeft = 0;
    if (number > 1) world.record('start', this.node, `incarnation ${number} starts`);
    world.act(incarnation, () => void this.#live(incarnation));
  }

  async #live(incarnation: Incarnation): Promise<void> {
    const { world } = this.#parts;
    const answers: AnswerSender = {
      send: ({ correlation }, kind, body) => {
        const asked = this.mailbox.inHand;
        if (!incarnation.isAlive || asked === undefined) return undefined;
        const crossing = crossingOf(body, kind === KIND.FAILURE, this.#options.place);
        sendAnswer(this.#parts, this, { asked, correlation, name: this.#names[asked.type]!, ...crossing });
        return undefined;
      },
      flush: () => undefined,
    };
    try {
      const definition = observed(this.#definition, {
        made: (state) => (incarnation.state = state),
        handled: (result) => this.#handled(incarnation, result),
      });
      const mailbox = this.#mailboxOf(incarnation);
      const rest = (): Promise<unknown> => this.#rest(incarnation);
      const loop = new ActorLoop({ definition, context: { name: this.name }, mailbox, answers, rest });
      incarnation.isSuspended = true;
      await loop.start(this.#argsOf(this));
      incarnation.isSuspended = false;
      incarnation.awaitsLeft = -1;
      if (!incarnation.isAlive) return;
      incarnation.isReady = true;
      if (incarnation.number > 1) world.record('ready', this.node, `incarnation ${incarnation.number} is ready`);
      await loop.run();
      if (incarnation.isAlive) this.#end(incarnation, { kind: 'stopped' });
    } catch (error) {
      if (incarnation.isAlive) this.#crash(incarnation, { kind: 'crashed', error: toError(error) });
    }
  }

  #handled(incarnation: Incarnation, result: unknown): unknown {
    if (!isThenable(result)) {
      this.#finish(incarnation);
      return result;
    }
    incarnation.isSuspended = true;
    return Promise.resolve(result).finally(() => {
      incarnation.isSuspended = false;
      this.#finish(incarnation);
    });
  }

  /** A handler has done all it does. */
  #finish(incarnation: Incarnation): void {
    if (!incarnation.isAlive) return;
    if (incarnation.diesUnanswered) return this.#strike(incarnation, 'before its answer left');
    if (incarnation.awaitsLeft < 0) return;
    incarnation.awaitsLeft = -1; // It had no await to crash at: it crashes between two messages.
    this.#parts.world.later(incarnation, 0, () => this.#strike(incarnation, 'between two messages'));
  }

  #onWait(incarnation: Incarnation): void {
    if (incarnation.awaitsLeft < 0 || --incarnation.awaitsLeft >= 0) return;
    const { world } = this.#parts;
    const random = world.fates.random(this.node, `moment ${incarnation.cause}`);
    const afterUs = unitOf(random) < 0.5 ? 0 : unitOf(random) * 400;
    world.later(incarnation, afterUs, () => this.#strike(incarnation, 'at an await'));
  }

  /** What one incarnation sees of the mailbox: nothing once it is dead. */
  #mailboxOf(incarnation: Incarnation): Mailbox {
    const { mailbox } = this;
    const drain = (budget: number, deliver: Deliver): number => {
      if (!incarnation.isAlive) return 0;
      mailbox.inHand = undefined;
      if (!this.#mayTake) return 0;
      this.#mayTake = false;
      const taken = mailbox.drain(budget, deliver);
      if (incarnation.isAlive) mailbox.inHand = undefined; // What throws stays in hand: see #crash.
      return taken;
    };
    return {
      hasMessages: () => mailbox.hasMessages() || !incarnation.isAlive,
      drain,
      parkAsync: () => undefined,
      close: () => undefined,
    };
  }

  #rest(incarnation: Incarnation): Promise<unknown> {
    return new Promise<void>((resolve) => {
      if (!incarnation.isAlive) return; // Never: it is no more.
      this.mailbox.inHand = undefined;
      this.#wake = resolve;
      this.#turnSoon();
    });
  }

  #turnSoon(): void {
    if (this.#isTurnDue || this.#wake === undefined || !this.mailbox.isReady) return;
    const { world } = this.#parts;
    this.#isTurnDue = true;
    const message = this.mailbox.peek();
    if (message === undefined) return;
    const name = `${this.name} ${message.label}`;
    const usedUs = world.spread(this.node, `turn ${name}`, TURN_US) * world.faults.slowness;
    world.engine.schedule(usedUs + this.#pauseUs(name), this.node, () => this.#turn(name, message));
  }

  #pauseUs(turn: string): number {
    const { world } = this.#parts;
    const name = `pause ${turn}`;
    const random = world.fates.random(this.node, name);
    if (!world.fates.strikes(name, random, world.faults.pause)) return 0;
    const ms = Math.ceil(unitOf(random) * world.faults.pauseMs);
    world.fault('pause', this.node, `stands still for ${ms} ms`);
    return ms * 1000;
  }

  #turn(turn: string, { label }: SimEnvelope): void {
    this.#isTurnDue = false;
    const incarnation = this.#incarnation;
    const wake = this.#wake;
    if (incarnation?.isAlive !== true || wake === undefined || !this.mailbox.isReady) return;
    const { world } = this.#parts;
    const name = `crash ${turn}`;
    const random = world.fates.random(this.node, name);
    if (world.fates.strikes(name, random, world.faults.crash)) {
      const moment = below(random, AWAITS_TRIED + 2);
      if (moment === AWAITS_TRIED) return this.#strikeBefore(incarnation);
      if (moment > AWAITS_TRIED) incarnation.diesUnanswered = true;
      else incarnation.awaitsLeft = moment;
    }
    this.#wake = undefined;
    this.#mayTake = true;
    incarnation.cause = label;
    incarnation.effects = 0;
    world.act(incarnation, wake);
  }

  /** Crashes with a message that it has taken and not looked at. */
  #strikeBefore(incarnation: Incarnation): void {
    this.mailbox.drain(1, () => undefined);
    this.#strike(incarnation, 'with a message in hand');
  }

  #strike(incarnation: Incarnation, when: string): void {
    const { engine } = this.#parts.world;
    engine.countFault('crash');
    engine.sometimes('An actor crashed with a message in hand', this.mailbox.inHand !== undefined);
    this.#crash(incarnation, { kind: 'crashed', error: new Error(`Crashed by the simulation, ${when}`) }, when);
  }

  #crash(incarnation: Incarnation, reason: ExitReason, when?: string): void {
    const { world, desk } = this.#parts;
    incarnation.isAlive = incarnation.isReady = false;
    this.#incarnation = this.#wake = undefined;
    this.#mayTake = false;
    this.crashes.push(reason);
    desk.forget(incarnation);
    world.engine.note(this.node, wordOf('crash'));
    world.record('crash', this.node, when === undefined ? `crashed: ${exitReasonText(reason)}` : `crashes ${when}`);
    this.disk.crash(this.node);
    const { nowMs, nowUs } = world.engine;
    const random = world.fates.random(this.node, `restart ${incarnation.number}`);
    const failure = { reason, nowMs, ranMs: (nowUs - incarnation.bornUs) / 1000 };
    const { directive, history } = decide(this.#policy, this.#history, failure, random);
    this.#history = history;
    this.#letGo(reason);
    if (this.#options.supervise === false || directive.kind === 'leave' || this.ended !== undefined) {
      return this.#close(reason);
    }
    const afterMs = directive.kind === 'restart' ? directive.afterMs : directive.retryAfterMs;
    this.#beginAfter(afterMs * 1000 + world.spread(this.node, `start ${incarnation.number}`, START_US));
  }

  /** The message that a crash interrupts goes to the next incarnation, once, or its asker hears of the crash. */
  #letGo(reason: ExitReason): void {
    const { inHand } = this.mailbox;
    this.mailbox.inHand = undefined;
    if (inHand === undefined) return;
    if (this.#options.inHand === 'redeliver' && !inHand.isAgain) this.mailbox.putBack(inHand);
    else this.#bury(inHand, reason, 'in-hand');
  }

  #bury(envelope: SimEnvelope, reason: ExitReason, why: 'in-hand' | 'stopped'): void {
    const { world, network, desk } = this.#parts;
    world.deadLetters.add(why, envelope);
    if (envelope.kind !== KIND.ASK) return;
    const { from, correlation, text } = envelope;
    world.engine.schedule(network.noticeUs(this, from), from.node, () => {
      desk.bury(correlation, `${this.name}.${text}`, reason);
    });
  }

  #end(incarnation: Incarnation, reason: ExitReason): void {
    incarnation.isAlive = incarnation.isReady = false;
    this.#incarnation = this.#wake = undefined;
    this.#parts.world.record('note', this.node, 'has stopped');
    this.#close(reason);
  }

  #close(reason: ExitReason): void {
    this.ended = reason;
    for (const left of this.mailbox.closeWith()) this.#bury(left, reason, 'stopped');
    for (const closed of this.#closers.splice(0)) closed(reason);
  }
}
