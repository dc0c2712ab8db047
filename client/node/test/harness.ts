/** The table that the clients of all languages satisfy, and the servers that the harness runs for all of them. */

import { readFileSync } from "node:fs";

import type { JsonValue } from "@bufbuild/protobuf";

export interface MessageVector {
  name: string;
  type: string;
  json: JsonValue;
  /** The bytes, base64. */
  wire: string;
}

export interface CallVector {
  name: string;
  method: string;
  request: JsonValue;
  answer?: JsonValue;
  error?: { code: string; reason?: string; fields?: string[]; metadata?: Record<string, string> };
}

const COMMITTED = new URL("../../vectors/vectors.json", import.meta.url);

export const vectors: { messages: MessageVector[]; calls: CallVector[] } = JSON.parse(
  readFileSync(process.env["SHORTLIST_TEST_VECTORS"] ?? COMMITTED, "utf-8"),
);

type Address = "ADDRESS" | "VECTORS_ADDRESS" | "TLS_ADDRESS" | "MTLS_ADDRESS" | "RESTART_ADDRESS" | "RESTART_CONTROL";
type Setting = Address | "CA" | "TOKEN" | "READ_TOKEN" | "CLIENT_CERT" | "CLIENT_KEY";

/** A setting of the harness: `make test-clients` of the repository has them all. */
export function setting(name: Setting): string {
  return process.env[`SHORTLIST_TEST_${name}`] ?? "";
}

/** For `{ skip }`: why tests that need a server are left out. */
export const skip: string | false =
  setting("ADDRESS") === "" && "SHORTLIST_TEST_ADDRESS is not set: run make test-clients in the repository";
