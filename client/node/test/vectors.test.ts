/** The vectors shared with the other languages: the same JSON, the same bytes, the same answers. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { type DescMessage, type DescMethod, fromBinary, fromJson, type JsonValue, type Message, toBinary, toJson } from "@bufbuild/protobuf";
import {
  CatalogService, type Client, EventService, RecommendationService, registry, ShortlistError, UserService,
} from "shortlist";

import { connect } from "./fake.js";
import { type CallVector, setting, skip, vectors } from "./harness.js";

for (const { name, type, json, wire } of vectors.messages) {
  test(`message: ${name}`, () => {
    const schema = registry.getMessage(type);
    assert(schema, type);
    const message = fromJson(schema, json, { registry });
    assert.equal(base64(schema, message), wire);
    const decoded = fromBinary(schema, Buffer.from(wire, "base64"));
    assertEqual(schema, decoded, message);
    assertEqual(schema, fromJson(schema, toJson(schema, decoded, { registry }), { registry }), message);
  });
}

for (const vector of vectors.calls) {
  test(`call: ${vector.name}`, { skip }, async (t) => {
    const client = connect(t, setting("VECTORS_ADDRESS"));
    const services = [RecommendationService, EventService, CatalogService, UserService];
    const methods = services.flatMap((service) => service.methods as DescMethod[]);
    const method = methods.find(({ name }) => name === vector.method);
    assert(method, vector.method);
    if (vector.error) {
      const error: unknown = await ask(client, method.localName, method.input, vector.request).then(() => undefined, (e) => e);
      assertError(error, vector.error);
      return;
    }
    const answers = await ask(client, method.localName, method.input, vector.request);
    const expected = list(vector.answer).map((answer) => fromJson(method.output, answer, { registry }));
    assert.equal(answers.length, expected.length);
    answers.forEach((answer, i) => assertEqual(method.output, answer, expected[i]!));
  });
}

/** What the client's method of that name answers, as a list. */
async function ask(client: Client, method: string, input: DescMessage, request: JsonValue): Promise<Message[]> {
  const messages = list(request).map((json) => fromJson(input, json, { registry }));
  if (method !== "streamRecommend") {
    return [await client[method as "recommend"](messages[0] as never)];
  }
  const answers: Message[] = [];
  for await (const answer of client.streamRecommend(messages as never)) answers.push(answer);
  return answers;
}

function list(json: JsonValue | undefined): JsonValue[] {
  assert(json !== undefined, "the harness has not filled in the answer");
  return Array.isArray(json) ? json : [json];
}

/** Both the same as JSON, which shows the difference, and as bytes, which are exact. */
function assertEqual(schema: DescMessage, actual: Message, expected: Message): void {
  const [left, right] = [actual, expected].map((message) => floats(toJson(schema, message, { registry })));
  assert.deepEqual(left, right);
  assert.equal(base64(schema, actual), base64(schema, expected));
}

/** Numbers as the wire has them: in JavaScript 0.1 read from JSON and 0.1 read as a float are not the same. */
function floats(json: JsonValue): JsonValue {
  return JSON.parse(JSON.stringify(json), (_, value) => (typeof value === "number" ? Math.fround(value) : value));
}

function base64(schema: DescMessage, message: Message): string {
  return Buffer.from(toBinary(schema, message)).toString("base64");
}

function assertError(error: unknown, { code, reason, fields, metadata }: NonNullable<CallVector["error"]>): void {
  assert(error instanceof ShortlistError, String(error));
  assert.equal(error.code, code);
  if (reason !== undefined) assert.equal(error.reason, reason);
  if (fields !== undefined) assert.deepEqual(error.violations.map(({ field }) => field).sort(), fields);
  if (metadata !== undefined) assert.deepEqual(error.metadata, metadata);
}
