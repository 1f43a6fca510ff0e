// What an inline actor and one in a thread have in common towards those who hold a reference.
import type { ActorLink } from '../actor/actor-ref.ts';
import { talkFunctions } from '../actor/actor-ref.ts';
import { SYSTEM_TYPE } from '../actor/definition.ts';
import type { AnyActorDefinition, StopOptions } from '../actor/definition.ts';
import { KIND } from '../actor/message-kind.ts';
import { QuorateError, integerOption } from '../base/errors.ts';
import { exitReasonText } from '../base/exit-reason.ts';
import type { ExitReason } from '../base/exit-reason.ts';
import { TIMEOUT_MS_DEFAULT, TIMEOUT_MS_MAX } from '../base/limits.ts';

/** A running actor, as its system sees it. */
export interface ActorLife extends ActorLink {
  readonly closed: Promise<ExitReason>;
  /** No message is taken any more. */
  refuse(): void;
  /** Ends the actor now, where that is possible. */
  kill(): Promise<ExitReason>;
}

/** A reference to an actor, whose types were checked where it was defined. */
export interface AnyActorRef extends AsyncDisposable {
  readonly name: string;
  readonly tell: object;
  readonly ask: object;
  readonly closed: Promise<ExitReason>;
  stop(options?: StopOptions): Promise<ExitReason>;
}

/** Makes the reference of a running actor. */
export function actorRef(definition: AnyActorDefinition, life: ActorLife): AnyActorRef {
  const { tell, ask } = talkFunctions(definition, life);
  const stop = (options?: StopOptions): Promise<ExitReason> => stopActor(life, options);
  const dispose = async (): Promise<void> => void (await stop());
  return { name: life.name, tell, ask, closed: life.closed, stop, [Symbol.asyncDispose]: dispose };
}

/** Stops an actor: it takes no message any more, handles what waits, runs its `stop`; at the deadline it is ended. */
export async function stopActor(
  life: ActorLife,
  { drain = true, timeoutMs = TIMEOUT_MS_DEFAULT }: StopOptions = {},
): Promise<ExitReason> {
  integerOption('timeoutMs', timeoutMs, { min: 0, max: TIMEOUT_MS_MAX });
  if (life.ended === undefined) {
    const kind = drain ? KIND.STOP_DRAINED : KIND.STOP_NOW;
    const asked = {
      isSystem: true,
      type: SYSTEM_TYPE,
      kind,
      target: 0,
      correlation: 0,
      incarnation: 0,
      body: undefined,
    };
    life.sender.flush();
    life.sender.send(asked);
    life.sender.flush();
    life.refuse();
  }
  return await beforeDeadline(life.closed, timeoutMs, () => life.kill());
}

async function beforeDeadline(
  closed: Promise<ExitReason>,
  timeoutMs: number,
  kill: () => Promise<ExitReason>,
): Promise<ExitReason> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<ExitReason>((resolve, reject) => {
    timer = setTimeout(() => void kill().then(resolve, reject), timeoutMs);
  });
  try {
    return await Promise.race([closed, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** What `spawn` says of an actor that did not start. */
export function startError(name: string, reason: ExitReason): QuorateError {
  const cause = reason.kind === 'crashed' ? { cause: reason.error } : {};
  const message = `Cannot start actor ${name}: ${exitReasonText(reason)}`;
  return new QuorateError('ERR_QUORATE_START_FAILED', message, { ...cause, fields: { reason } });
}
