/** The client: one method per method of the API. */

import {
  type DescMessage, type DescMethodUnary, fromBinary, type MessageShape, toBinary,
} from "@bufbuild/protobuf";
import { Int32ValueSchema, StringValueSchema } from "@bufbuild/protobuf/wkt";

import { type CallOptions, Connection } from "./connection.js";
import * as items from "./gen/shortlist/v1/catalog_service_pb.js";
import { EventService, type WriteEventsRequestSchema, type WriteEventsResponse } from "./gen/shortlist/v1/event_service_pb.js";
import * as api from "./gen/shortlist/v1/recommendation_service_pb.js";
import * as users from "./gen/shortlist/v1/user_service_pb.js";
import { type Options, type Settings, settle } from "./options.js";
import { giveIds, type Init, message } from "./requests.js";

const { recommend, batchRecommend, streamRecommend, retrieve, rank, similarItems } = api.RecommendationService.method;
const { writeEvents } = EventService.method;
const { upsertItems, deleteItems, getItem, listItems } = items.CatalogService.method;
const { upsertUsers, getUser, exportUser, deleteUser } = users.UserService.method;

/** What grpc.health.v1 says of a service. */
export type HealthStatus = "UNKNOWN" | "SERVING" | "NOT_SERVING" | "SERVICE_UNKNOWN";

const HEALTH_STATUSES: readonly HealthStatus[] = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"];

/**
 * A connection to Shortlist, shared by all calls of a process.
 *
 * Requests are plain objects with the fields of the request message; the limits of each stand in its comment. Every
 * method throws ShortlistError, or the subclass for the code. Connecting happens with the first call.
 */
export class Client {
  readonly #connection: Connection;
  readonly #settings: Settings;

  /**
   * @param address anything that gRPC resolves: `host:port`, or `dns:///name:port` to spread calls over all its hosts;
   *   or a list of `host:port`. With TLS, every server of a list shows a certificate for the first one's name.
   */
  constructor(address: string | readonly string[] = "127.0.0.1:50051", options: Options = {}) {
    this.#settings = settle(options);
    this.#connection = new Connection(typeof address === "string" ? [address] : address, this.#settings);
  }

  /** Ends the connection once the calls under way are done. */
  close(): void {
    this.#connection.close();
  }

  /** As `close`, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** The best items for one user, with score, sources and reason. */
  async recommend(request: Init<typeof api.RecommendRequestSchema>, call: CallOptions = {}): Promise<api.RecommendResponse> {
    return this.#unary(recommend, request, call, this.#settings.timeoutMs);
  }

  /** One answer per query, in order, all from one bundle; 1 to 64 queries. */
  async batchRecommend(
    request: Init<typeof api.BatchRecommendRequestSchema>, call: CallOptions = {},
  ): Promise<api.BatchRecommendResponse> {
    return this.#unary(batchRecommend, request, call, this.#settings.batchTimeoutMs);
  }

  /**
   * One answer per message, in order, as they come; messages are read as the server takes them.
   *
   * An answer with an error (`answer.outcome.case === "error"`) does not end the stream; `errorFromStatus` makes an
   * Error of its value. Leaving the iteration early cancels the stream. What `messages` throws, the iteration throws.
   */
  async *streamRecommend(
    messages: StreamMessages, call: CallOptions = {},
  ): AsyncGenerator<api.StreamRecommendResponse, void, undefined> {
    const { parent, name, output } = streamRecommend;
    const timed = { ...call, timeoutMs: call.timeoutMs ?? Infinity };
    for await (const answer of this.#connection.stream(`/${parent.typeName}/${name}`, encoded(messages), timed)) {
      yield fromBinary(output, answer);
    }
  }

  /** Stage one alone: the candidates before ranking. */
  async retrieve(request: Init<typeof api.RetrieveRequestSchema>, call: CallOptions = {}): Promise<api.RetrieveResponse> {
    return this.#unary(retrieve, request, call, this.#settings.timeoutMs);
  }

  /** Stage two alone: `itemIds` (1 to 2,000) in this user's order. */
  async rank(request: Init<typeof api.RankRequestSchema>, call: CallOptions = {}): Promise<api.RankResponse> {
    return this.#unary(rank, request, call, this.#settings.timeoutMs);
  }

  /** The items most like one. NotFoundError if nobody knows the item. */
  async similarItems(
    request: Init<typeof api.SimilarItemsRequestSchema>, call: CallOptions = {},
  ): Promise<api.SimilarItemsResponse> {
    return this.#unary(similarItems, request, call, this.#settings.timeoutMs);
  }

  /**
   * Writes 1 to 1,000 events, all or none, and resolves once they are durable.
   *
   * An event without `eventId` is given one in place: passing the same events again writes nothing twice.
   */
  async writeEvents(request: Init<typeof WriteEventsRequestSchema>, call: CallOptions = {}): Promise<WriteEventsResponse> {
    giveIds(request);
    return this.#unary(writeEvents, request, call, this.#settings.batchTimeoutMs);
  }

  /** Writes 1 to 1,000 items, all or none, each of them wholly, and resolves once they are durable. */
  async upsertItems(request: Init<typeof items.UpsertItemsRequestSchema>, call: CallOptions = {}): Promise<items.UpsertItemsResponse> {
    return this.#unary(upsertItems, request, call, this.#settings.batchTimeoutMs);
  }

  /** Takes 1 to 1,000 items out of the catalogue, all or none; one that nobody knows is no error. */
  async deleteItems(request: Init<typeof items.DeleteItemsRequestSchema>, call: CallOptions = {}): Promise<items.DeleteItemsResponse> {
    return this.#unary(deleteItems, request, call, this.#settings.batchTimeoutMs);
  }

  /** One item as it is now. NotFoundError where there is none. */
  async getItem(request: Init<typeof items.GetItemRequestSchema>, call: CallOptions = {}): Promise<items.GetItemResponse> {
    return this.#unary(getItem, request, call, this.#settings.batchTimeoutMs);
  }

  /** One page of all items; the next one is asked for with its `nextPageToken`, until that is empty. */
  async listItems(request: Init<typeof items.ListItemsRequestSchema> = {}, call: CallOptions = {}): Promise<items.ListItemsResponse> {
    return this.#unary(listItems, request, call, this.#settings.batchTimeoutMs);
  }

  /** Writes what is known of 1 to 1,000 users besides events, all or none, and resolves once it is durable. */
  async upsertUsers(request: Init<typeof users.UpsertUsersRequestSchema>, call: CallOptions = {}): Promise<users.UpsertUsersResponse> {
    return this.#unary(upsertUsers, request, call, this.#settings.batchTimeoutMs);
  }

  /** What is known of a user, in numbers; a user that nobody knows is no error. */
  async getUser(request: Init<typeof users.GetUserRequestSchema>, call: CallOptions = {}): Promise<users.GetUserResponse> {
    return this.#unary(getUser, request, call, this.#settings.batchTimeoutMs);
  }

  /** One page of a user's events; the next one is asked for with its `nextPageToken`, until that is empty. */
  async exportUser(request: Init<typeof users.ExportUserRequestSchema>, call: CallOptions = {}): Promise<users.ExportUserResponse> {
    return this.#unary(exportUser, request, call, this.#settings.batchTimeoutMs);
  }

  /** Forgets a user: events, history, and whatever bundles know. Allow a large store more than the default. */
  async deleteUser(request: Init<typeof users.DeleteUserRequestSchema>, call: CallOptions = {}): Promise<users.DeleteUserResponse> {
    return this.#unary(deleteUser, request, call, this.#settings.batchTimeoutMs);
  }

  /** Whether the server, or one of its services by full name, takes calls. NotFoundError if it has no such service. */
  async health(service = "", call: CallOptions = {}): Promise<HealthStatus> {
    // Both messages have one field, number 1, as the wrappers have: no further stubs are needed.
    const request = toBinary(StringValueSchema, message(StringValueSchema, { value: service }));
    const timed = { ...call, timeoutMs: call.timeoutMs ?? this.#settings.timeoutMs };
    const answer = await this.#connection.unary("/grpc.health.v1.Health/Check", request, timed);
    return HEALTH_STATUSES[fromBinary(Int32ValueSchema, answer).value] ?? "UNKNOWN";
  }

  async #unary<I extends DescMessage, O extends DescMessage>(
    { parent, name, input, output }: DescMethodUnary<I, O>, request: Init<I>, call: CallOptions, timeoutMs: number,
  ): Promise<MessageShape<O>> {
    const timed = { ...call, timeoutMs: call.timeoutMs ?? timeoutMs };
    const bytes = toBinary(input, message(input, request));
    return fromBinary(output, await this.#connection.unary(`/${parent.typeName}/${name}`, bytes, timed));
  }
}

type StreamMessage = Init<typeof api.StreamRecommendRequestSchema>;

/** What `streamRecommend` reads: an array, a generator, anything that can be iterated, with `await` or without. */
export type StreamMessages = Iterable<StreamMessage> | AsyncIterable<StreamMessage>;

async function* encoded(messages: StreamMessages): AsyncGenerator<Uint8Array> {
  for await (const init of messages) yield toBinary(streamRecommend.input, message(streamRecommend.input, init));
}
