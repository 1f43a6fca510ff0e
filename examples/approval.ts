// Expenses that seven of ten approvers have to agree to. Each approver is a replica, and judges by rules of its own on
// its own copy of the budget (approval-rules.ts). One of them dies on the way, and judges again once it has caught up.
//
//   node examples/approval.ts
import { setTimeout as delay } from 'node:timers/promises';

import { openCluster } from 'quorate';
import type { Cluster, Decision } from 'quorate';
import { injectFault } from 'quorate/testing';

import type { Expense } from './approval-rules.ts';

const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
const module = new URL(`./approval-rules${extension}`, import.meta.url);
const cluster = await openCluster({ replicas: 10, topics: { expenses: { module, threshold: 7 } } });

await propose(cluster, { item: 'desk', euros: 350 }); // Two say no, one abstains: seven are left.
await propose(cluster, { item: 'lamp', euros: 500 }); // Four say no.
await propose(cluster, { item: 'desk', euros: 90 }); // There is one.

// Two at once, of which the budget allows one: whichever comes second is judged on what the first has left.
const outcomes = await Promise.all(['chair', 'shelf'].map((item) => decide(cluster, { item, euros: 400 })));
console.log(
  `chair and shelf: ${outcomes
    .map(({ outcome }) => outcome)
    .toSorted()
    .join(', ')}`,
);

await injectFault(cluster, 3, 'terminate');
for (let isBack = false; !isBack; await delay(10)) {
  const { epoch, state } = cluster.inspect().replicas[3]!;
  isBack = epoch > 1 && state === 'operational';
}
await propose(cluster, { item: 'plant', euros: 50 }, 'unanimous'); // Also of the one that was down; one abstains.

console.log('The audit record:');
for (let place = 1; ; place++) {
  const found = await cluster.decision('expenses', place);
  if (found.outcome !== 'ok') break;
  print(found.decision);
}
await cluster.close();

/** Proposes until it is decided: under one id it is decided once, however often it is proposed. */
async function decide(
  store: Cluster,
  expense: Expense,
  threshold: 7 | 'unanimous' = 7,
  id?: string,
): Promise<Decision> {
  const result = await store.propose('expenses', expense, { threshold, ...(id === undefined ? {} : { id }) });
  return 'decision' in result ? result.decision : decide(store, expense, threshold, result.id);
}

async function propose(store: Cluster, expense: Expense, threshold?: 'unanimous'): Promise<void> {
  const { outcome, why } = await decide(store, expense, threshold);
  console.log(`${expense.item} for ${expense.euros}: ${outcome}, ${why}`);
}

function print({ place, payload, outcome, votes }: Decision): void {
  const { item, euros } = payload as Expense;
  const said = votes.map(({ voter, vote, reason }) => `${voter} ${vote}${reason === undefined ? '' : ` (${reason})`}`);
  console.log(`${place}. ${item} for ${euros}: ${outcome}; ${said.join(', ')}`);
}
