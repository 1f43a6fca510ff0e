// Ballots in simulated clusters: each rule that they need is missed by whole clusters too, not only by voters and
// proposers alone (test/mutants/ballot-mutants.ts).
import { describe, expect, it } from 'vitest';
import { RULES } from '../../../src/protocol/rules.ts';
import type { Rules } from '../../../src/protocol/rules.ts';
import { runPlan } from '../../../src/sim/cluster/run-plan.ts';
import { shrink } from '../../../src/sim/shrink.ts';
import { transcriptOf } from '../../../src/sim/index.ts';
import { ballotPlan, simulatedBallots } from '../../mutants/sim-catcher.ts';

const TIMEOUT_MS = 120_000;

describe('Simulated ballots', { timeout: TIMEOUT_MS }, () => {
  it.each<[rule: keyof Rules, seedsMax: number]>([
    ['judgesCaughtUp', 100],
    ['knowsDecided', 100],
    ['appliesInOrder', 100],
    ['appliesOnce', 100],
    ['hearsOfDecisions', 100],
    ['pollsAfresh', 100],
    ['countsLiveVotes', 400],
    ['pollsMembers', 100],
    ['recordsDecisions', 100],
  ])('show that the rule %s is missing', (rule, seedsMax) => {
    const catcher = simulatedBallots(rule, seedsMax);
    expect(catcher.catches(false)?.what).toMatch(/^ballot: /);
    expect(catcher.flagsProduction()).toBeUndefined();
  });

  it('are in the transcript, with what was proposed and how it ended', () => {
    const { trace } = runPlan(ballotPlan(1), { isTraced: true });
    const text = transcriptOf(trace);
    expect(text).toMatch(/\[ {3}c0 propose t\d \+\d+/);
    expect(text).toMatch(/propose t\d \+.* -> \w+/);
    expect(text).toContain('topics-ask for epoch 1');
  });

  it('that go wrong shrink to the proposals that matter', () => {
    const rules: Rules = { ...RULES, pollsAfresh: false };
    const plan = ballotPlan(1);
    const shrunk = shrink(plan, { rules, runsMax: 250 });
    expect(shrunk?.violation.kind).toBe('ballot');
    expect(shrunk?.plan.proposals?.length).toBeLessThan(plan.proposals!.length);
    expect(shrunk?.plan.operations.length).toBeLessThan(plan.operations.length);
    expect(runPlan(JSON.parse(JSON.stringify(shrunk?.plan)), { rules }).violation).toEqual(shrunk?.violation);
  });
});
