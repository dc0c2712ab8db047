/** A server with TLS that asks for a token. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";

import { PermissionDeniedError, type Tls, UnauthenticatedError, UnavailableError } from "shortlist";

import { connect } from "./fake.js";
import { setting, skip } from "./harness.js";

suite("TLS", { skip }, () => {
  const tls = (): Tls => ({ rootCertificates: readFileSync(setting("CA")) });
  const events = [{ userId: "node-tls", itemId: "i1" }];

  test("with a token", async (t) => {
    const client = connect(t, setting("TLS_ADDRESS"), { tls: tls(), token: setting("TOKEN") });
    assert.equal((await client.recommend({ count: 3 })).items.length, 3);
    assert.equal((await client.writeEvents({ events })).acceptedCount, 1);
  });

  test("without a token", async (t) => {
    const client = connect(t, setting("TLS_ADDRESS"), { tls: tls() });
    await assert.rejects(client.recommend({}), UnauthenticatedError);
    assert.equal(await client.health(), "SERVING");
  });

  test("a token that may read does not write", async (t) => {
    const client = connect(t, setting("TLS_ADDRESS"), { tls: tls(), token: () => setting("READ_TOKEN") });
    assert.equal((await client.recommend({ count: 3 })).items.length, 3);
    await assert.rejects(client.writeEvents({ events }), PermissionDeniedError);
  });

  test("a server that asks who calls is shown a certificate", async (t) => {
    const own = { privateKey: readFileSync(setting("CLIENT_KEY")), certificateChain: readFileSync(setting("CLIENT_CERT")) };
    const client = connect(t, setting("MTLS_ADDRESS"), { tls: { ...tls(), ...own } });
    assert.equal((await client.recommend({ count: 3 })).items.length, 3);
    const nameless = connect(t, setting("MTLS_ADDRESS"), { tls: tls() });
    await assert.rejects(nameless.recommend({ count: 3 }), UnavailableError);
  });

  test("a list of addresses, all checked for the first one's name", async (t) => {
    const port = setting("TLS_ADDRESS").split(":").at(-1);
    const client = connect(t, [`localhost:${port}`, `127.0.0.1:${port}`], { tls: tls(), token: setting("TOKEN") });
    for (let i = 0; i < 4; i++) assert.equal((await client.recommend({ count: 1 })).items.length, 1);
  });

  test("a server that is not trusted gets no request", async (t) => {
    const client = connect(t, setting("TLS_ADDRESS"), { tls: {}, token: setting("TOKEN") });
    await assert.rejects(client.recommend({}), UnavailableError);
  });
});
