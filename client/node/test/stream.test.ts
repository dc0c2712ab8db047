/** Streams: order, elements that fail, and how a stream ends early from either side. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { status } from "@grpc/grpc-js";
import { ShortlistError } from "shortlist";

import { connect, serve } from "./fake.js";

const message = (i: number) => ({ requestId: `r${i}`, userId: `u${i}` });

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 10));

/** Messages without end; `closed` says whether their reader let go of them. */
class Endless {
  closed = false;
  constructor(readonly slow = false) {}
  async *[Symbol.asyncIterator]() {
    try {
      for (let i = 0; ; i++) {
        yield message(i);
        if (this.slow) await pause();
      }
    } finally {
      this.closed = true;
    }
  }
}

async function all<T>(answers: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const answer of answers) list.push(answer);
  return list;
}

test("answers come in order, for more messages than any buffer holds", async (t) => {
  const server = await serve(t);
  const messages = Array.from({ length: 3000 }, (_, i) => message(i));
  const answers = await all(connect(t, server.address).streamRecommend(messages));
  assert.deepEqual(answers.map((answer) => answer.requestId), messages.map((sent) => sent.requestId));
});

test("no messages, no answers", async (t) => {
  const server = await serve(t);
  assert.deepEqual(await all(connect(t, server.address).streamRecommend([])), []);
});

test("leaving early cancels the call and lets go of the messages", async (t) => {
  const server = await serve(t);
  const messages = new Endless();
  for await (const answer of connect(t, server.address).streamRecommend(messages)) {
    assert.equal(answer.requestId, "r0");
    break;
  }
  await server.cancelled;
  while (!messages.closed) await pause();
});

test("what the messages throw is thrown", async (t) => {
  const server = await serve(t);
  async function* broken() {
    yield message(0);
    while (server.requests.length === 0) await pause();
    throw new Error("the database is gone");
  }
  await assert.rejects(all(connect(t, server.address).streamRecommend(broken())), /the database is gone/);
  await server.cancelled;
});

test("a message with a field that does not exist is refused by name", async (t) => {
  const server = await serve(t);
  const messages = [{ user_id: "u1" } as object];
  await assert.rejects(all(connect(t, server.address).streamRecommend(messages)), /no field user_id/);
});

test("a server that gives up ends the iteration with its error, after the answers", async (t) => {
  const server = await serve(t);
  const answers: string[] = [];
  const messages = new Endless();
  await assert.rejects(async () => {
    for await (const answer of connect(t, server.address).streamRecommend(messages)) {
      answers.push(answer.requestId);
      server.failures = [{ code: status.INTERNAL, details: "a defect" }];
    }
  }, (error: ShortlistError) => error.code === "INTERNAL" && error.message === "a defect");
  assert.equal(answers[0], "r0");
  while (!messages.closed) await pause();
});

test("a server that has had enough ends the iteration and lets go of the messages", async (t) => {
  const server = await serve(t);
  server.brief = true;
  const messages = new Endless(true);
  await all(connect(t, server.address).streamRecommend(messages));
  while (!messages.closed) await pause();
});

test("an aborted stream throws the signal's reason", async (t) => {
  const server = await serve(t);
  const controller = new AbortController();
  await assert.rejects(async () => {
    for await (const _ of connect(t, server.address).streamRecommend(new Endless(), { signal: controller.signal })) {
      controller.abort();
    }
  }, { name: "AbortError" });
  await server.cancelled;
});
