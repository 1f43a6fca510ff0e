// What the types of an actor allow and refuse; `npm run typecheck` proves it, nothing here runs.
import { expectTypeOf } from 'vitest';
import { actor, createSystem, layout } from '../../src/actor/index.ts';
import type { ActorContext, ActorRef, ActorSystem } from '../../src/actor/index.ts';

const Account = actor(import.meta.url, {
  start: (args: { readonly total: number }, context: ActorContext) => ({ total: args.total, owner: context.name }),
  layouts: { credit: layout({ amount: 'f64' }) },
  on: {
    credit(state, { amount }: { readonly amount: number }): void {
      expectTypeOf(state).toEqualTypeOf<{ total: number; owner: string }>();
      state.total += amount;
    },
    async save(state, path: string): Promise<void> {
      await Promise.resolve([state, path]);
    },
    clear(state): void {
      state.total = 0;
    },
    balance: (state) => state.total,
    find: async (state, owner: string) => await Promise.resolve(state.owner === owner ? state.total : undefined),
    context(_state, _body: undefined, context) {
      expectTypeOf(context).toEqualTypeOf<ActorContext>();
      return context.name;
    },
  },
});

const Idle = actor(import.meta.url, { start: () => undefined, on: { ping: () => 'pong' as const } });

export async function typesOf(system: ActorSystem): Promise<void> {
  expectTypeOf(createSystem()).toEqualTypeOf<ActorSystem>();
  const account = await system.spawn(Account, { args: { total: 1 } });
  expectTypeOf(account).toExtend<ActorRef<typeof Account.on>>();

  // Handlers that return nothing are told, the others are asked.
  expectTypeOf<keyof typeof account.tell>().toEqualTypeOf<'credit' | 'save' | 'clear'>();
  expectTypeOf<keyof typeof account.ask>().toEqualTypeOf<'balance' | 'find' | 'context'>();
  // @ts-expect-error -- credit returns nothing to wait for
  account.ask.credit({ amount: 1 });
  // @ts-expect-error -- the balance of a told message would go nowhere
  account.tell.balance();

  // Bodies and answers have the handlers' types.
  expectTypeOf(account.tell.credit).parameter(0).toEqualTypeOf<{ readonly amount: number }>();
  expectTypeOf(account.tell.credit({ amount: 1 })).toEqualTypeOf<boolean>();
  expectTypeOf(account.ask.balance()).toEqualTypeOf<Promise<number>>();
  expectTypeOf(account.ask.find('ann')).toEqualTypeOf<Promise<number | undefined>>();
  // @ts-expect-error -- a body of another type
  account.tell.credit({ amount: '1' });
  // @ts-expect-error -- the body is missing
  void account.ask.find();
  account.tell.clear();
  await account.ask.balance(undefined, { timeoutMs: 5, signal: AbortSignal.abort() });
  await account.ask.find('ann', { timeoutMs: 5 });

  // Arguments of `start` are required where it takes some.
  await system.spawn(Idle);
  await system.spawn(Idle, { place: 'inline' });
  // @ts-expect-error -- start takes arguments
  await system.spawn(Account);
  // @ts-expect-error -- of another type
  await system.spawn(Account, { args: { total: '1' } });
}
