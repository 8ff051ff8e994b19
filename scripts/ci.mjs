/** The checks of `.ci/run`, in order, each with its time; ends with the totals of the tests on a line of their own. */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setupFolder } from "./lib/checkout.mjs";
import { run, runScript } from "./lib/commands.mjs";
import { readTotals, totalsLine } from "./lib/totals.mjs";

const testReport = join(setupFolder, "test-report.json");

const turbo = ["run", "--continue", "--output-logs=errors-only"];

/** @type {[name: string, command: string, args: string[]][]} */
const steps = [
  ["format and lint", "biome", ["ci", "--colors=off", "."]],
  ["unused code and dependencies", "knip", []],
  ["types", process.execPath, ["scripts/typecheck.mjs"]],
  ["build, publint, attw", "turbo", [...turbo, "build", "check:pkg", "--filter=./packages/*"]],
  ["size budgets", "size-limit", []],
  ["versions and dry-run publish", process.execPath, ["scripts/check-release.mjs"]],
  ["tests of families from a clone alone", process.execPath, ["scripts/test-lone-clone.mjs"]],
  ["tests", process.execPath, testCommand()],
];

function testCommand() {
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${testReport}`];
  return ["node_modules/vitest/vitest.mjs", "run", ...reporters];
}

/** @param {number} since */
function seconds(since) {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}

/** Runs every step, also after a failure, so that one run shows all that is wrong. */
function runSteps() {
  const failed = [];
  for (const [name, command, args] of steps) {
    process.stdout.write(`\n=== ${name}\n`);
    const start = performance.now();
    const status = run(command, args);
    process.stdout.write(`=== ${name}: ${status === 0 ? "ok" : "FAILED"}, ${seconds(start)}\n`);
    if (status !== 0) failed.push(name);
  }
  return failed;
}

runScript(() => {
  rmSync(testReport, { force: true });
  const failed = runSteps();
  process.stdout.write(
    failed.length > 0 ? `\nFailed: ${failed.join(", ")}\n` : "\nAll checks ok\n",
  );
  if (!existsSync(testReport)) return 1;
  const totals = readTotals(JSON.parse(readFileSync(testReport, "utf8")));
  process.stdout.write(`${totalsLine(totals)}\n`);
  return failed.length > 0 || totals.failed > 0 || totals.passed === 0 ? 1 : 0;
});
