"""The API as an OpenAPI document: its unary methods in the JSON form of the Connect protocol."""

from __future__ import annotations

from typing import Any

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor, MethodDescriptor
from google.rpc import code_pb2

from shortlist_reference.protos.comments import Api

Json = dict[str, Any]

CODES = ["canceled" if name == "CANCELLED" else name.lower() for name in code_pb2.Code.keys()[1:]]

# How protojson writes the scalar types: 64 bits do not fit into a number of JavaScript and become strings.
_SCALARS: dict[int, Json] = {
    FieldDescriptor.TYPE_STRING: {"type": "string"},
    FieldDescriptor.TYPE_BYTES: {"type": "string", "format": "byte"},
    FieldDescriptor.TYPE_BOOL: {"type": "boolean"},
    FieldDescriptor.TYPE_INT32: {"type": "integer", "format": "int32"},
    FieldDescriptor.TYPE_INT64: {"type": "string", "format": "int64"},
    FieldDescriptor.TYPE_FLOAT: {"type": "number", "format": "float"},
    FieldDescriptor.TYPE_DOUBLE: {"type": "number", "format": "double"},
}
_WELL_KNOWN: dict[str, Json] = {"google.protobuf.Timestamp": {"type": "string", "format": "date-time"}}

ERROR: Json = {
    "type": "object",
    "description": "What every call that does not succeed is answered with.",
    "required": ["code"],
    "properties": {
        "code": {"type": "string", "enum": CODES, "description": "The gRPC status code, to branch on."},
        "message": {"type": "string", "description": "What went wrong, for a person."},
        "details": {
            "type": "array",
            "description": "google.rpc.ErrorInfo with a stable reason, and what else belongs to the code.",
            "items": {
                "type": "object",
                "required": ["type", "value"],
                "properties": {
                    "type": {"type": "string", "description": "Full name of a message, such as google.rpc.BadRequest."},
                    "value": {"type": "string", "description": "The message's bytes, in base64 without padding."},
                    "debug": {"type": "object", "description": "The message as JSON."},
                },
            },
        },
    },
}


def document(api: Api, title: str) -> Json:
    """The whole document; schemas are of what its methods can reach."""
    services = [service for file in api.files for service in file.services_by_name.values()]
    methods = [m for service in services for m in service.methods if not (m.client_streaming or m.server_streaming)]
    schemas: Json = {}
    for method in methods:
        _add(api, method.input_type, schemas)
        _add(api, method.output_type, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": api.files[0].package, "description": _ABOUT},
        "servers": [{"url": "http://127.0.0.1:8080", "description": "shortlist gateway"}],
        "tags": [{"name": service.name, "description": api.comment(service)} for service in services],
        "security": [{}, {"bearer": []}],
        "paths": {f"/{m.containing_service.full_name}/{m.name}": {"post": _operation(api, m)} for m in methods},
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            "parameters": {"timeout": _TIMEOUT},
            "responses": {"error": {"description": "An error", "content": _content("connect.Error")}},
            "schemas": {"connect.Error": ERROR, **dict(sorted(schemas.items()))},
        },
    }


_ABOUT = (
    "Generated from the protos. The unary JSON form of the Connect protocol: POST protojson, get protojson. A field"
    " that is not there has its default value; fields may be added, and are to be passed over where they are not known."
    " Streaming methods are for gRPC only."
)
_TIMEOUT: Json = {
    "name": "Connect-Timeout-Ms",
    "in": "header",
    "description": "Milliseconds that the caller waits for the answer.",
    "schema": {"type": "integer", "minimum": 1, "maximum": 9_999_999_999},
}


def _operation(api: Api, method: MethodDescriptor) -> Json:
    return {
        "operationId": f"{method.containing_service.name}_{method.name}",
        "tags": [method.containing_service.name],
        "summary": api.summary(method),
        "description": api.comment(method),
        "parameters": [{"$ref": "#/components/parameters/timeout"}],
        "requestBody": {"required": True, "content": _content(method.input_type.full_name)},
        "responses": {
            "200": {"description": "The answer", "content": _content(method.output_type.full_name)},
            "default": {"$ref": "#/components/responses/error"},
        },
    }


def _content(schema: str) -> Json:
    return {"application/json": {"schema": _ref(schema)}}


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _add(api: Api, message: Descriptor, schemas: Json) -> None:
    """The schema of a message, and of all that it holds."""
    if message.full_name in schemas:
        return
    schemas[message.full_name] = schema = {"type": "object", "description": api.comment(message)}
    properties = {field.json_name: _property(api, field, schemas) for field in message.fields}
    required = [field.json_name for field in message.fields if field.full_name in api.required]
    schemas[message.full_name] = schema | ({"required": required} if required else {}) | {"properties": properties}


def _property(api: Api, field: FieldDescriptor, schemas: Json) -> Json:
    one = _type(api, field, schemas)
    return ({"type": "array", "items": one} if field.is_repeated else one) | {"description": api.comment(field)}


def _type(api: Api, field: FieldDescriptor, schemas: Json) -> Json:
    if field.enum_type is not None:
        schemas[field.enum_type.full_name] = _enum(api, field.enum_type)
        return _ref(field.enum_type.full_name)
    if field.message_type is None:
        return dict(_SCALARS[field.type])
    if field.message_type.full_name in _WELL_KNOWN:
        return dict(_WELL_KNOWN[field.message_type.full_name])
    _add(api, field.message_type, schemas)
    return _ref(field.message_type.full_name)


def _enum(api: Api, enum: EnumDescriptor) -> Json:
    values = "\n".join(f"- {value.name}: {api.comment(value)}" for value in enum.values)
    description = f"{api.comment(enum)}\n\n{values}"
    return {"type": "string", "description": description, "enum": [value.name for value in enum.values]}
