// Adds the tests of vitest's JSON reports to the steps around them, and prints the line that ends .ci/run.
// Usage: node scripts/sum-reports.mjs FOLDER STEPS_PASSED STEPS_FAILED
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const [folder = '.', stepsPassed, stepsFailed] = process.argv.slice(2);
let passed = Number(stepsPassed);
let failed = Number(stepsFailed);
for (const name of readdirSync(folder).filter((file) => file.endsWith('.json'))) {
  const report = JSON.parse(readFileSync(join(folder, name), 'utf8'));
  passed += report.numPassedTests;
  // A file that does not load has no tests to count, but it is a failure.
  failed += report.numFailedTests + report.testResults.filter(isUnloadable).length;
  console.log(
    `${name}: ${report.numPassedTests} passed, ${report.numFailedTests} failed, ${report.numPendingTests} skipped`,
  );
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

/** @param {{ status: string, assertionResults: readonly unknown[] }} result */
function isUnloadable(result) {
  return result.status === 'failed' && result.assertionResults.length === 0;
}
