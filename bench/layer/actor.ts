// Asks to an actor in a thread of its own: typed messages over a pair of rings, with and without a declared layout.
//
//     main: ask, a promise each <--two rings, two doorbells--> worker: the actor adds
//
// A blocking actor waits for messages in Atomics.wait; one with an event loop may do I/O, and is woken through it.
import type { WaitMode } from '../../src/actor/thread-program.ts';
import { createSystem } from '../../src/system/actor-system.ts';
import { askSubjects } from '../harness/ask.ts';
import type { Asker } from '../harness/ask.ts';
import type { Subject } from '../harness/subject.ts';
import adder from './programs/adder.ts';

export const subjects: readonly Subject[] = [
  ...askSubjects('actor', () => startAdder('blocking', 'add')),
  ...askSubjects('actor with an event loop', () => startAdder('event-loop', 'add')),
  ...askSubjects('actor, no layout', () => startAdder('blocking', 'addPair')),
];

async function startAdder(waits: WaitMode, message: 'add' | 'addPair'): Promise<Asker> {
  const system = createSystem();
  const ref = await system.spawn(adder, { waits });
  return {
    ask: (a, b) => (message === 'add' ? ref.ask.add({ a, b }) : ref.ask.addPair([a, b])),
    close: () => system.stop(),
    note: `waits: ${waits}; ${message === 'add' ? 'a declared layout' : 'the default codec'}`,
  };
}
