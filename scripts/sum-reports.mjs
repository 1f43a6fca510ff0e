// Adds the tests of vitest's JSON reports to the steps around them, names what failed, and prints the line that ends
// .ci/run.
// Usage: node scripts/sum-reports.mjs FOLDER STEPS_PASSED STEPS_FAILED [FAILED_STEP...]
import { readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';

const LINES_OF_A_FAILURE = 40;

const [folder = '.', stepsPassed, stepsFailed, ...failedSteps] = process.argv.slice(2);
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
  for (const file of report.testResults) nameFailures(file);
}
for (const step of failedSteps) console.log(`failed step: ${step}`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

/**
 * @typedef {{ status: string, fullName: string, failureMessages: readonly string[] }} Assertion
 * @typedef {{ name: string, status: string, message: string, assertionResults: readonly Assertion[] }} TestFile
 */

/** @param {TestFile} file */
function isUnloadable(file) {
  return file.status === 'failed' && file.assertionResults.length === 0;
}

/** @param {TestFile} file */
function nameFailures(file) {
  const path = relative(process.cwd(), file.name);
  if (isUnloadable(file)) console.log(`  ${path} does not load\n${excerpt(file.message)}`);
  for (const test of file.assertionResults.filter(({ status }) => status === 'failed')) {
    console.log(`  ${path} > ${test.fullName}\n${excerpt(test.failureMessages.join('\n'))}`);
  }
}

/** @param {string} message */
function excerpt(message) {
  const lines = message.split('\n').slice(0, LINES_OF_A_FAILURE);
  return lines.map((line) => `    ${line}`).join('\n');
}
