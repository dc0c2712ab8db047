/** Every method against a real server. */

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { suite, test } from "node:test";

import {
  DeadlineExceededError, errorFromStatus, EventType, InvalidArgumentError, NotFoundError, SeenItemsPolicy,
  timestampFromDate,
} from "shortlist";

import { connect } from "./fake.js";
import { setting, skip } from "./harness.js";

suite("server", { skip }, () => {
  const user = (): string => `node-${randomUUID()}`;

  test("recommend, and what two events change", async (t) => {
    const client = connect(t, setting("ADDRESS"));
    const userId = user();
    const before = await client.recommend({ userId, count: 10, requestId: "r1" });
    assert.equal(before.requestId, "r1");
    assert.equal(before.items.length, 10);
    const [first, second] = before.items;
    const events = [first!, second!].map(({ itemId }) => ({
      userId, itemId, eventType: EventType.PURCHASE, eventTime: timestampFromDate(new Date()), eventId: "",
      attributionToken: before.attributionToken,
    }));
    assert.equal((await client.writeEvents({ events })).acceptedCount, 2);
    const again = await client.writeEvents({ events });
    assert.deepEqual([again.acceptedCount, again.duplicateCount], [0, 2]);
    const after = (await client.recommend({ userId, count: 10 })).items.map(({ itemId }) => itemId);
    assert.ok(!after.includes(first!.itemId) && !after.includes(second!.itemId), after.join());
  });

  test("a user is told, exported and forgotten", async (t) => {
    const client = connect(t, setting("ADDRESS"));
    const userId = user();
    await client.writeEvents({ events: ["i000001", "i000002"].map((itemId) => ({ userId, itemId })) });
    assert.equal((await client.getUser({ userId })).liveEventCount, 2n);
    const page = await client.exportUser({ userId, pageSize: 1 });
    assert.equal(page.events.length, 1);
    assert.notEqual(page.nextPageToken, "");
    assert.equal((await client.deleteUser({ userId })).deletedEventCount, 2n);
    assert.ok((await client.getUser({ userId })).deletedBefore);
  });

  test("options reach the server", async (t) => {
    const client = connect(t, setting("ADDRESS"));
    const everything = { userId: user(), count: 3, candidateCount: 20, seenItemsPolicy: SeenItemsPolicy.KEEP, diversity: 0.5 };
    const { items } = await client.recommend(everything);
    const { items: others, trace } = await client.recommend({
      ...everything, excludedItemIds: [items[0]!.itemId], includeTrace: true, filter: {
        excludedCategories: ["none"],
        condition: { condition: { case: "price", value: { lower: { case: "atLeast", value: 0 } } } },
      },
      contextEvents: [{ itemId: items[1]!.itemId, value: 0 }],
    });
    assert.ok(others.every(({ itemId }) => itemId !== items[0]!.itemId));
    assert.equal(trace.length, 5);
    assert.equal(typeof trace[0]!.durationMicros, "bigint");
  });

  test("batchRecommend", async (t) => {
    const { recommendations } = await connect(t, setting("ADDRESS")).batchRecommend({ queries: [{ count: 1 }, { count: 2 }] });
    assert.deepEqual(recommendations.map(({ items }) => items.length), [1, 2]);
  });

  test("streamRecommend, with an element that fails", async (t) => {
    const counts: unknown[] = [];
    const messages = [{ count: 1 }, { count: -1 }, { count: 2 }];
    for await (const { outcome } of connect(t, setting("ADDRESS")).streamRecommend(messages)) {
      counts.push(outcome.case === "recommendation" ? outcome.value.items.length : errorFromStatus(outcome.value!));
    }
    const [one, error, two] = counts;
    assert.deepEqual([one, two], [1, 2]);
    assert(error instanceof InvalidArgumentError);
    assert.deepEqual(error.violations.map(({ field }) => field), ["count"]);
  });

  test("retrieve, rank, similarItems", async (t) => {
    const client = connect(t, setting("ADDRESS"));
    const { items } = await client.retrieve({ candidateCount: 5 });
    assert.equal(items.length, 5);
    const itemIds = items.map(({ itemId }) => itemId);
    const ranked = await client.rank({ userId: user(), itemIds: [...itemIds, "nobody-knows"] });
    assert.deepEqual(ranked.items.map(({ itemId }) => itemId).sort(), itemIds.sort());
    assert.deepEqual(ranked.unknownItemIds, ["nobody-knows"]);
    const similar = await client.similarItems({ itemId: itemIds[0]!, count: 2 });
    assert.equal(similar.items.length, 2);
  });

  test("health", async (t) => {
    const client = connect(t, setting("ADDRESS"));
    assert.equal(await client.health(), "SERVING");
    assert.equal(await client.health("shortlist.v1.EventService"), "SERVING");
    await assert.rejects(client.health("nothing"), NotFoundError);
  });

  test("an error with details", async (t) => {
    const client = connect(t, setting("ADDRESS"));
    await assert.rejects(client.recommend({ count: 501, diversity: 2 }), (error) => {
      assert(error instanceof InvalidArgumentError);
      assert.equal(error.reason, "INVALID_ARGUMENT");
      assert.deepEqual(error.violations.map(({ field }) => field), ["count", "diversity"]);
      return true;
    });
    const missing = { name: "NotFoundError", reason: "ITEM_NOT_FOUND", metadata: { item: "no-such-item" } };
    await assert.rejects(client.similarItems({ itemId: "no-such-item" }), missing);
  });

  test("a deadline that is spent", async (t) => {
    await assert.rejects(connect(t, setting("ADDRESS")).recommend({}, { timeoutMs: 1 }), DeadlineExceededError);
  });

  test("a list of addresses", async (t) => {
    const client = connect(t, [setting("ADDRESS"), setting("ADDRESS")]);
    for (let i = 0; i < 4; i++) assert.equal((await client.recommend({ count: 1 })).items.length, 1);
  });
});
