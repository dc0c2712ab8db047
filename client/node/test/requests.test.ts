/** Requests and settings that cannot be meant are refused by name; a token never travels in the open. */

import assert from "node:assert/strict";
import { inspect } from "node:util";
import { test } from "node:test";

import { Client, type Options } from "shortlist";

const client = new Client("127.0.0.1:1");

for (const [request, named] of [
  [{ user_id: "u1" }, /RecommendRequest has no field user_id/],
  [{ filter: { categories: ["a"] } }, /Filter has no field filter.categories/],
  [{ filter: { condition: { price: {} } } }, /Condition has no field filter.condition.price/],
  [{ filter: { condition: { condition: { case: "prize", value: {} } } } }, /filter.condition.condition of the case prize/],
  [
    { filter: { condition: { condition: { case: "price", value: { most: 1 } } } } },
    /NumberRange has no field filter.condition.condition.price.most/,
  ],
  [{ contextEvents: [{}, { item: "i1" }] }, /ContextEvent has no field contextEvents\[1\].item/],
  [{ contextEvents: [{ eventTime: new Date() }] }, /contextEvents\[0\].eventTime is a Timestamp, not a Date/],
  [{ count: "ten" }, /count/],
  [{ count: 2 ** 31 }, /count/],
] as [object, RegExp][]) {
  test(`${inspect(request, { depth: 1 })} is refused`, async () => {
    await assert.rejects(client.recommend(request), named);
  });
}

for (const [name, value] of [
  ["timeoutMs", 0], ["timeoutMs", NaN], ["batchTimeoutMs", Infinity], ["maxAttempts", 0], ["maxAttempts", 6],
  ["maxAttempts", 1.5], ["maxMessageBytes", 0], ["timeout", 1],
] as const) {
  test(`${name} ${value} is refused`, () => {
    assert.throws(() => new Client("127.0.0.1:1", { [name]: value }), new RegExp(`\\b${name}\\b`));
  });
}

const secret: Options = { token: "secret" };

for (const address of ["shop.example:443", "10.0.0.7:50051", "localhost.example:443", "127.example:443", "dns:///a:1"]) {
  test(`a token is not sent to ${address} in the open`, () => {
    assert.throws(() => new Client(address, secret), /TLS|tls/);
    assert.throws(() => new Client(["127.0.0.1:1", address.replace("dns:///", "")], secret), /TLS|tls/);
    new Client(address, { ...secret, tls: {} }).close();
  });
}

for (const address of ["localhost:1", "127.0.0.1:1", "[::1]:1", "unix:/run/shortlist.sock", ["127.0.0.1:1", "[::1]:1"]]) {
  test(`a token may go to ${address}`, () => new Client(address, secret).close());
}

test("lists of addresses that cannot be meant", () => {
  assert.throws(() => new Client([]), /no address/);
  assert.throws(() => new Client(["127.0.0.1:1", "dns:///shop.example:1"]), /host:port, not dns/);
});

test("half a client certificate is refused", () => {
  assert.throws(() => new Client("127.0.0.1:1", { tls: { privateKey: Buffer.from("key") } }), /certificate chain/);
});

test("secrets are not printed", () => {
  assert.doesNotMatch(inspect(new Client("127.0.0.1:1", secret), { depth: 9, showHidden: true }), /secret/);
});
