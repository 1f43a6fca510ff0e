// Reads what `quorate demo --json` printed and fails unless it lost nothing while replicas were killed and members
// changed. It asks for kills and changes, not for the time that they took: a machine that is busy with something else
// recovers slowly, and rightly so.
// Usage: node scripts/check-demo.mjs FILE
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

try {
  check(JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')));
} catch (error) {
  console.error(`demo: FAILED: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}

/**
 * @param {{ seconds: number, kills: Record<string, number>, lost: number, stale: number,
 *   acknowledgedWrites: number, memberChanges: { done: number, undone: number, msMax: number } }} report
 */
function check({ seconds, kills, lost, stale, acknowledgedWrites, memberChanges }) {
  const killsInAll = kills.terminate + kills.hang + kills.oom;
  assert.equal(lost, 0, `${lost} acknowledged writes were lost`);
  assert.equal(stale, 0, `${stale} reads were stale`);
  assert.ok(acknowledgedWrites > 0, 'Nothing was written');
  assert.ok(killsInAll >= 12, `Only ${killsInAll} replicas were killed`);
  assert.ok(
    Math.min(kills.terminate, kills.hang, kills.oom) >= 2,
    `Not every kind was tried: ${JSON.stringify(kills)}`,
  );
  const { done, undone, msMax } = memberChanges;
  assert.ok(done >= 1, `Members were never changed, and ${undone} times taken back`);
  console.log(
    `demo: ${acknowledgedWrites} acknowledged writes, ${killsInAll} kills and ${done} changes of members ` +
      `(at most ${msMax} ms) in ${seconds} s, none lost or stale`,
  );
}
