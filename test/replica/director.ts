// Directs a world by the words of a schedule: "C0 > A1 accept" arrives, that one is lost, A2 dies and comes back.
import type { Message } from './network.ts';
import type { Call } from './call.ts';
import type { World } from './world.ts';

const TRIES_MAX = 60;
/** Longer than the patience of a recovering replica. */
const RECOVERY_TRIES_MAX = 8;

/** Plays a schedule in a world. Lines are `FROM > TO kind`, such as `C0 > A1 accept` or `A1 > C0 ack`. */
export class Director {
  readonly world: World;

  constructor(world: World) {
    this.world = world;
  }

  /** Each of these messages arrives now. @throws when one is not under way: the schedule does not fit the code. */
  arrive(...lines: readonly string[]): void {
    for (const line of lines) {
      const message = this.#find(line);
      if (message === undefined)
        throw new Error(`Nothing to deliver for "${line}" after\n${this.world.log.join('\n')}`);
      this.world.deliver(message);
    }
  }

  /** Each of these messages arrives now if it is under way: with the rule in place, some never are. */
  arriveIfThere(...lines: readonly string[]): void {
    for (const line of lines) {
      const message = this.#find(line);
      if (message !== undefined) this.world.deliver(message);
    }
  }

  /** Messages of a client reach these replicas, and their answers the client. */
  exchange(client: number, kind: 'accept' | 'prepare' | 'read', replicas: readonly number[]): void {
    this.reach(client, kind, replicas);
    for (const replica of replicas) {
      const answer = this.world.deliverable().find(({ from, to }) => from === `A${replica}` && to === `C${client}`);
      if (answer !== undefined) this.world.deliver(answer);
    }
  }

  /** Messages of a client reach these replicas, whose answers stay under way. */
  reach(client: number, kind: 'accept' | 'prepare' | 'read', replicas: readonly number[]): void {
    for (const replica of replicas) this.arriveIfThere(`C${client} > A${replica} ${kind}`);
  }

  /** A client's accept is refused by one replica and meets silence elsewhere, until it loses patience and prepares. */
  untilItPrepares(client: number, refuser: number): void {
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const sent = this.world.inFlight.filter(({ from }) => from === `C${client}`);
      if (sent.some(({ kind }) => kind === 'prepare')) {
        for (const message of sent) if (message.kind !== 'prepare') this.world.drop(message);
        return;
      }
      this.arriveIfThere(`C${client} > A${refuser} accept`, `A${refuser} > C${client} refusal`);
      this.world.pass(13);
    }
    throw new Error(`C${client} does not prepare after\n${this.world.log.join('\n')}`);
  }

  /** All messages of a client, to it or from it, are lost. */
  loseAllOf(client: number): void {
    const node = `C${client}`;
    const lost = this.world.inFlight.filter(({ from, to }) => from === node || to === node);
    for (const message of lost) this.world.drop(message);
  }

  /** A client reads, and only these replicas hear it; it asks again until it has an answer or has asked too often. */
  readAt(client: number, replicas: readonly number[], key = 'k'): Call {
    const call = this.world.start(client, { kind: 'get', key });
    const links = new Set(replicas.flatMap((replica) => [`C${client}A${replica}`, `A${replica}C${client}`]));
    for (let tries = 0; tries < TRIES_MAX && call.end === undefined; tries++) {
      const next = this.world.deliverable().find(({ link }) => links.has(link));
      if (next === undefined) this.world.pass(13);
      else this.world.deliver(next);
    }
    return call;
  }

  /** A replica dies and comes back without its memory; only `answerers` answer its questions, in their order. */
  restart(replica: number, answerers: readonly number[]): void {
    this.world.crash(replica);
    this.recover(replica, answerers);
  }

  /** A dead replica comes back without its memory; only `answerers` answer its questions, in their order. */
  recover(replica: number, answerers: readonly number[]): void {
    this.world.bump(replica);
    this.world.spawn(replica);
    this.catchUp(replica, answerers);
  }

  /** A recovering replica hears `answerers`, in their order; it asks others where one is silent. */
  catchUp(replica: number, answerers: readonly number[]): void {
    for (let tries = 0; tries < RECOVERY_TRIES_MAX; tries++) {
      for (const answerer of answerers) {
        while (this.#find(`A${replica} > A${answerer}`)) this.arrive(`A${replica} > A${answerer}`);
        while (this.#find(`A${answerer} > A${replica}`)) this.arrive(`A${answerer} > A${replica}`);
      }
      if (((this.world.operational >>> replica) & 1) === 1) return;
      this.world.pass(26); // In the end it loses patience and asks somebody else.
    }
  }

  #find(line: string): Message | undefined {
    return this.world.deliverable().find(({ from, to, kind }) => `${from} > ${to} ${kind}`.startsWith(line));
  }
}
