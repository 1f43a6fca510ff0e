// Buckets that keep siblings or merge, in a thread of a simulated client: the steps of production over its core, wired
// as a client of a cluster wires them.
import type { Rules } from '../../protocol/rules.ts';
import { registerQuorums } from '../../quorum/register-quorums.ts';
import { bucketOf, checkedBuckets } from '../../replica/bucket.ts';
import type { Bucket } from '../../replica/bucket.ts';
import type { Operation } from '../../replica/operation.ts';
import type { PendingChange } from '../../replica/round.ts';
import { actorNames } from '../../store/actor-names.ts';
import { CausalSteps } from '../../store/causal-steps.ts';
import type { Continuation } from '../../store/continuation.ts';
import { SiblingSteps } from '../../store/sibling-steps.ts';
import type { SteppedChanges } from '../../store/stepped-changes.ts';
import type { ChangeResult, ReadResult, WriteResult } from '../../store/store.ts';
import type { ConflictBucket } from './conflict-plan.ts';
import { SteppedPart, runLater } from './sim-steps.ts';
import type { StepDoors } from './sim-steps.ts';

const BUCKETS = checkedBuckets(
  {
    siblings: { conflicts: 'siblings' },
    counter: { conflicts: 'merge', merge: 'counter' },
    set: { conflicts: 'merge', merge: 'set' },
    map: { conflicts: 'merge', merge: 'map' },
  },
  registerQuorums({ replicas: 3 }),
);

/** A bucket of this name, as production has it. */
export function bucketNamed(name: ConflictBucket): Bucket {
  return bucketOf(BUCKETS, name, name === 'siblings' ? 'siblings' : 'merging');
}

/** The buckets of one thread. */
export class SimBuckets {
  readonly siblings: SiblingSteps;
  readonly #merging: Readonly<Record<Exclude<ConflictBucket, 'siblings'>, CausalSteps>>;
  readonly #doors: StepDoors;

  constructor(doors: StepDoors, incarnation: string, { namesActorsAnew }: Rules) {
    this.#doors = doors;
    const newActor = actorNames(incarnation, namesActorsAnew);
    const merging = (kind: 'counter' | 'set' | 'map'): CausalSteps =>
      new CausalSteps(this.engineOf(kind), kind, newActor);
    this.siblings = new SiblingSteps(this.engineOf('siblings'), newActor);
    this.#merging = { counter: merging('counter'), set: merging('set'), map: merging('map') };
  }

  /** The bucket whose values merge so. */
  merging(kind: Exclude<ConflictBucket, 'siblings'>): CausalSteps {
    return this.#merging[kind];
  }

  /** What a bucket is built on. */
  engineOf(name: ConflictBucket): SteppedChanges {
    const bucket = bucketNamed(name);
    const { core } = this.#doors;
    return {
      get: (key, options, then) => this.#submit(() => core.get(key, options, bucket), then),
      update: (key, fn, options, then) => this.#submit(() => core.update(key, fn, options, bucket), then),
      resolve: (operationId, options, then) => {
        const none = (): void => then.done({ outcome: 'unknown', operationId });
        this.#submit(() => core.resolve(operationId, options), then, none);
      },
    };
  }

  /** Submits what `make` makes; `none` follows where that is nothing. */
  #submit(
    make: () => Operation | PendingChange | undefined,
    then: Continuation<ReadResult> | Continuation<ChangeResult> | Continuation<ChangeResult | WriteResult>,
    none?: () => void,
  ): void {
    let made: Operation | PendingChange | undefined;
    try {
      made = make();
    } catch (error) {
      return runLater(this.#doors, 0, () => then.failed(error)); // As a promise is rejected.
    }
    if (made === undefined) return none && runLater(this.#doors, 0, none);
    made.context = new SteppedPart(this.#doors, then);
    this.#doors.core.submit(made);
  }
}
