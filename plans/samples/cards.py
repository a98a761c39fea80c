"""Batches, materials, samples and what is known of them."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

MaterialKind = Literal["nanocrystals", "solvent", "antisolvent", "ligand", "salt", "dye", "other"]
"""What a bottle on the shelf is for."""

MATERIAL_KINDS: tuple[str, ...] = get_args(MaterialKind)


def _need_name(what: str, name: str) -> None:
    if not name.strip() or name != name.strip() or any(ord(sign) < 32 for sign in name):
        raise ValueError(f"{what}: {name!r} is no name: give one without spaces around it")


def _need_positive(what: str, **values: float | None) -> None:
    for key, value in values.items():
        if value is not None and not (value > 0 and math.isfinite(value)):
            raise ValueError(f"{what}: {key} must be above 0, got {value}")


@dataclass(frozen=True, kw_only=True)
class Batch:
    """One synthesis, from which samples are taken.

    Attributes:
        name: As on the bottle.
        made: Date, ISO 8601, "" when it is not known.
        maker: Who made it.
        note: How it was made.
    """

    name: str
    made: str = ""
    maker: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        """Check the name."""
        _need_name("batch", self.name)


@dataclass(frozen=True, kw_only=True)
class Material:
    """A bottle on the shelf: a stock of nanocrystals, a solvent, a ligand solution.

    Attributes:
        name: As on the bottle.
        kind: One of ``MATERIAL_KINDS``.
        concentration: In ``concentration_unit``; None for a pure substance.
        concentration_unit: "mM", "µM", "nM" or "g/L"; "" for a pure substance.
        solvent: In what it is dissolved.
        supplier: Maker and catalogue number.
        lot: Lot number.
        expires: Date, ISO 8601, "" when it does not.
        note: Anything else.
    """

    name: str
    kind: str
    concentration: float | None = None
    concentration_unit: str = ""
    solvent: str = ""
    supplier: str = ""
    lot: str = ""
    expires: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        """Check name, kind and concentration."""
        _need_name("material", self.name)
        if self.kind not in MATERIAL_KINDS:
            raise ValueError(
                f"material {self.name}: kind {self.kind!r} is unknown; it is one of "
                f"{', '.join(MATERIAL_KINDS)}"
            )
        if (self.concentration is None) != (not self.concentration_unit):
            raise ValueError(
                f"material {self.name}: a concentration goes with its unit, got "
                f"{self.concentration} and {self.concentration_unit!r}"
            )
        _need_positive(f"material {self.name}", concentration=self.concentration)


@dataclass(frozen=True, kw_only=True)
class Sample:
    """What is in one vial, film or well.

    Attributes:
        name: As on the vial; runs name it with ``sample=NAME``.
        batch: Name of the batch, "" for none.
        made: Date, ISO 8601.
        concentration_nm: Nanocrystals, nmol/L.
        edge_nm: Edge length of the nanocrystals, nm.
        volume_ul: Volume at the start, µL.
        note: Anything else.
    """

    name: str
    batch: str = ""
    made: str = ""
    concentration_nm: float | None = None
    edge_nm: float | None = None
    volume_ul: float | None = None
    note: str = ""

    def __post_init__(self) -> None:
        """Check the name and that amounts are above 0."""
        _need_name("sample", self.name)
        _need_positive(
            f"sample {self.name}",
            concentration_nm=self.concentration_nm,
            edge_nm=self.edge_nm,
            volume_ul=self.volume_ul,
        )


@dataclass(frozen=True, kw_only=True)
class Content:
    """How much of a material went into a sample.

    Attributes:
        material: Name of the material.
        volume_ul: Volume added, µL.
        at: When, ISO 8601.
        run_uid: Run in which it was added, "" when by hand.
    """

    material: str
    volume_ul: float
    at: str = ""
    run_uid: str = ""

    def __post_init__(self) -> None:
        """Check the volume."""
        _need_positive(f"content {self.material}", volume_ul=self.volume_ul)


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """A result from another instrument: a TEM length, an XRD phase, an AFM roughness.

    Attributes:
        method: Such as "TEM", "XRD", "AFM", "TCSPC", "PLQY".
        quantity: What was found, such as "wire_length_nm" or "phase".
        value: The figure, None for a word or a picture alone.
        uncertainty: Its standard uncertainty.
        unit: Of both.
        text: A result in words, such as "orthorhombic".
        file: Name of the attached file in the store's folder, "" for none.
        sha256: Of that file.
        run_uid: Run to which it belongs, "" for the sample as such.
        at: When it was attached, ISO 8601.
        note: Anything else.
    """

    method: str
    quantity: str
    value: float | None = None
    uncertainty: float | None = None
    unit: str = ""
    text: str = ""
    file: str = ""
    sha256: str = ""
    run_uid: str = ""
    at: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        """Check that there is a result."""
        _need_name("attachment", self.method)
        _need_name("attachment", self.quantity)
        if self.value is None and not self.text and not self.file:
            raise ValueError(
                f"attachment {self.method} {self.quantity}: give a value, a text or a file"
            )
        if self.value is not None and not math.isfinite(self.value):
            raise ValueError(f"attachment {self.method} {self.quantity}: {self.value} is no value")
        _need_positive(f"attachment {self.quantity}", uncertainty=self.uncertainty)


@dataclass(frozen=True, kw_only=True)
class SampleCard:
    """All that is known of a sample.

    Attributes:
        sample: The sample.
        batch: Its batch, None for none.
        contents: What went into it, in the order of addition.
        materials: The materials of these contents, by name.
        attachments: Results from other instruments, in the order of attachment.
    """

    sample: Sample
    batch: Batch | None
    contents: tuple[Content, ...]
    materials: Mapping[str, Material]
    attachments: tuple[Attachment, ...]

    def as_metadata(self) -> dict[str, Any]:
        """Return the card as plain data for a run's start document."""
        return {
            "sample": _told(self.sample),
            "batch": None if self.batch is None else _told(self.batch),
            "contents": [_told(content) for content in self.contents],
            "materials": [_told(material) for material in self.materials.values()],
            "attachments": [_told(attachment) for attachment in self.attachments],
        }


def _told(card: Any) -> dict[str, Any]:
    """Return the fields of a card that say something."""
    return {key: value for key, value in asdict(card).items() if value not in (None, "")}
