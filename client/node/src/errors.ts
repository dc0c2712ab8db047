/** What a call can end with, decoded from the status and its details into one error with fields. */

import { fromBinary } from "@bufbuild/protobuf";
import { anyUnpack, durationMs } from "@bufbuild/protobuf/wkt";
import { type ServiceError, status } from "@grpc/grpc-js";

import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "./gen/google/rpc/error_details_pb.js";
import { type Status, StatusSchema } from "./gen/google/rpc/status_pb.js";

/** Name of a gRPC status code, such as `INVALID_ARGUMENT`. */
export type Code = keyof typeof status;

/** One field of the request that breaks its rule, as a path: `count`, `queries[3].context_events[0].value`. */
export interface FieldViolation {
  field: string;
  description: string;
}

/** What a ShortlistError says beyond code and message. */
export interface ErrorDetails {
  reason?: string;
  metadata?: Record<string, string>;
  violations?: FieldViolation[];
  retryAfterMs?: number | undefined;
  cause?: unknown;
}

/**
 * A call that did not succeed; `message` is what the server, or gRPC itself, says: one line for a person.
 *
 * Codes that callers treat apart have a subclass each, the others come as this class.
 */
export class ShortlistError extends Error {
  /** The gRPC status code, by name. */
  readonly code: Code;
  /** Stable name of the cause to branch on, such as OVERLOADED or ITEM_NOT_FOUND; empty if gRPC itself failed. */
  readonly reason: string;
  /** What the reason is about, such as `{ item: "i1" }`. */
  readonly metadata: Record<string, string>;
  /** Every field of the request that breaks its rule, not only the first. */
  readonly violations: FieldViolation[];
  /** Milliseconds after which trying again makes sense; undefined where the server does not say. */
  readonly retryAfterMs: number | undefined;

  constructor(code: Code, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? {} : { cause: details.cause });
    this.name = new.target.name;
    this.code = code;
    this.reason = details.reason ?? "";
    this.metadata = details.metadata ?? {};
    this.violations = details.violations ?? [];
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** The request breaks a rule; `violations` lists every field. The caller's fault: the same request fails again. */
export class InvalidArgumentError extends ShortlistError {}

/** The thing that the request names does not exist. The caller's fault, or the serving bundle's age. */
export class NotFoundError extends ShortlistError {}

/** The caller did not say who it is, or the server does not believe it. The caller's fault. */
export class UnauthenticatedError extends ShortlistError {}

/** The caller may not do this. The caller's fault. */
export class PermissionDeniedError extends ShortlistError {}

/** The server has more work than it takes on; `retryAfterMs` says when to come back. Not retried by the client. */
export class ResourceExhaustedError extends ShortlistError {}

/** No server was reached, or it is starting or draining. Nobody's fault; retries are used up when this is thrown. */
export class UnavailableError extends ShortlistError {}

/** The answer did not come within the timeout, retries included. */
export class DeadlineExceededError extends ShortlistError {}

const CLASSES: { [code in Code]?: typeof ShortlistError } = {
  INVALID_ARGUMENT: InvalidArgumentError,
  NOT_FOUND: NotFoundError,
  UNAUTHENTICATED: UnauthenticatedError,
  PERMISSION_DENIED: PermissionDeniedError,
  RESOURCE_EXHAUSTED: ResourceExhaustedError,
  UNAVAILABLE: UnavailableError,
  DEADLINE_EXCEEDED: DeadlineExceededError,
};

/** The error for a google.rpc.Status, such as the `error` of a StreamRecommendResponse. */
export function errorFromStatus(from: Pick<Status, "code" | "message" | "details">, cause?: unknown): ShortlistError {
  const code = (status[from.code] ?? "UNKNOWN") as Code;
  const unpacked = <T>(unpack: (any: Status["details"][number]) => T | undefined): T | undefined =>
    from.details.map(unpack).find((detail) => detail !== undefined);
  const info = unpacked((any) => anyUnpack(any, ErrorInfoSchema));
  const bad = unpacked((any) => anyUnpack(any, BadRequestSchema));
  const delay = unpacked((any) => anyUnpack(any, RetryInfoSchema))?.retryDelay;
  return new (CLASSES[code] ?? ShortlistError)(code, from.message, {
    reason: info?.reason ?? "",
    metadata: { ...info?.metadata },
    violations: (bad?.fieldViolations ?? []).map(({ field, description }) => ({ field, description })),
    retryAfterMs: delay && durationMs(delay),
    cause,
  });
}

/** The error for a failed call, with whatever details the server sent along. */
export function errorFromRpc(error: ServiceError): ShortlistError {
  const [packed] = error.metadata.get("grpc-status-details-bin");
  const details = packed instanceof Buffer ? fromBinary(StatusSchema, packed).details : [];
  return errorFromStatus({ code: error.code, message: error.details, details }, error);
}
