// Random schedules of ballots: proposals that exclude each other, the same one from two clients, voters that die and
// recover, proposers that die on their way.
import { below } from '../../src/base/random.ts';
import type { Rules } from '../../src/protocol/rules.ts';
import { TopicWorld } from './topic-world.ts';

/** What a schedule came to. */
export interface TopicRun {
  readonly commits: number;
  readonly aborts: number;
  readonly undecided: number;
}

/**
 * A client whose tellings are lost knows of a decision that no voter has heard of, and nobody else proposes or keeps
 * the house: it proposes again. @throws where that is not committed.
 */
export function playTellsAgain(rules: Partial<Rules> = {}): TopicWorld {
  const world = new TopicWorld({ seed: 7, rules, replicas: 3, clients: 1 });
  const propose = (): void => {
    const before = world.results.length;
    world.propose(0, { threshold: 'unanimous', timeoutMs: 2000 }, { amount: 1, refusedBy: 0 });
    while (world.results.length === before) world.step();
  };
  world.loseTellings(0, true);
  propose();
  if (Math.max(...world.applied) > 0) throw new Error('A voter knows of the decision though the telling was lost');
  world.loseTellings(0, false);
  propose();
  if (world.commits !== 2) throw new Error('What all agree to is not committed after a telling in vain');
  return world;
}

/** Places for members that change. */
const PLACES = 6;

/** Plays one schedule, in which members change or do not. @throws what was violated. */
export function playTopics(seed: number, rules: Partial<Rules> = {}, isChanging = false): TopicRun {
  const replicas = seed % 3 === 0 ? 5 : seed % 3 === 1 ? 3 : 4;
  const places = isChanging ? PLACES : replicas;
  const world = new TopicWorld({ seed, rules, replicas, places });
  const { random } = world;
  const steps = 300 + below(random, 700);
  for (let step = 0, named = 0; step < steps; step++) {
    const chance = below(random, 200);
    const client = below(random, world.clients);
    if (chance < 6) {
      const threshold = below(random, 3) === 0 ? 1 + below(random, replicas) : 'majority';
      const timeoutMs = 200 + below(random, 3000);
      const id = below(random, 3) === 0 ? `named-${below(random, 2) === 0 ? named : ++named}` : undefined;
      world.propose(client, { threshold, timeoutMs, retries: below(random, 3), ...(id === undefined ? {} : { id }) });
    } else if (chance < 8) {
      const replica = below(random, places);
      if (world.mayDie(replica)) world.crash(replica);
    } else if (isChanging && chance < 14) {
      world.change(1 + below(random, 2 ** PLACES - 1));
    } else if (chance === 8 && world.clients < 6) {
      world.kill(client);
      world.addClient();
    }
    world.step();
  }
  world.heal();
  world.addClient();
  world.propose(world.clients - 1, { threshold: 1 }, { amount: 0, refusedBy: 0 });
  const before = world.commits;
  world.heal();
  if (world.commits !== before + 1) throw new Error('A proposal that everybody agrees to is not committed in the end');
  const { commits, aborts, results } = world;
  return { commits, aborts, undecided: results.length - commits - aborts };
}
