"""Labels: which bundles of a folder are canary and shadow. The file LABELS holds them as canonical JSON."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, field_validator

from shortlist_bundle.manifest import canonical_json, is_version
from shortlist_core.errors import BundleRefusedError

LABELS = "LABELS"

Label = Literal["stable", "canary", "shadow"]


class _Versioned(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str

    @field_validator("version")
    @classmethod
    def _is_one(cls, version: str) -> str:
        if not is_version(version):
            raise ValueError("is no version")
        return version


class Canary(_Versioned):
    """A bundle that serves a share of the users."""

    share: float = Field(gt=0, le=1)


class Shadow(_Versioned):
    """A bundle that ranks the same requests as the current one, but serves nobody."""


class TakenOff(_Versioned):
    """Why and when a canary lost its label automatically."""

    time: AwareDatetime
    reason: str  # a sentence for the operator


class Labels(BaseModel):
    """The content of LABELS. The stable bundle is the one that CURRENT names, and is not repeated here."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    canary: Canary | None = None
    shadow: Shadow | None = None
    taken_off: TakenOff | None = None  # the last canary taken off, until there is a new canary or stable bundle

    @classmethod
    def parse(cls, raw: bytes) -> Labels:
        """The labels in the bytes of the file. Raises BundleRefusedError where they cannot be parsed."""
        try:
            return cls.model_validate_json(raw)
        except ValidationError as error:
            first = error.errors()[0]
            check = f"{'.'.join(map(str, first['loc'])) or 'it'}: {first['msg']}"
            raise BundleRefusedError("of unknown version", LABELS, check) from None

    def to_bytes(self) -> bytes:
        """The bytes of the file."""
        return canonical_json(self.model_dump(mode="json"))

    def versions(self) -> set[str]:
        """The versions that have a label."""
        return {labelled.version for labelled in (self.canary, self.shadow) if labelled}

    def without(self, version: str) -> Labels:
        """These labels without those of `version`."""
        removed = {
            name: None for name in ("canary", "shadow") if getattr(getattr(self, name), "version", "") == version
        }
        return self.model_copy(update=removed)
