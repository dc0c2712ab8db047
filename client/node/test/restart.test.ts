/** A server that goes away and comes back. */

import assert from "node:assert/strict";
import { createConnection } from "node:net";
import { test } from "node:test";

import { connect } from "./fake.js";
import { setting, skip } from "./harness.js";

/** Says one line to the harness, resolves with its answer. */
async function control(command: "restart" | "wait"): Promise<string> {
  const [host, port] = setting("RESTART_CONTROL").split(":");
  const socket = createConnection(Number(port), host).setEncoding("utf-8");
  socket.write(`${command}\n`);
  let answer = "";
  for await (const part of socket) {
    answer += part;
    if (answer.endsWith("\n")) break;
  }
  return answer.trim();
}

test("calls that wait for a server outlive its restart", { skip }, async (t) => {
  const client = connect(t, setting("RESTART_ADDRESS"), { waitForReady: true, timeoutMs: 60_000 });
  assert.equal((await client.recommend({ count: 3 })).items.length, 3);
  assert.equal(await control("restart"), "stopped");
  const answers = await Promise.all([1, 2, 3].map((count) => client.recommend({ count })));
  assert.deepEqual(answers.map(({ items }) => items.length), [1, 2, 3]);
  assert.equal(await control("wait"), "serving");
});
