import { describe, expect, it } from 'vitest';
import { ReplicaHealth } from '../../src/replica/replica-health.ts';

const DELAY_MS = 2;
const B = 0b10;
const ALL = 0b111;

function lateTwice(): ReplicaHealth {
  const health = new ReplicaHealth(3);
  health.noteLate(B, DELAY_MS, 10);
  health.noteLate(B, DELAY_MS, 13);
  return health;
}

describe('A replica', () => {
  it.each([
    ['once', [10], 0],
    ['for several reads of one batch', [10, 10, 10], 0],
    ['again before the delay is over', [10, 11], 0],
    ['again after it', [10, 13], B],
  ])('that is late %s, at %j ms, is shunned: %i', (_, timesMs, shunned) => {
    const health = new ReplicaHealth(3);
    for (const atMs of timesMs) health.noteLate(B, DELAY_MS, atMs);
    expect(health.shunned).toBe(shunned);
  });

  it('that answers in time in between is not', () => {
    const health = new ReplicaHealth(3);
    health.noteLate(B, DELAY_MS, 10);
    health.hear(1);
    health.noteLate(B, DELAY_MS, 20);
    expect(health.shunned).toBe(0);
  });

  it('that is suspected stays so, whatever comes late from it, until it is on trial', () => {
    const health = lateTwice();
    health.hearLate(1);
    expect(health.shunned).toBe(B);
    health.review(300);
    expect([health.shunned, health.onTrial]).toEqual([B, B]);
    health.hearLate(1);
    expect(health.shunned).toBe(0);
  });

  it('that is on trial is asked by one read, and by another one after a while', () => {
    const health = lateTwice();
    expect(health.takeProbe(ALL)).toBe(0);
    health.review(300);
    expect([health.takeProbe(ALL), health.takeProbe(ALL)]).toEqual([B, 0]);
    health.review(400);
    expect(health.takeProbe(ALL)).toBe(0);
    health.review(600);
    expect([health.takeProbe(ALL), health.takeProbe(ALL)]).toEqual([B, 0]);
  });

  it('of several on trial each is asked by a read of its own', () => {
    const health = new ReplicaHealth(3);
    health.suspect(0b101);
    health.review(300);
    expect([health.takeProbe(ALL), health.takeProbe(ALL), health.takeProbe(ALL)]).toEqual([0b001, 0b100, 0]);
  });

  it('that is on trial waits for a read of a key that it is a home of', () => {
    const health = new ReplicaHealth(3);
    health.suspect(0b101);
    health.review(300);
    expect([0b110, 0b110, 0b011].map((homes) => health.takeProbe(homes))).toEqual([0b100, 0, 0b001]);
  });
});
