// How ten approvers judge an expense. Loaded by every replica in a thread of its own: approval.ts names it.
import type { TopicDefinition } from 'quorate';

/** What is proposed. */
export interface Expense {
  readonly item: string;
  readonly euros: number;
}

/** What every approver keeps: its own copy, the same as those of the others. */
export interface Budget {
  readonly left: number;
  readonly approved: readonly string[];
}

/** Up to what amount each approver says yes; the tenth never says anything. */
const LIMITS = [100, 200, 400, 400, 600, 600, 800, 800, 1000, 0];

const rules: TopicDefinition<Budget, Expense> = {
  initial: { left: 1000, approved: [] },
  validate({ item, euros }, { left, approved }, { voter }) {
    if (voter === 9) return { vote: 'abstain', reason: 'On leave' };
    if (approved.includes(item)) return { vote: 'no', reason: `There is a ${item} already` };
    if (euros > left) return { vote: 'no', reason: `Only ${left} left` };
    return euros <= LIMITS[voter]! || { vote: 'no', reason: `More than ${LIMITS[voter]}` };
  },
  apply: ({ left, approved }, { item, euros }) => ({ left: left - euros, approved: [...approved, item] }),
};

export default rules;
