/** A real server in this process, on a free port, that answers what the test tells it to. */

import type { TestContext } from "node:test";

import { create, type DescMethod, type DescService, fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import * as grpc from "@grpc/grpc-js";
import {
  CatalogService, Client, EventService, type Options, RecommendationService, UserService,
} from "shortlist";

type UnaryCall = grpc.ServerUnaryCall<Message, Message>;
type StreamCall = grpc.ServerDuplexStream<Message & { requestId: string }, Message>;

/** Fails with the statuses in `failures`, one per call, then answers; keeps every request and what came with it. */
export class Fake {
  readonly requests: Message[] = [];
  readonly authorizations: (string | undefined)[] = [];
  readonly deadlines: number[] = [];
  failures: Partial<grpc.StatusObject>[] = [];
  /** Whether calls are left without an answer. */
  silent = false;
  /** Whether a stream is ended after its first answer. */
  brief = false;
  /** Resolves once a call was cancelled by its caller. */
  readonly cancelled: Promise<void>;
  address = "";
  readonly #server = new grpc.Server();
  #cancel = (): void => {};

  constructor() {
    this.cancelled = new Promise((resolve) => (this.#cancel = resolve));
    for (const service of [RecommendationService, EventService, CatalogService, UserService] as DescService[]) {
      const methods = service.methods.map((method) => [method.name, definition(method)]);
      const handlers = service.methods.map((method) => [method.name, this.#handler(method)]);
      this.#server.addService(Object.fromEntries(methods), Object.fromEntries(handlers));
    }
  }

  async start(host: string): Promise<void> {
    const port = await new Promise<number>((resolve, reject) => {
      const bound = (error: Error | null, port: number): void => (error ? reject(error) : resolve(port));
      this.#server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), bound);
    });
    this.address = `${host}:${port}`;
  }

  stop(): void {
    this.#server.forceShutdown();
  }

  #handler(method: DescMethod): grpc.UntypedHandleCall {
    return method.methodKind === "unary" ? this.#unary(method) : (call: StreamCall) => this.#stream(call, method);
  }

  #unary(method: DescMethod): grpc.handleUnaryCall<Message, Message> {
    return (call: UnaryCall, answer) => {
      this.#enter(call);
      this.requests.push(call.request);
      const failure = this.failures.shift();
      if (failure) answer(failure);
      else if (!this.silent) answer(null, create(method.output));
    };
  }

  #stream(call: StreamCall, method: DescMethod): void {
    this.#enter(call);
    call.on("data", (request) => {
      this.requests.push(request);
      const failure = this.failures.shift();
      if (failure) call.emit("error", failure);
      else if (!this.silent) call.write(create(method.output, { requestId: request.requestId } as Record<string, unknown>));
      if (this.brief) call.end();
    });
    call.on("end", () => call.end());
  }

  #enter(call: grpc.ServerUnaryCall<Message, Message> | StreamCall): void {
    this.authorizations.push(call.metadata.get("authorization")[0]?.toString());
    this.deadlines.push(Number(call.getDeadline()));
    call.on("cancelled", this.#cancel);
  }
}

function definition({ parent, name, methodKind, input, output }: DescMethod): grpc.MethodDefinition<Message, Message> {
  const streams = methodKind === "bidi_streaming";
  return {
    path: `/${parent.typeName}/${name}`,
    requestStream: streams,
    responseStream: streams,
    requestSerialize: (message) => Buffer.from(toBinary(input, message)),
    requestDeserialize: (bytes) => fromBinary(input, bytes),
    responseSerialize: (message) => Buffer.from(toBinary(output, message)),
    responseDeserialize: (bytes) => fromBinary(output, bytes),
  };
}

/** A server that runs until the test ends. */
export async function serve(t: TestContext, host = "127.0.0.1"): Promise<Fake> {
  const fake = new Fake();
  await fake.start(host);
  t.after(() => fake.stop());
  return fake;
}

/** A client that is closed when the test ends. Its calls have as long as a busy machine may need. */
export function connect(t: TestContext, address: string | string[], options: Options = {}): Client {
  const client = new Client(address, { timeoutMs: 30_000, batchTimeoutMs: 30_000, ...options });
  t.after(() => client.close());
  return client;
}
