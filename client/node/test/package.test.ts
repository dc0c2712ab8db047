/** What is published: everything that a user needs, loadable both ways. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { test } from "node:test";

import { Client } from "shortlist";

test("the package holds README, code and types, and none of our tests", () => {
  const [pack] = JSON.parse(execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], { encoding: "utf-8" }));
  const paths: string[] = pack.files.map((file: { path: string }) => file.path);
  for (const path of ["README.md", "package.json", "dist/index.js", "dist/index.d.ts", "dist/gen/google/rpc/status_pb.js"]) {
    assert.ok(paths.includes(path), path);
  }
  assert.deepEqual(paths.filter((path) => !/^dist\/.*\.(js|d\.ts)$/.test(path)).sort(), ["README.md", "package.json"]);
});

// From Node 20.19 on.
const skip = !("require_module" in process.features) && "this Node cannot require() ES modules";

test("CommonJS can require it", { skip }, () => {
  assert.equal(createRequire(import.meta.url)("shortlist").Client, Client);
});
