/**
 * Node client of Shortlist, the two-stage recommender over gRPC.
 *
 *     import { Client } from "shortlist";
 *
 *     const client = new Client("127.0.0.1:50051");
 *     const { items } = await client.recommend({ userId: "u1", count: 10 });
 *
 * Answers are the messages of the API, `shortlist.v1`; what the limits are is said there, in the comment of each field.
 */

export { create, fromJson, toJson } from "@bufbuild/protobuf";
export { timestampDate, timestampFromDate } from "@bufbuild/protobuf/wkt";

export { Client, type HealthStatus, type StreamMessages } from "./client.js";
export type { CallOptions } from "./connection.js";
export {
  type Code,
  DeadlineExceededError,
  type ErrorDetails,
  errorFromStatus,
  type FieldViolation,
  InvalidArgumentError,
  NotFoundError,
  PermissionDeniedError,
  ResourceExhaustedError,
  ShortlistError,
  UnauthenticatedError,
  UnavailableError,
} from "./errors.js";
export * from "./gen/shortlist/v1/action_pb.js";
export * from "./gen/shortlist/v1/catalog_service_pb.js";
export * from "./gen/shortlist/v1/context_attribute_pb.js";
export * from "./gen/shortlist/v1/event_pb.js";
export * from "./gen/shortlist/v1/event_service_pb.js";
export * from "./gen/shortlist/v1/filter_pb.js";
export * from "./gen/shortlist/v1/recommendation_pb.js";
export * from "./gen/shortlist/v1/recommendation_service_pb.js";
export * from "./gen/shortlist/v1/user_attribute_pb.js";
export * from "./gen/shortlist/v1/user_service_pb.js";
export type { Options, Tls } from "./options.js";
export { registry } from "./registry.js";
export type { Init } from "./requests.js";
