/** The examples of the README run as they stand. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { setting, skip } from "./harness.js";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf-8");
const examples = [...readme.matchAll(/```js\n(.*?)```/gs)].map(([, code]) => code!);

function run(example: string): string[] {
  // Users of its own, because it writes events.
  const code = example.replace("127.0.0.1:50051", setting("ADDRESS")).replaceAll('"u', '"node-readme-u');
  const printed = execFileSync(process.execPath, ["--input-type=module", "--eval", code], { encoding: "utf-8" });
  return printed.trim().split("\n");
}

test("the first example prints a ranked list", { skip }, () => {
  const scores = run(examples[0]!).map((line) => Number(/ (\d\.\d{4}) /.exec(line)?.[1]));
  assert.equal(scores.length, 10);
  assert.deepEqual(scores, [...scores].sort((a, b) => b - a));
});

test("the second prints how many items meet the conditions", { skip }, () => {
  assert.match(run(examples[1]!).join("\n"), /^\d+ items$/);
});

test("the third prints the items of each user", { skip }, () => {
  const printed = run(examples[2]!).join("\n");
  assert.match(printed, /^node-readme-u000842 \[\n(.*\n)+\]\nnode-readme-u000843 \[/);
});
