"""The store of samples, one SQLite file beside the runs.

Each call opens the database and closes it again, so that a window, a run and a script can use it at
the same time. Attached files are copied into the store's folder under their own check sum, so that
a result does not go when a memory stick does.
"""

import contextlib
import datetime
import hashlib
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, TypeVar

from plans.samples.cards import Attachment, Batch, Content, Material, Sample, SampleCard
from plans.samples.errors import SampleStoreError

STORE_NAME = "samples.sqlite3"
FILES_NAME = "attachments"
_WAIT_S = 5.0  # for another program that writes
_VERSION = 1

C = TypeVar("C", Batch, Material, Sample, Content, Attachment)

_REAL = {"concentration", "concentration_nm", "edge_nm", "volume_ul", "value", "uncertainty"}


def _columns(card: type[Any]) -> list[str]:
    return [field.name for field in fields(card)]


def _table(name: str, card: type[Any], first: str = "name TEXT PRIMARY KEY") -> str:
    columns = [
        f"{column} {'REAL' if column in _REAL else 'TEXT'}"
        for column in _columns(card)
        if column != "name"
    ]
    return f"CREATE TABLE {name} ({', '.join([first, *columns])})"


_OF_SAMPLE = (
    "number INTEGER PRIMARY KEY AUTOINCREMENT,"
    " sample TEXT NOT NULL REFERENCES samples(name) ON UPDATE CASCADE"
)
_SCHEMA = (
    _table("batches", Batch),
    _table("materials", Material),
    _table("samples", Sample),
    _table("contents", Content, _OF_SAMPLE),
    _table("attachments", Attachment, _OF_SAMPLE),
    f"PRAGMA user_version = {_VERSION}",
)


class SampleStore:
    """Keeps batches, materials, samples and the results of other instruments.

    Args:
        folder: The folder of all runs; the store is made there when it is missing.

    Raises:
        SampleStoreError: The folder cannot be used.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        self.path = self.folder / STORE_NAME
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SampleStoreError(self.path, f"the folder cannot be made ({error})") from error

    # -- what is put in

    def put(self, card: Batch | Material | Sample) -> None:
        """Note a batch, a material or a sample; one of the same name is replaced.

        Raises:
            SampleStoreError: A sample of a batch that there is not.
        """
        table = {Batch: "batches", Material: "materials", Sample: "samples"}[type(card)]
        with self._database() as database:
            if isinstance(card, Sample) and card.batch:
                self._need(database, "batches", card.batch)
            columns = _columns(type(card))
            changes = ", ".join(f"{column} = excluded.{column}" for column in columns)
            database.execute(
                f"INSERT INTO {table} ({', '.join(columns)})"
                f" VALUES ({', '.join('?' * len(columns))})"
                f" ON CONFLICT (name) DO UPDATE SET {changes}",
                tuple(asdict(card).values()),
            )

    def add_content(self, sample: str, content: Content) -> None:
        """Note that a material went into a sample.

        Args:
            sample: Name of the sample.
            content: What and how much; the time is set when it has none.

        Raises:
            SampleStoreError: There is no such sample or material.
        """
        with self._database() as database:
            self._need(database, "samples", sample)
            self._need(database, "materials", content.material)
            self._append(database, "contents", sample, asdict(content))

    def attach(self, sample: str, attachment: Attachment, file: Path | None = None) -> Attachment:
        """Attach the result of another instrument to a sample.

        Args:
            sample: Name of the sample.
            attachment: The result; the time is set when it has none.
            file: Picture or table to keep with it; it is copied.

        Returns:
            The attachment as it is kept.

        Raises:
            SampleStoreError: There is no such sample, or the file cannot be copied.
        """
        with self._database() as database:
            self._need(database, "samples", sample)
            values = asdict(attachment)
            if file is not None:
                values["sha256"], values["file"] = self._keep(Path(file))
            return Attachment(**self._append(database, "attachments", sample, values))

    # -- what is asked

    def samples(self) -> list[Sample]:
        """Return all samples, by name."""
        return self._all("samples", Sample)

    def batches(self) -> list[Batch]:
        """Return all batches, by name."""
        return self._all("batches", Batch)

    def materials(self) -> list[Material]:
        """Return all materials, by name."""
        return self._all("materials", Material)

    def material(self, name: str) -> Material:
        """Return a material.

        Raises:
            SampleStoreError: There is none of this name; the message lists what there is.
        """
        with self._database() as database:
            return Material(**self._need(database, "materials", name))

    def card(self, sample: str) -> SampleCard:
        """Return all that is known of a sample.

        Raises:
            SampleStoreError: There is none of this name; the message lists what there is.
        """
        with self._database() as database:
            found = Sample(**self._need(database, "samples", sample))
            batch = Batch(**self._need(database, "batches", found.batch)) if found.batch else None
            contents = self._of_sample(database, "contents", Content, sample)
            names = dict.fromkeys(content.material for content in contents)
            materials = {
                name: Material(**self._need(database, "materials", name)) for name in names
            }
            attachments = self._of_sample(database, "attachments", Attachment, sample)
        return SampleCard(
            sample=found,
            batch=batch,
            contents=tuple(contents),
            materials=materials,
            attachments=tuple(attachments),
        )

    def __contains__(self, sample: object) -> bool:
        """Return whether there is a sample of this name."""
        if not self.path.exists():
            return False
        with self._database() as database:
            row = database.execute("SELECT 1 FROM samples WHERE name = ?", (sample,)).fetchone()
        return row is not None

    def file_of(self, attachment: Attachment) -> Path:
        """Return where an attached file is.

        Raises:
            SampleStoreError: There is no file, or it is not the one that was attached.
        """
        path = self.folder / FILES_NAME / attachment.file
        if not attachment.file or not path.is_file():
            raise SampleStoreError(
                self.path, f"{attachment.method} {attachment.quantity} has no file {path.name}"
            )
        if _sha256(path) != attachment.sha256:
            raise SampleStoreError(
                self.path, f"{path.name} was changed after it was attached; attach it again"
            )
        return path

    # -- inside

    def _all(self, table: str, card: type[C]) -> list[C]:
        with self._database() as database:
            names = ", ".join(_columns(card))
            rows = database.execute(f"SELECT {names} FROM {table} ORDER BY name").fetchall()
            return [card(**dict(row)) for row in rows]

    def _of_sample(
        self, database: sqlite3.Connection, table: str, card: type[C], sample: str
    ) -> list[C]:
        rows = database.execute(
            f"SELECT {', '.join(_columns(card))} FROM {table} WHERE sample = ? ORDER BY number",
            (sample,),
        )
        return [card(**dict(row)) for row in rows]

    def _need(self, database: sqlite3.Connection, table: str, name: str) -> dict[str, Any]:
        row = database.execute(f"SELECT * FROM {table} WHERE name = ?", (name,)).fetchone()
        if row is not None:
            return dict(row)
        rows = database.execute(f"SELECT name FROM {table} ORDER BY name").fetchall()
        known = ", ".join(str(row["name"]) for row in rows) or "none yet"
        raise SampleStoreError(self.path, f"there is no {name!r} among the {table}: {known}")

    def _append(
        self, database: sqlite3.Connection, table: str, sample: str, values: dict[str, Any]
    ) -> dict[str, Any]:
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        values = {**values, "at": values["at"] or now}
        database.execute(
            f"INSERT INTO {table} (sample, {', '.join(values)})"
            f" VALUES (?, {', '.join('?' * len(values))})",
            (sample, *values.values()),
        )
        return values

    def _keep(self, file: Path) -> tuple[str, str]:
        """Copy a file into the store; return its check sum and its name there."""
        try:
            digest = _sha256(file)
            name = f"{digest[:16]}{file.suffix.lower()}"
            target = self.folder / FILES_NAME / name
            target.parent.mkdir(exist_ok=True)
            if not target.exists():
                partial = target.with_suffix(target.suffix + ".part")
                shutil.copyfile(file, partial)
                partial.replace(target)
        except OSError as error:
            raise SampleStoreError(self.path, f"{file} cannot be attached ({error})") from error
        return digest, name

    @contextlib.contextmanager
    def _database(self) -> Iterator[sqlite3.Connection]:
        """Open the database for one transaction."""
        try:
            with contextlib.closing(
                sqlite3.connect(self.path, timeout=_WAIT_S, isolation_level=None)
            ) as connection:
                connection.row_factory = sqlite3.Row
                connection.execute("PRAGMA foreign_keys = ON")
                connection.execute("BEGIN IMMEDIATE")
                self._prepare(connection)
                yield connection
                connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise SampleStoreError(
                self.path, f"the store cannot be used ({error}); close other programs that hold it"
            ) from error
        except (ValueError, TypeError) as error:  # text that is none, columns that nobody made
            raise SampleStoreError(
                self.path, f"the store is damaged ({error}); put back a copy of it"
            ) from error

    def _prepare(self, connection: sqlite3.Connection) -> None:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version == 0:
            for statement in _SCHEMA:
                connection.execute(statement)
        elif version > _VERSION:
            raise SampleStoreError(
                self.path,
                f"it is of version {version}, this program knows {_VERSION}; update the program",
            )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
