"""The placement file: the placements of a folder of bundles, read again whenever it changes."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

import structlog
from google.protobuf.json_format import MessageToJson, Parse, ParseError
from shortlist.v1.placement_pb2 import Placement as PlacementMessage
from shortlist.v1.placement_pb2 import PlacementSet

from shortlist_bundle.files import locked, replace_durably
from shortlist_bundle.leftovers import LOCK
from shortlist_core.errors import DataError, InvalidArgumentError, PreconditionError, UnavailableError
from shortlist_server.rpc.checks import checked
from shortlist_server.rpc.placement_messages import placements_of
from shortlist_server.system.placements.placement import NO_PLACEMENTS, Placement, Placements

NAME = "placements.json"
POLL_SECONDS = 0.5
"""How often a server looks for changes of the file."""

_MOST_BYTES = 16 << 20

log = structlog.get_logger(__name__)


class PlacementFile:
    """The placements of a folder, as its file holds them. Any thread may read `current`, which is replaced as a whole.

    A file with a mistake changes nothing: `refusals` says what is wrong with it.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        self._content: bytes | None = None
        self._lock = threading.Lock()
        self.current = NO_PLACEMENTS
        self.messages: Sequence[PlacementMessage] = ()  # of `current`
        self.refusals: tuple[str, ...] = ()
        with suppress(DataError):
            self.catch_up()

    def catch_up(self) -> None:
        """Go by what the file holds now. Raises DataError where that cannot be read, or makes no sense.

        The content is compared rather than the time of change, which does not tell two changes at once apart.
        """
        with self._lock:
            try:
                content = _content(self._path)
                if content == self._content:
                    return
                self._content, message = content, parsed(content)
                placements = checked(lambda check: placements_of(check, message.placements))
            except InvalidArgumentError as error:
                self._refuse([f"{v.field}: {v.description}" for v in error.violations])
            except DataError as error:
                self._refuse([str(error)])
            else:
                self._put(message, placements)

    def replace(self, messages: Sequence[PlacementMessage], placements: Sequence[Placement], expected: str) -> str:
        """Put placements into the file, and go by them. Returns their version.

        Raises PreconditionError where `expected` is a version that is not in force, and UnavailableError where the
        file cannot be written.
        """
        message = PlacementSet(placements=messages)
        with suppress(DataError):  # a file with a mistake is replaced
            self.catch_up()
        try:
            with locked(self._path.with_name(LOCK)), self._lock:
                if expected and expected != self.current.version:
                    raise PreconditionError(
                        "PLACEMENTS_CHANGED",
                        f"the placements are of version {self.current.version or 'none'} by now, not {expected}: read"
                        " them again, and make the change once more",
                        version=self.current.version,
                    )
                content = f"{MessageToJson(message, indent=2)}\n".encode()
                replace_durably(self._path, content)
                self._content = content
                self._put(message, placements)
        except OSError as error:
            raise UnavailableError("FOLDER", f"{NAME} cannot be written beside the bundles: {error.strerror}") from None
        return self.current.version

    def _put(self, message: PlacementSet, placements: Sequence[Placement]) -> None:
        version = version_of(message) if self._content is not None else ""
        self.current = Placements({placement.name: placement for placement in placements}, version)
        self.messages, self.refusals = tuple(message.placements), ()
        log.info("placements_replaced", version=version, names=list(self.current.by_name))

    def _refuse(self, refusals: list[str]) -> None:
        self.refusals = tuple(refusals)
        raise DataError(f"{NAME}: {'; '.join(refusals)}")


def read(path: Path) -> Placements:
    """The placements that a file holds. Raises DataError where it cannot be read, or makes no sense."""
    content = _content(path)
    if content is None:
        raise DataError(f"{path}: there is no such file")
    try:
        message = parsed(content)
        placements = checked(lambda check: placements_of(check, message.placements))
    except InvalidArgumentError as error:
        raise DataError(f"{path}: {error}") from None
    except DataError as error:
        raise DataError(f"{path} {error}") from None
    return Placements({placement.name: placement for placement in placements}, version_of(message))


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
        raise DataError(f"has more than {_MOST_BYTES >> 20} MiB")
    return content
