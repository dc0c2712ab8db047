"""The directory of all published bundles, and which of them is current.

    bundles/
      CURRENT                    the current version, below it the ones before it, newest first
      LABELS                     which bundles are canary and shadow, if any are
      20261122-154250-1f3a9c/    one immutable bundle
      .writing-<random>/         a bundle in the making, or what a killed publisher left of one
      .lock                      held for moments while something above changes

A bundle comes into being by the rename of its finished directory, and becomes current by the rename of CURRENT.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from shortlist_bundle.files import locked, replace_durably, sync, unlocked, write_durably
from shortlist_bundle.labels import LABELS, Canary, Labels, Shadow, TakenOff
from shortlist_bundle.manifest import MANIFEST, Manifest, is_version
from shortlist_bundle.reader import Bundle
from shortlist_bundle.verify import read_manifest, verify
from shortlist_bundle.writer import BundleWriter
from shortlist_core.errors import BundleRefusedError, InvalidArgumentError, NotFoundError, UnavailableError, Violation

_REMEMBERED = 16  # activations that a rollback can go back through
_CURRENT, _LOCK = "CURRENT", ".lock"
_WORKSPACE, _REMOVED = ".writing-", ".removed-"


class BundleStore:
    """Publishes, loads, activates and removes bundles; any number of processes may do so at the same time."""

    def __init__(self, directory: Path) -> None:
        self.directory = Path(directory)

    @contextmanager
    def writer(self) -> Iterator[BundleWriter]:
        """A bundle in the making; leaving the context without `publish` leaves nothing behind."""
        workspace = self.directory / f"{_WORKSPACE}{secrets.token_hex(8)}"
        with ExitStack() as alive:
            with self._changing():
                self._clean()
                workspace.mkdir()
                alive.enter_context(locked(workspace / _LOCK))
            try:
                yield BundleWriter(workspace, partial(self._adopt, workspace))
            finally:
                shutil.rmtree(workspace, ignore_errors=True)  # after `publish` it is not there any more

    def versions(self) -> list[str]:
        """All published versions, oldest first."""
        if not self.directory.is_dir():
            return []
        return sorted(entry.name for entry in self.directory.iterdir() if is_version(entry.name))

    def current(self) -> str | None:
        """The version to serve; None while there is none."""
        return next(iter(self._activations()), None)

    def load(self, version: str | None = None) -> Bundle:
        """The verified bundle of `version`, or the current one.

        Raises BundleRefusedError, which names the file and the check, where it is damaged; NotFoundError where there is
        no such version, and UnavailableError where no bundle was published yet.
        """
        wanted = self.current() if version is None else version
        if wanted is None:
            raise UnavailableError("NO_BUNDLE", f"there is no bundle in {self.directory} yet")
        try:
            return Bundle(self._existing(wanted), wanted)
        except (NotFoundError, BundleRefusedError):
            if version is None and self.current() != wanted:  # CURRENT moved on and what it named was pruned
                return self.load()
            raise

    def verify(self, version: str) -> Manifest:
        """The manifest of a bundle whose every file is as it was published; raises as `load` does."""
        return verify(self._existing(version), version)

    def manifest(self, version: str) -> Manifest:
        """The manifest of a bundle, checked against its own digest alone: the files are not read."""
        return read_manifest(self._existing(version), version)

    def labels(self) -> Labels:
        """Which bundles are canary and shadow; BundleRefusedError where the file of them makes no sense."""
        try:
            return Labels.parse((self.directory / LABELS).read_bytes())
        except FileNotFoundError:
            return Labels()

    def stamp(self) -> tuple[tuple[int, int, int] | None, ...]:
        """Differs from what it was before once the current bundle or a label may have changed; costs no more than
        looking at two files.
        """
        return tuple(_identity(self.directory / name) for name in (_CURRENT, LABELS))

    def activate(self, version: str) -> None:
        """Make a bundle the current one after verifying it; raises as `load` does and then changes nothing.

        A canary or shadow that becomes current loses that label.
        """
        with self._changing():  # from the verification on, so that no prune comes between
            self.verify(version)
            self._make_current(version)

    def set_canary(self, version: str, share: float) -> None:
        """Answer a share of the users, above 0 to 1, from a bundle, after verifying it; raises as `load` does, and
        InvalidArgumentError for the current bundle.
        """
        with self._changing():
            self._check_label(version)
            canary = Canary(version=version, share=share)
            self._write_labels(self.labels().without(version).model_copy(update={"canary": canary, "taken_off": None}))

    def set_shadow(self, version: str) -> None:
        """Let a bundle rank what the current one answers, after verifying it; raises as `set_canary` does."""
        with self._changing():
            self._check_label(version)
            shadow = Shadow(version=version)
            self._write_labels(self.labels().without(version).model_copy(update={"shadow": shadow}))

    def remove_canary(self) -> str:
        """Take the label off the canary, and return its version; NotFoundError where there is none."""
        with self._changing():
            labels = self.labels()
            if labels.canary is None:
                raise NotFoundError("bundle", "with the label canary")
            self._write_labels(labels.model_copy(update={"canary": None}))
            return labels.canary.version

    def remove_shadow(self) -> str:
        """Take the label off the shadow, and return its version; NotFoundError where there is none."""
        with self._changing():
            labels = self.labels()
            if labels.shadow is None:
                raise NotFoundError("bundle", "with the label shadow")
            self._write_labels(labels.model_copy(update={"shadow": None}))
            return labels.shadow.version

    def take_off(self, version: str, reason: str) -> None:
        """Take the label off the canary if it is still this one, and keep why. Any number of processes may call it."""
        with self._changing():
            labels = self.labels()
            if labels.canary and labels.canary.version == version:
                taken_off = TakenOff(version=version, time=datetime.now(UTC), reason=reason)
                self._write_labels(labels.model_copy(update={"canary": None, "taken_off": taken_off}))

    def rollback(self) -> str:
        """Make the bundle that was current before the current one so again, after verifying it; returns its version.

        The one rolled back from is forgotten as a target: a second rollback goes one further back. Raises
        NotFoundError where nothing came before.
        """
        with self._changing():
            before = self._before()
            self.verify(before[0])
            self._unlabel(before[0])
            self._write_current(before)
            return before[0]

    def rollback_target(self) -> str:
        """What a rollback would make current at this moment; NotFoundError where nothing came before."""
        return self._before()[0]

    def prune(self, keep: int) -> list[str]:
        """Remove all but the newest `keep` bundles and return what was removed.

        The current bundle, the one a rollback would go to, those with a label and those that any process has loaded
        stay in any case.
        """
        with self._changing():
            self._clean()
            versions = self.versions()
            kept = {*versions[max(len(versions) - keep, 0) :], *self._activations()[:2], *self.labels().versions()}
            return [version for version in versions if version not in kept and self._remove(version)]

    def _remove(self, version: str) -> bool:
        """Remove a bundle unless somebody reads it; whether it is gone."""
        path = self.directory / version
        with unlocked(path / MANIFEST) as free:
            if free:  # renamed first: a bundle is there as a whole or not at all
                gone = path.rename(self.directory / f"{_REMOVED}{secrets.token_hex(8)}")
                shutil.rmtree(gone, ignore_errors=True)
        return free

    def _adopt(self, workspace: Path, draft: Manifest, activate: bool) -> Manifest:
        """The last steps of publishing: a version of its own, the manifest, the rename, CURRENT."""
        with self._changing():
            manifest = draft.sealed(self._free_second(draft.created_at))
            (workspace / _LOCK).unlink()
            write_durably(workspace / MANIFEST, manifest.to_bytes())
            sync(workspace)
            workspace.rename(self.directory / manifest.version)
            sync(self.directory)
            if activate:
                self._make_current(manifest.version)
        return manifest

    def _free_second(self, time: datetime) -> datetime:
        """`time`, or the first second after it that no version has: so the order of names is that of publishing."""
        taken = {version[:15] for version in self.versions()}
        while f"{time:%Y%m%d-%H%M%S}" in taken:
            time += timedelta(seconds=1)
        return time

    def _existing(self, version: str) -> Path:
        path = self.directory / version
        if not is_version(version) or not path.is_dir() or path.is_symlink():
            raise NotFoundError("bundle", version)
        return path

    def _activations(self) -> list[str]:
        """The versions that were current, newest first, the current one included."""
        try:
            lines = (self.directory / _CURRENT).read_text(errors="replace").split()
        except FileNotFoundError:
            return []
        if not lines or not all(map(is_version, lines)):
            raise BundleRefusedError("of unknown version", _CURRENT, "does not name a version")
        return lines

    def _before(self) -> list[str]:
        """The versions that a rollback can go to, newest first; at least one."""
        current, *before = self._activations() or [""]
        published = set(self.versions())
        before = [version for version in before if version in published and version != current]
        if not before:
            raise NotFoundError("bundle", f"before {current}" if current else "to roll back from")
        return before

    def _check_label(self, version: str) -> None:
        """A bundle that gets a label beside the current one is sound, and another one."""
        if version == self.current():
            raise InvalidArgumentError([Violation("bundle_version", "is the current bundle, which serves everybody")])
        self.verify(version)

    def _make_current(self, version: str) -> None:
        activations = self._activations()
        self._unlabel(version)
        if activations[:1] != [version]:
            self._write_current([version, *activations])

    def _write_current(self, activations: list[str]) -> None:
        content = "".join(f"{version}\n" for version in activations[:_REMEMBERED])
        replace_durably(self.directory / _CURRENT, content.encode())

    def _unlabel(self, version: str) -> None:
        """What becomes current is neither canary nor shadow, and what was found out beside another one is over."""
        labels = self.labels()
        if labels != (left := labels.without(version).model_copy(update={"taken_off": None})):
            self._write_labels(left)

    def _write_labels(self, labels: Labels) -> None:
        replace_durably(self.directory / LABELS, labels.to_bytes())

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Hold the lock under which versions come and go and CURRENT moves."""
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            with locked(self.directory / _LOCK):
                yield
        except OSError as error:
            reason = f"cannot write in {self.directory}: {error.strerror or error}"
            raise UnavailableError("BUNDLE_STORAGE", reason) from error

    def _clean(self) -> None:
        """Remove what killed publishers and prunes left behind; whoever is alive holds the lock of its workspace."""
        for entry in self.directory.iterdir():
            if entry.name.startswith((_WORKSPACE, _REMOVED)):
                with unlocked(entry / _LOCK) as abandoned:
                    if abandoned:
                        shutil.rmtree(entry, ignore_errors=True)


def _identity(path: Path) -> tuple[int, int, int] | None:
    """What differs between a file and the one that replaces it."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size
