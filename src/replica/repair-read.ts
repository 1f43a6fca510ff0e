// The repair of one key: a read that asks all replicas, and ends once all that it is for and that are up hold the
// newest entry that any of them has. See `Repairer`, which finds out what keys need it.
import { compareBallots, copyBallot, isNone } from '../protocol/ballot.ts';
import { judgeRepair } from '../protocol/repair.ts';
import type { RepairVerdict } from '../protocol/repair.ts';
import type { Rules } from '../protocol/rules.ts';
import type { Operation } from './operation.ts';
import type { RepairFields } from './repair-aim.ts';
import { NO_VALUE } from './wire.ts';

/** A key that is written all the time is given up after so many tries: what is written reaches all without us. */
export const REPAIR_TRIES_MAX = 16;

/** What the answers of a repair's read come to. */
export function judgeRepairRead(operation: Operation, repair: RepairFields, up: number): RepairVerdict {
  const { newest, second, answered, answers, readNeeded } = operation;
  if (answers < readNeeded || (answered & up) !== up) return 'wait';
  if (isNone(newest.ballot)) return 'done'; // Nobody has ever stored anything.
  if (isNone(repair.goal)) copyBallot(repair.goal, newest.ballot);
  const isSecondEnough = !isNone(second.ballot) && compareBallots(second.ballot, repair.goal) >= 0;
  return judgeRepair({ up, heard: answered, holding: newest.holders | (isSecondEnough ? second.holders : 0) });
}

/** Whether what was corrupt is all that is known: then nothing is proposed. */
export function lacksTrust({ newest }: Operation, { distrusted, distrustedAt }: RepairFields): boolean {
  return distrusted !== 0 && compareBallots(newest.ballot, distrustedAt) < 0;
}

/** Whether the entry has to be proposed again under a fresh ballot: its own one does not tell its bytes apart. */
export function mustOverwrite({ newest }: Operation, { distrusted, distrustedAt }: RepairFields): boolean {
  return distrusted !== 0 && compareBallots(newest.ballot, distrustedAt) === 0;
}

/** What the votes on an entry that a repair has proposed come to. */
export function judgeRepairVotes(
  { newest, phase }: Operation,
  { up, granted, refused }: { readonly up: number; readonly granted: number; readonly refused: number },
): RepairVerdict {
  // Who inherited the entry refuses it at its own ballot, and holds it all the same.
  const holding = phase === 'write-back' ? granted | newest.holders : granted;
  return judgeRepair({ up, heard: granted | refused | holding, holding });
}

/** Chooses the older of two entries where a test wants that: what a repair must never do. */
export function misleadRepair(operation: Operation, { repairsNewest, repairsTombstones }: Rules): void {
  const { newest, second } = operation;
  const isOlder = !repairsNewest && !isNone(second.ballot);
  const isUndone = !repairsTombstones && newest.valueBytes === NO_VALUE && second.valueBytes !== NO_VALUE;
  if (!isOlder && !isUndone) return;
  operation.newest = second;
  operation.second = newest;
}
