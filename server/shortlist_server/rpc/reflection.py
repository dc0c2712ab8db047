"""gRPC reflection in both versions of the protocol, so that tools such as grpcurl can list and call the services."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from typing import Any, TypeAlias

import grpc
from google.protobuf import descriptor_pool
from google.protobuf.descriptor import FileDescriptor
from grpc_reflection.v1alpha import reflection_pb2

from shortlist_core.errors import InvalidArgumentError
from shortlist_server.rpc.caller import check_again
from shortlist_server.rpc.messages import Malformed, parsed

SERVICES = ("grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection")

Request: TypeAlias = Any  # a reflection_pb2.ServerReflectionRequest; grpc_reflection ships no types
Response: TypeAlias = Any  # a reflection_pb2.ServerReflectionResponse

_response = reflection_pb2.ServerReflectionResponse
_POOL = descriptor_pool.Default()


class ReflectionServicer:
    """Answers each question of a stream. A question that makes no sense is answered as such, and the stream goes on."""

    def __init__(self, services: Collection[str]) -> None:
        self._services = sorted(services)

    async def ServerReflectionInfo(
        self, requests: AsyncIterator[Request | Malformed], context: grpc.aio.ServicerContext[Any, Any]
    ) -> AsyncIterator[Response]:
        """See the protocol's definition."""
        async for request in requests:
            check_again()
            yield self._told(request)

    def _told(self, request: Request | Malformed) -> Response:
        try:
            response = self._answer(parsed(request))
        except InvalidArgumentError as error:
            response = _error(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        except (LookupError, ValueError, TypeError, OverflowError):  # all that the pool raises for what it has not
            response = _error(grpc.StatusCode.NOT_FOUND, "this server has no such file, symbol or extension")
        if not isinstance(request, Malformed):
            response.valid_host = request.host
            response.original_request.CopyFrom(request)
        return response

    def _answer(self, request: Request) -> Response:
        """The answer to a question. Raises what the pool raises where there is none."""
        match request.WhichOneof("message_request"):
            case "list_services":
                services = [reflection_pb2.ServiceResponse(name=name) for name in self._services]
                return _response(list_services_response=reflection_pb2.ListServiceResponse(service=services))
            case "file_by_filename":
                return _files(_POOL.FindFileByName(request.file_by_filename))
            case "file_containing_symbol":
                return _files(_file_of(request.file_containing_symbol))
            case "file_containing_extension":
                asked = request.file_containing_extension
                extended = _POOL.FindMessageTypeByName(asked.containing_type)
                return _files(_POOL.FindExtensionByNumber(extended, asked.extension_number).file)  # type: ignore[attr-defined]
            case "all_extension_numbers_of_type":
                extended = _POOL.FindMessageTypeByName(request.all_extension_numbers_of_type)
                numbers = sorted(extension.number for extension in _POOL.FindAllExtensions(extended))
                answer = reflection_pb2.ExtensionNumberResponse(
                    base_type_name=extended.full_name, extension_number=numbers
                )
                return _response(all_extension_numbers_response=answer)
            case _:
                return _error(grpc.StatusCode.INVALID_ARGUMENT, "this message asks for nothing")


def add_reflection(server: grpc.aio.Server, services: Collection[str]) -> None:
    """Serve reflection for `services` and for reflection itself.

    The messages of v1 are those of v1alpha under another package name, so one servicer serves both.
    """
    servicer = ReflectionServicer([*services, *SERVICES])
    handler = grpc.stream_stream_rpc_method_handler(
        servicer.ServerReflectionInfo,
        request_deserializer=reflection_pb2.ServerReflectionRequest.FromString,
        response_serializer=_response.SerializeToString,
    )
    methods = {"ServerReflectionInfo": handler}
    for name in SERVICES:
        server.add_registered_method_handlers(name, methods)


def _file_of(symbol: str) -> FileDescriptor:
    """The file that defines a symbol. ghz asks for methods, package.Service.Method, which the pool has no names for."""
    try:
        return _POOL.FindMethodByName(symbol).containing_service.file
    except KeyError:
        return _POOL.FindFileContainingSymbol(symbol)


def _files(file: FileDescriptor) -> Response:
    """A file with all that it depends on, itself first."""
    files = {file.name: file}
    waiting = [file]
    while waiting:
        for dependency in waiting.pop().dependencies:
            if dependency.name not in files:
                files[dependency.name] = dependency
                waiting.append(dependency)
    answer = reflection_pb2.FileDescriptorResponse(
        file_descriptor_proto=[each.serialized_pb for each in files.values()]
    )
    return _response(file_descriptor_response=answer)


def _error(code: grpc.StatusCode, message: str) -> Response:
    return _response(error_response=reflection_pb2.ErrorResponse(error_code=code.value[0], error_message=message))
