"""The samples that are kept beside the runs, for the window."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from gui.archive_messages import AttachResult, PutSample, SampleList, SampleRow
from gui.messages import Value
from plans.samples import (
    STORE_NAME,
    Attachment,
    Batch,
    Content,
    Sample,
    SampleStore,
    SampleStoreError,
)


def list_samples(folder: Path, problem: str = "") -> SampleList:
    """Return all samples; where there is no store none is made.

    Args:
        folder: The folder of all runs.
        problem: What is to be told along with them.
    """
    if not (folder / STORE_NAME).is_file():
        return SampleList(problem=problem)
    try:
        store = SampleStore(folder)
        rows = tuple(_row(store, sample) for sample in store.samples())
    except SampleStoreError as error:
        return SampleList(problem=str(error))
    return SampleList(rows=rows, problem=problem)


def put_sample(request: PutSample) -> SampleList:
    """Note a sample; a batch that is not there yet is noted by its name."""
    folder = Path(request.folder)
    values = _given(request.values)
    problem = ""
    try:
        store = SampleStore(folder)
        batch = str(values.get("batch") or "")
        if batch and batch not in {each.name for each in store.batches()}:
            store.put(Batch(name=batch))
        store.put(Sample(**values))
    except (SampleStoreError, ValueError, TypeError) as error:
        problem = str(error)
    return list_samples(folder, problem)


def attach_result(request: AttachResult) -> SampleList:
    """Attach a result of another instrument."""
    folder = Path(request.folder)
    problem = ""
    try:
        attachment = Attachment(**_given(request.values))
        file = Path(request.file) if request.file else None
        SampleStore(folder).attach(request.sample, attachment, file)
    except (SampleStoreError, ValueError, TypeError) as error:
        problem = str(error)
    return list_samples(folder, problem)


def _given(values: Mapping[str, Value]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


def _row(store: SampleStore, sample: Sample) -> SampleRow:
    card = store.card(sample.name)
    lines = [_content_text(content) for content in card.contents]
    lines += [_attachment_text(attachment) for attachment in card.attachments]
    return SampleRow(values=asdict(sample), details=tuple(lines))


def _content_text(content: Content) -> str:
    when = f" ({content.at[:16].replace('T', ' ')})" if content.at else ""
    return f"+ {content.volume_ul:g} µL {content.material}{when}"


def _attachment_text(attachment: Attachment) -> str:
    found = attachment.text
    if attachment.value is not None:
        error = "" if attachment.uncertainty is None else f" ± {attachment.uncertainty:g}"
        found = f"{attachment.value:g}{error} {attachment.unit} {found}".strip()
    file = f" [{attachment.file}]" if attachment.file else ""
    return f"{attachment.method}: {attachment.quantity} {found}{file}".rstrip()
