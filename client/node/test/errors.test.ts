/** Errors carry what the server's details say, whether a call or one element of a stream failed. */

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  errorFromStatus, fromJson, InvalidArgumentError, registry, ResourceExhaustedError, ShortlistError,
  StreamRecommendResponseSchema,
} from "shortlist";

const TYPE = "type.googleapis.com/google.rpc.";

function failed(code: number, ...details: object[]): ShortlistError {
  const json = { error: { code, message: "no", details } } as object;
  const { outcome } = fromJson(StreamRecommendResponseSchema, json as never, { registry });
  assert(outcome.case === "error");
  return errorFromStatus(outcome.value);
}

test("all violations, reason and metadata", () => {
  const fieldViolations = [{ field: "count", description: "is 1 to 500" }, { field: "userId", description: "is empty" }];
  const info = { "@type": `${TYPE}ErrorInfo`, reason: "INVALID_ARGUMENT", domain: "shortlist", metadata: { a: "b" } };
  const error = failed(3, info, { "@type": `${TYPE}BadRequest`, fieldViolations });
  assert(error instanceof InvalidArgumentError);
  assert.deepEqual(error.violations, fieldViolations);
  assert.deepEqual([error.code, error.reason, error.message, error.metadata], ["INVALID_ARGUMENT", "INVALID_ARGUMENT", "no", { a: "b" }]);
  assert.match(String(error), /^InvalidArgumentError: no$/);
});

test("when to come back", () => {
  const error = failed(8, { "@type": `${TYPE}RetryInfo`, retryDelay: "0.250s" });
  assert(error instanceof ResourceExhaustedError);
  assert.equal(error.retryAfterMs, 250);
});

test("without details, and with a code that nobody knows", () => {
  assert.deepEqual({ ...failed(5) }, { name: "NotFoundError", code: "NOT_FOUND", reason: "", metadata: {}, violations: [], retryAfterMs: undefined });
  assert.equal(failed(99).code, "UNKNOWN");
});
