/** One gRPC channel and how calls go over it: deadline, token, cancelling, errors. Messages are bytes here. */

import { once } from "node:events";

import * as grpc from "@grpc/grpc-js";

import { target } from "./addresses.js";
import { errorFromRpc } from "./errors.js";
import { channelCredentials, channelOptions, type Settings } from "./options.js";

/** What every call takes beside its request. */
export interface CallOptions {
  /** Milliseconds until the call fails with DeadlineExceededError, retries included; Infinity for no limit. */
  timeoutMs?: number | undefined;
  /** Cancels the call, which then throws the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** A CallOptions that says how long. */
export type TimedCall = CallOptions & { timeoutMs: number };

type Stream = grpc.ClientDuplexStream<Uint8Array, Uint8Array>;

const encode = (message: Uint8Array): Buffer => Buffer.from(message.buffer, message.byteOffset, message.byteLength);
const decode = (bytes: Buffer): Uint8Array => bytes;

export class Connection {
  readonly #grpc: grpc.Client;
  readonly #settings: Settings;

  constructor(addresses: readonly string[], settings: Settings) {
    this.#settings = settings;
    this.#grpc = new grpc.Client(
      target(addresses),
      channelCredentials(settings, addresses),
      channelOptions(settings),
    );
  }

  close(): void {
    this.#grpc.close();
  }

  /** One request, one answer. */
  async unary(path: string, request: Uint8Array, { timeoutMs, signal }: TimedCall): Promise<Uint8Array> {
    signal?.throwIfAborted();
    let cancel = (): void => {};
    try {
      return await new Promise((resolve, reject) => {
        const call = this.#grpc.makeUnaryRequest(
          path, encode, decode, request, this.#metadata(), { deadline: deadline(timeoutMs) },
          (error, answer) => (error ? reject(error) : resolve(answer!)),
        );
        cancel = () => call.cancel();
        signal?.addEventListener("abort", cancel);
      });
    } catch (error) {
      throw failure(error, signal);
    } finally {
      signal?.removeEventListener("abort", cancel);
    }
  }

  /** Many requests, many answers, both as they come. Leaving the iteration early cancels the call. */
  async *stream(
    path: string, requests: AsyncIterable<Uint8Array>, { timeoutMs, signal }: TimedCall,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    signal?.throwIfAborted();
    const options = { deadline: deadline(timeoutMs) };
    const call: Stream = this.#grpc.makeBidiStreamRequest(path, encode, decode, this.#metadata(), options);
    call.on("error", () => {}); // One that comes after the iteration has ended is nobody's.
    const cancel = (): void => call.cancel();
    signal?.addEventListener("abort", cancel);
    const feeding = new Feeding(call, requests);
    try {
      yield* call as AsyncIterable<Uint8Array>;
    } catch (error) {
      throw feeding.failed ? feeding.reason : failure(error, signal);
    } finally {
      feeding.stop();
      call.cancel();
      signal?.removeEventListener("abort", cancel);
    }
  }

  #metadata(): grpc.Metadata {
    const { token, waitForReady } = this.#settings;
    const metadata = new grpc.Metadata({ waitForReady });
    const current = typeof token === "function" ? token() : token;
    if (current !== undefined) metadata.set("authorization", `Bearer ${current}`);
    return metadata;
  }
}

/** Writes requests as fast as the server takes them. Requests that cannot be read end the call. */
class Feeding {
  failed = false;
  reason: unknown;
  readonly #stopped = new AbortController();

  constructor(call: Stream, requests: AsyncIterable<Uint8Array>) {
    this.#feed(call, requests).catch((reason: unknown) => {
      if (this.#stopped.signal.aborted) return;
      this.failed = true;
      this.reason = reason;
      call.cancel();
    });
  }

  async #feed(call: Stream, requests: AsyncIterable<Uint8Array>): Promise<void> {
    const { signal } = this.#stopped;
    for await (const request of requests) {
      if (signal.aborted) return;
      if (!call.write(request)) await once(call, "drain", { signal });
    }
    call.end();
  }

  stop(): void {
    this.#stopped.abort();
  }
}

function deadline(timeoutMs: number): number {
  if (!(timeoutMs >= 0)) throw new RangeError(`timeoutMs is a number of milliseconds, not ${timeoutMs}`);
  return Date.now() + timeoutMs;
}

function failure(error: unknown, signal: AbortSignal | undefined): unknown {
  if (!(error instanceof Error && "metadata" in error)) return error;
  return signal?.aborted ? signal.reason : errorFromRpc(error as grpc.ServiceError);
}
