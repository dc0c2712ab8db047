/** Making requests from plain objects: misspelt fields are refused, events get their ids. */

import { randomUUID } from "node:crypto";

import { create, type DescField, type DescMessage, type DescOneof, type MessageInitShape, type MessageShape } from "@bufbuild/protobuf";

import type { WriteEventsRequestSchema } from "./gen/shortlist/v1/event_service_pb.js";

/** A request as callers give it: a message, or a plain object with those of its fields that matter. */
export type Init<Schema extends DescMessage> = MessageInitShape<Schema>;

/** The message of `schema` with the fields of `init`. Throws a TypeError for a field that the message does not have. */
export function message<Schema extends DescMessage>(schema: Schema, init: Init<Schema>): MessageShape<Schema> {
  refuseUnknown(schema, init, "");
  return create(schema, init);
}

/** Protobuf ignores what it does not know, so `user_id` for `userId` would ask for nobody without a word. */
function refuseUnknown(schema: DescMessage, init: object, path: string): void {
  if (init instanceof Date) {
    throw new TypeError(`${path} is a ${schema.name}, not a Date: use timestampFromDate(date)`);
  }
  for (const [name, value] of Object.entries(init)) {
    if (name.startsWith("$") || value === undefined) continue;
    const at = path ? `${path}.${name}` : name;
    const choice = schema.oneofs.find((oneof) => oneof.localName === name);
    if (choice !== undefined) {
      refuseUnknownChoice(choice, value, at);
      continue;
    }
    const field = schema.field[name];
    if (field === undefined || field.oneof !== undefined) throw new TypeError(`${schema.typeName} has no field ${at}`);
    const inner = messageOf(field);
    if (inner === undefined) continue;
    if (Array.isArray(value)) value.forEach((element, i) => refuseUnknown(inner, element, `${at}[${i}]`));
    else refuseUnknown(inner, value, at);
  }
}

/** Of a choice one field is given, as `{ case: "price", value: { bound } }`. */
function refuseUnknownChoice(choice: DescOneof, given: { case?: string; value?: unknown }, at: string): void {
  if (given.case === undefined) return;
  const field = choice.fields.find((each) => each.localName === given.case);
  if (field === undefined) throw new TypeError(`${choice.parent.typeName} has no field ${at} of the case ${given.case}`);
  const inner = messageOf(field);
  if (inner !== undefined) refuseUnknown(inner, given.value as object, `${at}.${given.case}`);
}

function messageOf(field: DescField): DescMessage | undefined {
  return field.fieldKind === "map" ? undefined : field.message;
}

/**
 * Gives each event that has no id a new one, in place.
 *
 * The ids are fixed before the first attempt, so that neither gRPC's retries nor a caller who passes the same events
 * again after an error writes anything twice.
 */
export function giveIds(request: Init<typeof WriteEventsRequestSchema>): void {
  for (const event of request.events ?? []) event.eventId ||= randomUUID();
}
