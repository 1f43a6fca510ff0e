// Seeded bugs of supervision: who is ended, and when a slot is filled again.
import { watchingLives } from './hang-catcher.ts';
import { keepingThreads } from './keeper-catcher.ts';
import type { Mutant } from './mutant.ts';

export const SUPERVISION_MUTANTS: readonly Mutant[] = [
  {
    bug: 'A thread is convicted of hanging for time in which the whole process was stopped',
    layer: 'supervision',
    removed: 'rule discountsGaps',
    catchers: [watchingLives({ discountsGaps: false })],
  },
  {
    bug: 'A thread that sleeps is convicted of hanging',
    layer: 'supervision',
    removed: 'rule sparesSleepers',
    catchers: [watchingLives({ sparesSleepers: false })],
  },
  {
    bug: 'A thread that works is convicted of hanging',
    layer: 'supervision',
    removed: 'rule seesProgress',
    catchers: [watchingLives({ seesProgress: false })],
  },
  {
    bug: 'A thread that fails again and again is restarted at once each time',
    layer: 'supervision',
    removed: 'rule backsOff',
    catchers: [keepingThreads({ rules: { backsOff: false } })],
  },
  {
    bug: 'A thread that fails too often is restarted without a rest',
    layer: 'supervision',
    removed: 'rule limitsRestarts',
    catchers: [keepingThreads({ rules: { limitsRestarts: false } })],
  },
  {
    bug: 'Failures count for ever: a slot rests for what happened long ago',
    layer: 'supervision',
    removed: 'rule forgetsFailures',
    catchers: [keepingThreads({ rules: { forgetsFailures: false } })],
  },
  {
    bug: 'A thread that ran well is restarted as late as one that never did',
    layer: 'supervision',
    removed: 'rule forgivesTheHealthy',
    catchers: [keepingThreads({ rules: { forgivesTheHealthy: false } })],
  },
  {
    bug: 'A thread that was stopped is started again',
    layer: 'supervision',
    removed: 'rule leavesTheStopped',
    catchers: [keepingThreads({ rules: { leavesTheStopped: false } })],
  },
  {
    bug: 'A replacement starts before the exit of the old thread was seen',
    layer: 'supervision',
    removed: 'KeptThread.end until its exit',
    catchers: [keepingThreads({ believesEnds: true })],
  },
  {
    bug: 'More replicas are ended for hanging than recovery can spare',
    layer: 'supervision',
    removed: 'hook mayEnd',
    catchers: [keepingThreads({ asksNobody: true })],
  },
  {
    bug: 'A thread that never finishes its start keeps a slot empty',
    layer: 'supervision',
    removed: 'bound startMsMax',
    catchers: [keepingThreads({ waitsForEver: true })],
  },
];
