"""Bundle store: the directory of all published bundles, which of them is current, and which have labels.

    bundles/
      CURRENT                    the current version, then the ones before it, newest first
      LABELS                     which bundles are canary and shadow, if any are
      20261122-154250-1f3a9c/    one immutable bundle
      reports/                   pages for people about bundles (`reports.py`)
      ERASED                     whom no bundle may speak of any more (`erasures.py`)
      .writing-<random>/         a bundle that is being written, or what a killed publisher left of one
      .lock                      locked while anything above changes

A bundle is published by renaming its finished directory, and becomes current by replacing CURRENT.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Literal

from shortlist_bundle.activations import CURRENT, read_activations, write_activations
from shortlist_bundle.files import identity, locked, replace_durably, sync, write_durably
from shortlist_bundle.labels import LABELS, Canary, Labels, Shadow, TakenOff
from shortlist_bundle.leftovers import LOCK, new_workspace, remove_bundle, remove_leftovers
from shortlist_bundle.manifest import MANIFEST, Manifest, is_version
from shortlist_bundle.reader import Bundle
from shortlist_bundle.reports import remove_reports
from shortlist_bundle.verify import Advance, read_manifest, verify
from shortlist_bundle.writer import BundleWriter
from shortlist_core.errors import BundleRefusedError, InvalidArgumentError, NotFoundError, UnavailableError, Violation


class BundleStore:
    """Publishes, loads, activates and removes bundles. Any number of processes may do so at the same time."""

    def __init__(self, directory: Path) -> None:
        self.directory = Path(directory)

    @contextmanager
    def writer(self) -> Iterator[BundleWriter]:
        """A writer of a new bundle. Leaving the context without `publish` removes everything that was written."""
        with ExitStack() as alive:
            with self._changing(make=True):
                remove_leftovers(self.directory)
                workspace = new_workspace(self.directory)
                alive.enter_context(locked(workspace / LOCK))
            try:
                yield BundleWriter(workspace, partial(self._adopt, workspace))
            finally:
                shutil.rmtree(workspace, ignore_errors=True)  # does not exist any more after `publish`

    def versions(self) -> list[str]:
        """All published versions, oldest first."""
        if not self.directory.is_dir():
            return []
        return sorted(entry.name for entry in self.directory.iterdir() if is_version(entry.name))

    def current(self) -> str | None:
        """The version to serve; None while there is none."""
        return next(iter(read_activations(self.directory)), None)

    def load(self, version: str | None = None) -> Bundle:
        """The verified bundle of `version`, or the current one.

        Raises BundleRefusedError, which names the file and the check, where the bundle is damaged. Raises NotFoundError
        where there is no such version, and UnavailableError where no bundle was published yet.
        """
        chosen = self.current() if version is None else version
        if chosen is None:
            raise UnavailableError("NO_BUNDLE", f"there is no bundle in {self.directory} yet")
        try:
            return Bundle(self._existing(chosen), chosen)
        except (NotFoundError, BundleRefusedError):
            if (
                version is None and self.current() != chosen
            ):  # CURRENT has changed, and the version that it named was pruned
                return self.load()
            raise

    def verify(self, version: str, advance: Advance = lambda _: None) -> Manifest:
        """The manifest of a bundle, after every file was compared with its checksum; raises as `load` does.

        Here as in all that verifies, `advance` hears how many more bytes were compared.
        """
        return verify(self._existing(version), version, advance)

    def manifest(self, version: str) -> Manifest:
        """The manifest of a bundle, checked against its own digest only: other files are not read."""
        return read_manifest(self._existing(version), version)

    def labels(self) -> Labels:
        """Which bundles are canary and shadow. Raises BundleRefusedError where the file LABELS cannot be parsed."""
        try:
            return Labels.parse((self.directory / LABELS).read_bytes())
        except FileNotFoundError:
            return Labels()

    def stamp(self) -> tuple[tuple[int, int, int] | None, ...]:
        """A value that changes when the current bundle or a label may have changed. Costs two `stat` calls."""
        return tuple(identity(self.directory / name) for name in (CURRENT, LABELS))

    def activate(self, version: str, advance: Advance = lambda _: None) -> None:
        """Verify a bundle and make it current. Raises as `load` does, and then changes nothing.

        A canary or shadow that becomes current loses that label.
        """
        with self._changing():  # includes the verification, so that the bundle is not pruned in between
            self.verify(version, advance)
            self._make_current(version)

    def set_canary(self, version: str, share: float, advance: Advance = lambda _: None) -> None:
        """Verify a bundle and serve it to a share of the users, above 0 to 1.

        Raises as `load` does, and InvalidArgumentError for the current bundle.
        """
        with self._changing():
            self._check_label(version, advance)
            canary = Canary(version=version, share=share)
            self._write_labels(self.labels().without(version).model_copy(update={"canary": canary, "taken_off": None}))

    def set_shadow(self, version: str, advance: Advance = lambda _: None) -> None:
        """Verify a bundle and let it rank the same requests as the current one; raises as `set_canary` does."""
        with self._changing():
            self._check_label(version, advance)
            shadow = Shadow(version=version)
            self._write_labels(self.labels().without(version).model_copy(update={"shadow": shadow}))

    def remove_canary(self) -> str:
        """Remove the label from the canary and return its version. Raises NotFoundError where there is none."""
        return self._remove_label("canary")

    def remove_shadow(self) -> str:
        """Remove the label from the shadow and return its version. Raises NotFoundError where there is none."""
        return self._remove_label("shadow")

    def take_off(self, version: str, reason: str) -> None:
        """Remove the label from the canary if it is still this version, and store the reason."""
        with self._changing():
            labels = self.labels()
            if labels.canary and labels.canary.version == version:
                taken_off = TakenOff(version=version, time=datetime.now(UTC), reason=reason)
                self._write_labels(labels.model_copy(update={"canary": None, "taken_off": taken_off}))

    def rollback(self, advance: Advance = lambda _: None) -> str:
        """Verify the bundle that was current before, make it current again, and return its version.

        The bundle that was rolled back from is no target any more: a second rollback goes one further back. Raises
        NotFoundError where no bundle was current before.
        """
        with self._changing():
            before = self._before()
            self.verify(before[0], advance)
            self._unlabel(before[0])
            write_activations(self.directory, before)
            return before[0]

    def rollback_target(self) -> str:
        """The version that a rollback would make current now. Raises NotFoundError where none was current before."""
        return self._before()[0]

    def prune(self, keep: int) -> list[str]:
        """Remove all but the newest `keep` bundles and return the removed versions.

        The current bundle, the rollback target, bundles with a label and bundles that any process has loaded are kept
        in any case.
        """
        with self._changing():
            remove_leftovers(self.directory)
            versions = self.versions()
            kept = {*versions[max(len(versions) - keep, 0) :], *self.labels().versions()}
            kept.update(read_activations(self.directory)[:2])
            removed = [v for v in versions if v not in kept and remove_bundle(self.directory / v)]
            remove_reports(self.directory, removed)
            return removed

    def _adopt(self, workspace: Path, draft: Manifest, activate: bool) -> Manifest:
        """The last steps of publishing: choose a version, write the manifest, rename the directory, change CURRENT."""
        with self._changing():
            manifest = draft.sealed(self._free_second(draft.created_at))
            (workspace / LOCK).unlink()
            write_durably(workspace / MANIFEST, manifest.to_bytes())
            sync(workspace)
            workspace.rename(self.directory / manifest.version)
            sync(self.directory)
            if activate:
                self._make_current(manifest.version)
        return manifest

    def _free_second(self, time: datetime) -> datetime:
        """`time`, or the first second after it that no version has: versions sort in the order of publishing."""
        while f"{time:%Y%m%d-%H%M%S}" in {version[:15] for version in self.versions()}:
            time += timedelta(seconds=1)
        return time

    def _existing(self, version: str) -> Path:
        path = self.directory / version
        if not is_version(version) or not path.is_dir() or path.is_symlink():
            raise NotFoundError("bundle", version)
        return path

    def _before(self) -> list[str]:
        """The versions that a rollback can go to, newest first; at least one. Raises NotFoundError."""
        current, *before = read_activations(self.directory) or [""]
        published = set(self.versions())
        before = [version for version in before if version in published and version != current]
        if not before:
            raise NotFoundError("bundle", f"before {current}" if current else "to roll back from")
        return before

    def _check_label(self, version: str, advance: Advance) -> None:
        """Verify a bundle that is to get a label. Raises InvalidArgumentError for the current bundle."""
        if version == self.current():
            raise InvalidArgumentError([Violation("bundle_version", "is the current bundle, which serves everybody")])
        self.verify(version, advance)

    def _make_current(self, version: str) -> None:
        activations = read_activations(self.directory)
        self._unlabel(version)
        if activations[:1] != [version]:
            write_activations(self.directory, [version, *activations])

    def _remove_label(self, label: Literal["canary", "shadow"]) -> str:
        with self._changing():
            labels = self.labels()
            labelled: Canary | Shadow | None = getattr(labels, label)
            if labelled is None:
                raise NotFoundError("bundle", f"with the label {label}")
            self._write_labels(labels.model_copy(update={label: None}))
            return labelled.version

    def _unlabel(self, version: str) -> None:
        """Remove the labels of a bundle that becomes current, and why the last canary was taken off."""
        labels = self.labels()
        if labels != (left := labels.without(version).model_copy(update={"taken_off": None})):
            self._write_labels(left)

    def _write_labels(self, labels: Labels) -> None:
        replace_durably(self.directory / LABELS, labels.to_bytes())

    @contextmanager
    def _changing(self, make: bool = False) -> Iterator[None]:
        """Hold the lock of the directory while versions, CURRENT or LABELS change. Raises UnavailableError.

        With `make`, the directory is made where it is not there. Otherwise one that is missing stays so.
        """
        try:
            if make:
                self.directory.mkdir(parents=True, exist_ok=True)
            with locked(self.directory / LOCK) if self.directory.is_dir() else nullcontext():
                yield
        except OSError as error:
            reason = f"cannot write in {self.directory}: {error.strerror or error}"
            raise UnavailableError("BUNDLE_STORAGE", reason) from error
