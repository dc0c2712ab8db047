"""The placement file: the placements of a folder of bundles, read again whenever it changes."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path

import structlog
from google.protobuf.json_format import MessageToJson, Parse, ParseError
from shortlist.v1 import placement_service_pb2 as api
from shortlist.v1.placement_pb2 import Placement as PlacementMessage
from shortlist.v1.placement_pb2 import PlacementSet

from shortlist_bundle.files import locked, replace_durably
from shortlist_bundle.leftovers import LOCK
from shortlist_core.errors import DataError, InvalidArgumentError, PreconditionError, UnavailableError, Violation
from shortlist_server.rpc.checks import checked
from shortlist_server.rpc.placement_messages import placements_of
from shortlist_server.system.placements.placement import NO_PLACEMENTS, Placement, Placements

NAME = "placements.json"
POLL_SECONDS = 0.5
"""How often a server looks for changes of the file."""

_MOST_BYTES, _MOST = 16 << 20, "16 MiB"

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class _InForce:
    """What holds, and what is wrong with the file."""

    placements: Placements = NO_PLACEMENTS
    messages: tuple[PlacementMessage, ...] = ()
    refusals: tuple[str, ...] = ()


class PlacementFile:
    """The placements of a folder, as its file holds them. Any thread may read what is in force, at any time.

    A file with a mistake changes nothing, and neither does one that is gone: `refusals` says what is wrong.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        self._content: bytes | None = None  # that was looked at last
        self._was_read = False
        self._lock = threading.Lock()
        self._in_force = _InForce()
        try:
            self.catch_up()
        except DataError as error:
            log.error("placements_refused", error=str(error))

    @property
    def current(self) -> Placements:
        """The placements in force."""
        return self._in_force.placements

    def listed(self) -> api.ListPlacementsResponse:
        """The placements in force, their version, and what is wrong with the file, all of one moment."""
        now = self._in_force
        return api.ListPlacementsResponse(
            placements=now.messages, version=now.placements.version, refusals=now.refusals
        )

    def catch_up(self) -> None:
        """Go by what the file holds now. Raises DataError where that cannot be read, or makes no sense.

        The content is compared rather than the time of change, which does not tell two changes at once apart.
        """
        with self._lock:
            self._catch_up()

    def replace(self, messages: Sequence[PlacementMessage], placements: Sequence[Placement], expected: str) -> str:
        """Put placements into the file, and go by them. Returns their version.

        Raises PreconditionError where `expected` is a version that is not in force, InvalidArgumentError where they
        are too large for a file, and UnavailableError where it cannot be written.
        """
        message = known(messages)
        content = f"{MessageToJson(message, indent=2)}\n".encode()
        if len(content) > _MOST_BYTES:
            raise InvalidArgumentError([Violation("placements", f"must have at most {_MOST} as JSON")])
        try:
            with locked(self._path.with_name(LOCK)), self._lock:
                with suppress(DataError):  # a file with a mistake is replaced
                    self._catch_up()
                if expected and expected != self.current.version:
                    raise PreconditionError(
                        "PLACEMENTS_CHANGED",
                        f"the placements are of version {self.current.version or 'none'} by now, not {expected}: read"
                        " them again, and make the change once more",
                        version=self.current.version,
                    )
                replace_durably(self._path, content)
                self._content = content
                self._put(message, placements)
        except OSError as error:
            raise UnavailableError("FOLDER", f"{NAME} cannot be written beside the bundles: {error.strerror}") from None
        return self.current.version

    def _catch_up(self) -> None:
        try:
            content = _content(self._path)
        except DataError as error:
            self._was_read = False
            self._refuse([str(error)])
            raise
        if self._was_read and content == self._content:
            if refusals := self._in_force.refusals:
                raise DataError(f"{NAME}: {'; '.join(refusals)}")
            return
        self._content, self._was_read = content, True
        try:
            if content is None and self.current.by_name:
                raise DataError("is gone; to have no placements, set none, or let it hold {}")
            message = parsed(content)
            self._put(message, checked(lambda check: placements_of(check, message.placements)))
        except InvalidArgumentError as error:
            self._refuse([f"{v.field}: {v.description}" for v in error.violations])
            raise DataError(f"{NAME}: {error}") from None
        except DataError as error:
            self._refuse([str(error)])
            raise

    def _put(self, message: PlacementSet, placements: Sequence[Placement]) -> None:
        version = version_of(message) if self._content is not None else ""
        by_name = {placement.name: placement for placement in placements}
        self._in_force = _InForce(Placements(by_name, version), tuple(message.placements))
        log.info("placements_replaced", version=version, names=list(by_name))

    def _refuse(self, refusals: list[str]) -> None:
        self._in_force = replace(self._in_force, refusals=tuple(refusals))


def known(messages: Sequence[PlacementMessage]) -> PlacementSet:
    """The placements without fields that this version does not know, so that every process takes them the same way."""
    message = PlacementSet(placements=messages)
    message.DiscardUnknownFields()
    return message


def read(path: Path) -> Placements:
    """The placements that a file holds. Raises DataError where it cannot be read, or makes no sense."""
    message = read_message(path)
    try:
        placements = checked(lambda check: placements_of(check, message.placements))
    except InvalidArgumentError as error:
        raise DataError(f"{path}: {error}") from None
    return Placements({placement.name: placement for placement in placements}, version_of(message))


def read_message(path: Path) -> PlacementSet:
    """The message that a file holds, unchecked. Raises DataError where it cannot be read, or holds something else."""
    try:
        if (content := _content(path)) is not None:
            return parsed(content)
    except DataError as error:
        raise DataError(f"{path} {error}") from None
    raise DataError(f"{path}: there is no such file")


def parsed(content: bytes | None) -> PlacementSet:
    """The message that a file holds; an empty one without a file. Raises DataError where it holds something else."""
    try:
        return PlacementSet() if content is None else Parse(content, PlacementSet())
    except (ParseError, UnicodeDecodeError) as error:
        raise DataError(f"is no PlacementSet in the JSON form of protobuf: {' '.join(str(error).split())}") from None


def version_of(message: PlacementSet) -> str:
    """The version of placements, 12 hexadecimal digits: equal ones have equal versions."""
    return blake2b(message.SerializeToString(deterministic=True), digest_size=6).hexdigest()


def _content(path: Path) -> bytes | None:
    """The bytes of the file; None without one."""
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}") from None
    if len(content) > _MOST_BYTES:
        raise DataError(f"has more than {_MOST}")
    return content
