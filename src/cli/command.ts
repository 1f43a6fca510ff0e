// What every command of the CLI is.
import type { Arguments, CommandSpec } from './arguments.ts';
import type { CommandContext } from './io.ts';

/** A command of the CLI; `run` settles with its exit code. */
export interface Command {
  readonly spec: CommandSpec;
  run(given: Arguments, context: CommandContext): Promise<number>;
}
