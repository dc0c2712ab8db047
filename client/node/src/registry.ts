/** All messages of the API by name, for what packs messages in messages: the details of errors as JSON. */

import { createRegistry, type Registry } from "@bufbuild/protobuf";

import { file_google_rpc_error_details } from "./gen/google/rpc/error_details_pb.js";
import { file_shortlist_v1_bundle_service } from "./gen/shortlist/v1/bundle_service_pb.js";
import { file_shortlist_v1_catalog_service } from "./gen/shortlist/v1/catalog_service_pb.js";
import { file_shortlist_v1_event_service } from "./gen/shortlist/v1/event_service_pb.js";
import { file_shortlist_v1_recommendation_service } from "./gen/shortlist/v1/recommendation_service_pb.js";
import { file_shortlist_v1_placement_service } from "./gen/shortlist/v1/placement_service_pb.js";
import { file_shortlist_v1_user_service } from "./gen/shortlist/v1/user_service_pb.js";

const files = [
  file_shortlist_v1_bundle_service, file_shortlist_v1_catalog_service, file_shortlist_v1_event_service,
  file_shortlist_v1_placement_service, file_shortlist_v1_recommendation_service, file_shortlist_v1_user_service,
  file_google_rpc_error_details,
];

/** Give it to `toJson` and `fromJson` wherever an answer may hold an error: `toJson(schema, answer, { registry })`. */
export const registry: Registry = createRegistry(...files.flatMap((file) => [...file.dependencies, file]));
