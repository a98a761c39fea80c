"""Samples and materials: what is in the vial, and what came of it."""

from plans.samples.cards import (
    Attachment,
    Batch,
    Content,
    Material,
    Sample,
    SampleCard,
)
from plans.samples.errors import SampleStoreError
from plans.samples.store import STORE_NAME, SampleStore

__all__ = [
    "STORE_NAME",
    "Attachment",
    "Batch",
    "Content",
    "Material",
    "Sample",
    "SampleCard",
    "SampleStore",
    "SampleStoreError",
]
