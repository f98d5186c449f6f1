// Reads TAP on stdin and prints "<passed> <failed> <skipped>", counting assertions at every depth.
import { Parser } from "tap-parser";

const count = { passed: 0, failed: 0, skipped: 0 };

/** A subtest ends in a point of its parent, which counts only where nothing inside it says as much. */
function watch(parser) {
  let child;
  parser.on("child", (inner) => {
    child = { name: inner.name, failedBefore: count.failed, totalBefore: total() };
    watch(inner);
  });
  parser.on("assert", (point) => {
    const ended = child;
    child = undefined;
    const isLeaf = ended === undefined || ended.name !== point.name || ended.totalBefore === total();
    const isUntold = !point.ok && !point.todo && !point.skip && count.failed === ended?.failedBefore;
    if (isLeaf || isUntold) add(point);
  });
}

function total() {
  return count.passed + count.failed + count.skipped;
}

function add(point) {
  if (point.skip || point.todo) count.skipped += 1;
  else if (point.ok) count.passed += 1;
  else count.failed += 1;
}

const root = new Parser((results) => {
  // A bailout, a missing plan or a plan that was not met has no point of its own.
  if (!results.ok && count.failed === 0) count.failed += 1;
  process.stdout.write(`${count.passed} ${count.failed} ${count.skipped}\n`);
});
watch(root);
process.stdin.pipe(root);
