/** How a client reaches the servers: every setting with its default, and what gRPC is told because of it. */

import { BlockList, isIP } from "node:net";

import { type ChannelCredentials, type ChannelOptions, credentials } from "@grpc/grpc-js";

const SERVICES = ["RecommendationService", "EventService", "CatalogService", "UserService"].map((name) => `shortlist.v1.${name}`);

/** Certificates, as the content of PEM files. */
export interface Tls {
  /** Whom to trust. Default: the roots that come with Node. */
  rootCertificates?: Buffer | undefined;
  /** This client's own key, for servers that ask who calls (mTLS). */
  privateKey?: Buffer | undefined;
  /** This client's own certificate; goes with `privateKey`. */
  certificateChain?: Buffer | undefined;
}

/** Settings of `Client`, which throws a RangeError for one that cannot work. */
export interface Options {
  /** Milliseconds for a call, retries included, unless the call sets its own. A stream has no limit but its own. Default: 1,000. */
  timeoutMs?: number | undefined;
  /** Milliseconds for `batchRecommend`, `writeEvents` and what is asked of items and users. Default: 5,000. */
  batchTimeoutMs?: number | undefined;
  /** How often a call is tried in all while servers answer UNAVAILABLE: 1 to 5. All methods are safe to repeat. Default: 4. */
  maxAttempts?: number | undefined;
  /** Whether a call waits out its timeout for a server to come up, rather than fail when none can be reached. Default: false. */
  waitForReady?: boolean | undefined;
  /** `{}` for TLS with the roots of Node. Default: plain text, for loopback and for networks that encrypt by themselves. */
  tls?: Tls | undefined;
  /** Bearer token, or what gives the current one. Needs TLS, except towards loopback addresses. */
  token?: string | (() => string) | undefined;
  /** Largest message sent or received. Default: 16 MiB. */
  maxMessageBytes?: number | undefined;
}

const DEFAULTS = {
  timeoutMs: 1_000,
  batchTimeoutMs: 5_000,
  maxAttempts: 4,
  waitForReady: false,
  tls: undefined as Tls | undefined,
  token: undefined as Options["token"],
  maxMessageBytes: 16 * 1024 * 1024,
};

/** Options with the defaults filled in. */
export type Settings = typeof DEFAULTS;

/** `options` over the defaults, once they are known to work. */
export function settle(options: Options): Settings {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const settings: Settings = { ...DEFAULTS, ...Object.fromEntries(given) };
  const { timeoutMs, batchTimeoutMs, maxAttempts, maxMessageBytes } = settings;
  for (const [name, value] of Object.entries({ timeoutMs, batchTimeoutMs })) {
    expect(Number.isFinite(value) && value > 0, `${name} is a positive number of milliseconds, not ${value}`);
  }
  expect(Number.isInteger(maxAttempts) && maxAttempts >= 1 && maxAttempts <= 5, `maxAttempts is 1 to 5, not ${maxAttempts}`);
  expect(maxMessageBytes >= 1, `maxMessageBytes is positive, not ${maxMessageBytes}`);
  for (const name of Object.keys(options)) {
    expect(name in DEFAULTS, `there is no setting ${name}`);
  }
  return settings;
}

function expect(holds: boolean, message: string): void {
  if (!holds) throw new RangeError(message);
}

/** What the channel is made with. */
export function channelOptions(settings: Settings): ChannelOptions {
  return {
    "grpc.service_config": serviceConfig(settings.maxAttempts),
    // Otherwise DNS is asked for a service config as well, and may replace ours.
    "grpc.service_config_disable_resolution": 1,
    "grpc.enable_retries": settings.maxAttempts > 1 ? 1 : 0,
    "grpc.max_send_message_length": settings.maxMessageBytes,
    "grpc.max_receive_message_length": settings.maxMessageBytes,
    // Finds a dead connection within 40 seconds, also an idle one that a firewall has forgotten.
    "grpc.keepalive_time_ms": 30_000,
    "grpc.keepalive_timeout_ms": 10_000,
    "grpc.keepalive_permit_without_calls": 1,
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 5_000,
  };
}

/** The gRPC service config, JSON: balancing and retries. */
function serviceConfig(maxAttempts: number): string {
  const balancing = { loadBalancingConfig: [{ round_robin: {} }] };
  if (maxAttempts === 1) return JSON.stringify(balancing);
  const retryPolicy = {
    maxAttempts,
    initialBackoff: "0.05s",
    maxBackoff: "1s",
    backoffMultiplier: 2,
    retryableStatusCodes: ["UNAVAILABLE"],
  };
  return JSON.stringify({
    ...balancing,
    methodConfig: [{ name: SERVICES.map((service) => ({ service })), retryPolicy }],
    // Retries stop while about one call in ten fails or more: they must not finish off servers that struggle.
    retryThrottling: { maxTokens: 100, tokenRatio: 0.1 },
  });
}

/** Credentials for a channel to `addresses`. Throws rather than let a token travel in the open. */
export function channelCredentials({ tls, token }: Settings, addresses: readonly string[]): ChannelCredentials {
  if (tls !== undefined) {
    return credentials.createSsl(tls.rootCertificates ?? null, tls.privateKey ?? null, tls.certificateChain ?? null);
  }
  const remote = addresses.find((address) => !isLoopback(address));
  expect(token === undefined || remote === undefined, `a token is sent to ${remote} only over TLS: set tls`);
  return credentials.createInsecure();
}

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

function isLoopback(address: string): boolean {
  const host = address.slice(0, address.lastIndexOf(":")).replace(/^\[|\]$/g, "");
  const family = isIP(host);
  if (family === 0) return host === "localhost" || address.startsWith("unix:");
  return loopback.check(host, family === 6 ? "ipv6" : "ipv4");
}
