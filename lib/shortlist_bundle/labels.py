"""What the bundles of a folder are used for beside being current: the file LABELS, canonical JSON."""

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
    """A bundle that a share of the users is answered from."""

    share: float = Field(gt=0, le=1)


class Shadow(_Versioned):
    """A bundle that ranks the same requests without answering anybody."""


class TakenOff(_Versioned):
    """That a canary lost its label by itself."""

    time: AwareDatetime
    reason: str  # in words, for the operator


class Labels(BaseModel):
    """Everything that LABELS holds. The stable bundle is what CURRENT names, and is not repeated here."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    canary: Canary | None = None
    shadow: Shadow | None = None
    taken_off: TakenOff | None = None  # the last one, until a new canary or stable bundle comes

    @classmethod
    def parse(cls, raw: bytes) -> Labels:
        """The labels in the bytes of the file; BundleRefusedError where they are none."""
        try:
            return cls.model_validate_json(raw)
        except ValidationError as error:
            first = error.errors()[0]
            check = f"{'.'.join(map(str, first['loc'])) or 'it'}: {first['msg']}"
            raise BundleRefusedError("of unknown version", LABELS, check) from None

    def to_bytes(self) -> bytes:
        """What the file holds."""
        return canonical_json(self.model_dump(mode="json"))

    def versions(self) -> set[str]:
        """The bundles that have a label here."""
        return {each.version for each in (self.canary, self.shadow) if each}

    def without(self, version: str) -> Labels:
        """These labels, none of them on `version`."""
        keep = {name: None for name in ("canary", "shadow") if getattr(getattr(self, name), "version", "") == version}
        return self.model_copy(update=keep)
