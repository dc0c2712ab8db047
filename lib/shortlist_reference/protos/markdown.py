"""The API as Markdown: a page per proto file, with a link wherever a type of ours is named."""

from __future__ import annotations

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor, FileDescriptor, ServiceDescriptor
from google.protobuf.descriptor_pb2 import FieldDescriptorProto

from shortlist_reference.paragraphs import table, wrapped
from shortlist_reference.protos.comments import Api

GENERATED = "<!-- Generated from the protos by `make reference`: change the comments there. -->"

_SCALARS = {int(number): name.removeprefix("TYPE_").lower() for name, number in FieldDescriptorProto.Type.items()}


def pages(api: Api) -> dict[str, str]:
    """The text of each page by its file name: one per proto file, and README.md that lists them."""
    by_file = {page_name(file): _page(api, file) for file in api.files}
    return by_file | {"README.md": _index(api)}


def page_name(file: FileDescriptor) -> str:
    """`shortlist/v1/event.proto` has the page `event.md`."""
    return file.name.rpartition("/")[2].replace(".proto", ".md")


def _index(api: Api) -> str:
    lines = [GENERATED, "", f"# Reference of `{api.files[0].package}`", ""]
    lines += [
        "[openapi.json](openapi.json) is the same for HTTP/JSON; [the API](../api.md) says what all methods share.",
        "",
    ]
    files = [(f"[{page_name(file)}]({page_name(file)})", api.summary(file)) for file in api.files]
    lines += [table(("page", "defines"), *files)]
    for service in (service for file in api.files for service in file.services_by_name.values()):
        methods = [
            (f"[{method.name}]({page_name(service.file)}#{method.name.lower()})", api.summary(method))
            for method in service.methods
        ]
        lines += ["", f"## {service.name}", "", table(("method", ""), *methods)]
    return "\n".join(lines) + "\n"


def _page(api: Api, file: FileDescriptor) -> str:
    blocks = [GENERATED, f"# {file.name}", wrapped(api.comment(file))]
    for service in file.services_by_name.values():
        blocks += _service(api, service)
    for message in file.message_types_by_name.values():
        blocks += _message(api, message)
    for enum in file.enum_types_by_name.values():
        blocks += _enum(api, enum)
    return "\n\n".join(blocks) + "\n"


def _service(api: Api, service: ServiceDescriptor) -> list[str]:
    blocks = [f"## {service.name}", wrapped(api.comment(service))]
    for method in service.methods:
        asked = ("stream of " if method.client_streaming else "") + _link(method.input_type, service.file)
        answered = ("stream of " if method.server_streaming else "") + _link(method.output_type, service.file)
        blocks += [f"### {method.name}", wrapped(f"{asked} -> {answered}"), wrapped(api.comment(method))]
    return blocks


def _message(api: Api, message: Descriptor) -> list[str]:
    rows = []
    for field in message.fields:
        required = "**Required.** " if field.full_name in api.required else ""
        kind = f"{_label(field)}{_type(field, message.file)}"
        rows.append((str(field.number), f"`{field.name}`", kind, required + api.comment(field)))
    return [f"## {message.name}", wrapped(api.comment(message)), table(("#", "field", "type", ""), *rows)]


def _enum(api: Api, enum: EnumDescriptor) -> list[str]:
    rows = [(str(value.number), f"`{value.name}`", api.comment(value)) for value in enum.values]
    return [f"## {enum.name}", wrapped(api.comment(enum)), table(("#", "value", ""), *rows)]


def _label(field: FieldDescriptor) -> str:
    if field.is_repeated:
        return "repeated "
    oneof = field.containing_oneof
    if oneof is None:
        return ""
    return "optional " if oneof.name == f"_{field.name}" else f"oneof `{oneof.name}`: "


def _type(field: FieldDescriptor, page: FileDescriptor) -> str:
    kind = field.message_type or field.enum_type
    if kind is not None:
        return _link(kind, page)
    return _SCALARS[field.type]


def _link(kind: Descriptor | EnumDescriptor, page: FileDescriptor) -> str:
    """A type's name, as a link where it has a page here."""
    if kind.file.package != page.package:
        return f"`{kind.full_name}`"
    where = "" if kind.file.name == page.name else page_name(kind.file)
    return f"[{kind.name}]({where}#{kind.name.lower()})"
