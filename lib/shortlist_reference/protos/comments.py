"""The protos as descriptors, with the comment that stands before each thing in them."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.api import field_behavior_pb2
from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor import FileDescriptor

# Numbers of fields in descriptor.proto: how a location's path names what it stands before.
_SYNTAX_OR_PACKAGE = 2
_KINDS = {4: "message_type", 5: "enum_type", 6: "service"}
_PARTS = {("message_type", 2): "field", ("message_type", 8): "oneof_decl", ("enum_type", 2): "value"}
_PARTS |= {("service", 2): "method"}


@dataclass(frozen=True)
class Api:
    """The files of one package, in order; comments by full name, a file's by its own name; names of required fields."""

    files: list[FileDescriptor]
    comments: dict[str, str]
    required: frozenset[str]

    def comment(self, descriptor: Any) -> str:
        """What the protos say of a message, field, enum, value, service, method or file; its lines joined."""
        if isinstance(descriptor, FileDescriptor):
            return self.comments[descriptor.name]
        name = getattr(descriptor, "full_name", None) or f"{descriptor.type.full_name}.{descriptor.name}"
        return self.comments[name]

    def summary(self, descriptor: Any) -> str:
        """The first sentence of that, without its full stop."""
        return self.comment(descriptor).split(". ")[0].removesuffix(".")


def compile_api(protos: Path, package: str) -> Api:
    """The files in the folder `package` below `protos`, compiled by protoc."""
    sources = sorted(str(path) for path in (protos / package).glob("*.proto"))
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "set.binpb"
        # A process of its own: the compiler brings its own protobuf, which does not get on with others.
        command = [sys.executable, "-P", "-m", "grpc_tools.protoc", f"-I{protos}", f"-o{out}"]
        command += ["--include_imports", "--include_source_info", *sources]
        subprocess.run(command, check=True)
        files = descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes()).file
    pool = descriptor_pool.DescriptorPool()
    for file in files:
        pool.Add(file)
    own = [file for file in files if file.name.startswith(f"{package}/")]
    comments = {
        name: _joined(location.leading_comments)
        for file in own
        for location in file.source_code_info.location
        if (name := _name(file, list(location.path)))
    }
    required = frozenset(name for file in own for name in _required(file))
    return Api([pool.FindFileByName(file.name) for file in own], comments, required)


def _required(file: descriptor_pb2.FileDescriptorProto) -> Iterator[str]:
    for message in file.message_type:
        for field in message.field:
            if field_behavior_pb2.REQUIRED in field.options.Extensions[field_behavior_pb2.field_behavior]:
                yield f"{file.package}.{message.name}.{field.name}"


def _name(file: descriptor_pb2.FileDescriptorProto, path: list[int]) -> str | None:
    """The full name of what lies at a path; None for the finer parts of it."""
    if path == [_SYNTAX_OR_PACKAGE]:
        return file.name
    if len(path) not in (2, 4) or path[0] not in _KINDS:
        return None
    kind = _KINDS[path[0]]
    outer = getattr(file, kind)[path[1]]
    name = f"{file.package}.{outer.name}"
    if len(path) == 2:
        return name
    part = _PARTS.get((kind, path[2]))
    return f"{name}.{getattr(outer, part)[path[3]].name}" if part else None


def _joined(comment: str) -> str:
    """The paragraphs of a comment, each in one line."""
    return "\n\n".join(" ".join(each.split()) for each in comment.strip().split("\n\n"))
