// The program `npm run bench`. It ends by itself, and ends what it started when interrupted (see harness/server.ts).
import { benchCommand } from './harness/command.ts';

process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));
process.exitCode = await benchCommand(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
});
