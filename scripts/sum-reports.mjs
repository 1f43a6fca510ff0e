// Adds the tests of vitest's JSON reports to the steps around them, says what failed and how, and prints the line that
// ends .ci/run. FOLDER holds STEP.json for a step of tests, and STEP.log, what the step printed.
// Usage: node scripts/sum-reports.mjs FOLDER STEPS_PASSED STEPS_FAILED [FAILED_STEP...]
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

const LINES_OF_A_FAILURE = 40;
/** Of the log of a failed step: its end, without what makes a line unreadable. */
const LINES_OF_A_LOG = 15;
const COLUMNS_OF_A_LOG = 600;

const [folder = '.', stepsPassed, stepsFailed, ...failedSteps] = process.argv.slice(2);
let passed = Number(stepsPassed);
let failed = Number(stepsFailed);
/** Steps of whose failures a report tells. @type {Set<string>} */
const explained = new Set();
for (const name of readdirSync(folder).filter((file) => file.endsWith('.json'))) {
  const report = JSON.parse(readFileSync(join(folder, name), 'utf8'));
  passed += report.numPassedTests;
  // A file that does not load has no tests to count, but it is a failure.
  const failures = report.numFailedTests + report.testResults.filter(isUnloadable).length;
  failed += failures;
  if (failures > 0) explained.add(name.slice(0, -'.json'.length));
  console.log(
    `${name}: ${report.numPassedTests} passed, ${report.numFailedTests} failed, ${report.numPendingTests} skipped`,
  );
  for (const file of report.testResults) nameFailures(file);
}
for (const step of failedSteps) {
  console.log(`failed step: ${step}`);
  if (!explained.has(step)) console.log(endOfLog(step));
}
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

/** @param {string} step */
function endOfLog(step) {
  const path = join(folder, `${step}.log`);
  if (!existsSync(path)) return '    (it left no output)';
  const lines = stripVTControlCharacters(readFileSync(path, 'utf8')).split(/\r?\n/);
  const told = lines.filter((line) => line.trim() !== '').slice(-LINES_OF_A_LOG);
  return told.map((line) => `    ${line.slice(0, COLUMNS_OF_A_LOG)}`).join('\n');
}
