/** What the client does around a call: deadlines, retries, cancelling, event ids, tokens, several addresses. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { status } from "@grpc/grpc-js";
import { DeadlineExceededError, ResourceExhaustedError, UnavailableError } from "shortlist";

import { connect, serve } from "./fake.js";

const unavailable = { code: status.UNAVAILABLE, details: "draining" };

test("UNAVAILABLE is tried again", async (t) => {
  const server = await serve(t);
  server.failures = [unavailable, unavailable, unavailable];
  await connect(t, server.address).recommend({ userId: "u1" });
  assert.equal(server.requests.length, 4);
});

test("what is asked of items and users is tried again", async (t) => {
  const server = await serve(t);
  const client = connect(t, server.address);
  for (const call of [
    () => client.upsertItems({ items: [{ itemId: "i1", price: 0 }] }),
    () => client.deleteItems({ itemIds: ["i1"] }),
    () => client.getItem({ itemId: "i1" }),
    () => client.listItems(),
    () => client.upsertUsers({ users: [{ userId: "u1", userAttributes: [{ key: "country", value: "France" }] }] }),
    () => client.getUser({ userId: "u1" }),
    () => client.exportUser({ userId: "u1" }),
    () => client.deleteUser({ userId: "u1" }),
  ]) {
    server.requests.length = 0;
    server.failures = [unavailable];
    await call();
    assert.equal(server.requests.length, 2);
    assert.deepEqual(server.requests[0], server.requests[1]);
  }
});

test("the fourth failure is thrown", async (t) => {
  const server = await serve(t);
  server.failures = Array(9).fill(unavailable);
  await assert.rejects(connect(t, server.address).recommend({}), UnavailableError);
  assert.equal(server.requests.length, 4);
});

test("maxAttempts 1 tries once", async (t) => {
  const server = await serve(t);
  server.failures = [unavailable];
  const expected = { name: "UnavailableError", code: "UNAVAILABLE", message: "draining" };
  await assert.rejects(connect(t, server.address, { maxAttempts: 1 }).recommend({}), expected);
  assert.equal(server.requests.length, 1);
});

test("RESOURCE_EXHAUSTED is not tried again", async (t) => {
  const server = await serve(t);
  server.failures = [{ code: status.RESOURCE_EXHAUSTED, details: "too much to do" }];
  await assert.rejects(connect(t, server.address).recommend({}), ResourceExhaustedError);
  assert.equal(server.requests.length, 1);
});

test("calls have deadlines, longer ones for batches, none for streams and where Infinity is asked for", async (t) => {
  const server = await serve(t);
  const client = connect(t, server.address, { timeoutMs: 20_000, batchTimeoutMs: 80_000 });
  await client.recommend({});
  await client.writeEvents({ events: [] });
  await client.batchRecommend({}, { timeoutMs: 320_000 });
  await client.recommend({}, { timeoutMs: Infinity });
  for await (const _ of client.streamRecommend([{ userId: "u1" }])) break;
  const [single, batch, own, ...endless] = server.deadlines as [number, number, number];
  assert.ok(single < batch && batch < own && own < Infinity, server.deadlines.join());
  assert.deepEqual(endless, [Infinity, Infinity]);
});

test("a deadline that passes", async (t) => {
  const server = await serve(t);
  server.silent = true;
  const client = connect(t, server.address);
  await assert.rejects(client.recommend({}, { timeoutMs: 50 }), DeadlineExceededError);
  await assert.rejects(client.recommend({}, { timeoutMs: 0 }), DeadlineExceededError);
  await assert.rejects(client.recommend({}, { timeoutMs: NaN }), RangeError);
});

test("an aborted call throws the signal's reason, and the server hears of it", async (t) => {
  const server = await serve(t);
  server.silent = true;
  const controller = new AbortController();
  const answer = connect(t, server.address).recommend({}, { signal: controller.signal });
  while (server.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  controller.abort(new Error("the page was closed"));
  await assert.rejects(answer, /the page was closed/);
  await server.cancelled;
});

test("a signal that was aborted before lets nothing through", async (t) => {
  const server = await serve(t);
  await assert.rejects(connect(t, server.address).recommend({}, { signal: AbortSignal.abort() }), { name: "AbortError" });
  assert.equal(server.requests.length, 0);
});

test("events get ids in place, once", async (t) => {
  const server = await serve(t);
  const client = connect(t, server.address);
  const events = [{ userId: "u1", itemId: "i1", eventId: "" }, { userId: "u1", itemId: "i2", eventId: "e2" }];
  await client.writeEvents({ events });
  await client.writeEvents({ events });
  assert.match(events[0]!.eventId, /^[0-9a-f]{8}-/);
  assert.equal(events[1]!.eventId, "e2");
  assert.deepEqual(server.requests[0], server.requests[1]);
});

test("the current token goes along", async (t) => {
  const server = await serve(t);
  let token = "first";
  const client = connect(t, server.address, { token: () => token });
  await client.recommend({});
  token = "second";
  await client.recommend({});
  await connect(t, server.address).recommend({});
  assert.deepEqual(server.authorizations, ["Bearer first", "Bearer second", undefined]);
});

test("calls go round robin over a list of addresses, names among them, and past a dead one", async (t) => {
  const servers = [await serve(t), await serve(t, "localhost")] as const;
  const gone = await serve(t);
  gone.stop();
  const client = connect(t, [servers[0].address, gone.address, servers[1].address]);
  // The first calls may come before all connections stand.
  while (servers.some((server) => server.requests.length === 0)) await client.recommend({});
  const before = servers.map((server) => server.requests.length);
  for (let i = 0; i < 10; i++) await client.recommend({});
  assert.deepEqual(servers.map((server, i) => server.requests.length - before[i]!), [5, 5]);
});
