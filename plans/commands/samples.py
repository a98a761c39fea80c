"""regrow samples: what is in the vials, and what came of it."""

import argparse
import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from plans.parameters import ParameterError
from plans.samples import Attachment, Batch, Content, Material, Sample, SampleCard, SampleStore

_CARDS: dict[str, type[Batch] | type[Material] | type[Sample]] = {
    "batch": Batch,
    "material": Material,
    "add": Sample,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("--runs", type=Path, default=Path("runs"), metavar="DIR",
                        help="where run folders and the store are (default: ./runs)")  # fmt: skip
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)

    def add(name: str, action: Callable[..., int], help_text: str) -> argparse.ArgumentParser:
        sub = actions.add_parser(name, help=help_text, description=help_text)
        sub.set_defaults(act=action)
        return sub

    add("list", _list, "list the samples")
    show = add("show", _show, "show all that is known of a sample, and its runs")
    show.add_argument("sample", metavar="SAMPLE")
    show.add_argument("--json", action="store_true", help="one JSON object")
    for name, card in _CARDS.items():
        what = card.__name__.lower()
        put = add(name, _put, f"note a {what}; one of the same name is replaced")
        put.add_argument("card_name", metavar="NAME")
        put.add_argument("assignments", nargs="*", metavar="KEY=VALUE", help=_keys(card))
    content = add("content", _content, "note that a material went into a sample")
    content.add_argument("sample", metavar="SAMPLE")
    content.add_argument("material", metavar="MATERIAL")
    content.add_argument("volume_ul", type=float, metavar="VOLUME_UL")
    attach = add("attach", _attach, "attach a result of another instrument to a sample")
    attach.add_argument("sample", metavar="SAMPLE")
    attach.add_argument("method", metavar="METHOD", help="such as TEM, XRD, AFM")
    attach.add_argument("quantity", metavar="QUANTITY", help="such as wire_length_nm")
    attach.add_argument("assignments", nargs="*", metavar="KEY=VALUE",
                        help="value, uncertainty, unit, text, run_uid, note")  # fmt: skip
    attach.add_argument("--file", type=Path, metavar="FILE", help="picture or table to keep")


def run(args: argparse.Namespace) -> int:
    """Do what was asked; return the exit code."""
    act: Callable[[SampleStore, argparse.Namespace], int] = args.act
    try:
        return act(SampleStore(args.runs), args)
    except ValueError as error:  # the cards check what they are given
        raise ParameterError(str(error)) from error


def _list(store: SampleStore, _: argparse.Namespace) -> int:
    samples = store.samples()
    width = max((len(sample.name) for sample in samples), default=0)
    for sample in samples:
        print(f"{sample.name:<{width}}  {sample.batch:<16} {sample.note}".rstrip())
    if not samples:
        print("no samples yet; note one with: regrow samples add NAME")
    return 0


def _show(store: SampleStore, args: argparse.Namespace) -> int:
    from plans.records import list_runs

    card = store.card(args.sample)
    runs = [run for run in list_runs(args.runs) if run.sample == args.sample]
    if args.json:
        told = {**card.as_metadata(), "runs": [str(run.path) for run in runs]}
        print(json.dumps(told, ensure_ascii=False))
        return 0
    print("\n".join(_lines(card)))
    for each in runs:
        print(f"run         {each.path.name}  {each.plan_name}, {each.exit_status}")
    return 0


def _lines(card: SampleCard) -> list[str]:
    sample = card.sample
    lines = [f"sample      {sample.name}"]
    if card.batch is not None:
        lines.append(f"batch       {' '.join(_words(card.batch))}")
    amounts = {
        "nanocrystals": (sample.concentration_nm, "nM"),
        "edge": (sample.edge_nm, "nm"),
        "volume": (sample.volume_ul, "µL"),
    }
    lines += [
        f"{name:<11} {value:g} {unit}"
        for name, (value, unit) in amounts.items()
        if value is not None
    ]
    if sample.note:
        lines.append(f"note        {sample.note}")
    for content in card.contents:
        lines.append(f"content     {content.volume_ul:g} µL {content.material}  {content.at}")
    for found in card.attachments:
        value = "" if found.value is None else f"{found.value:g}"
        if found.uncertainty is not None:
            value += f" ± {found.uncertainty:g}"
        words = f"{value} {found.unit} {found.text} {found.file}".split()
        lines.append(f"{found.method:<11} {found.quantity}: {' '.join(words)}")
    return lines


def _words(batch: Batch) -> list[str]:
    return [word for word in (batch.name, batch.made, batch.maker, batch.note) if word]


def _put(store: SampleStore, args: argparse.Namespace) -> int:
    card = _CARDS[args.action]
    store.put(card(name=args.card_name, **_fields(card, args.assignments)))
    print(f"noted {card.__name__.lower()} {args.card_name}")
    return 0


def _content(store: SampleStore, args: argparse.Namespace) -> int:
    store.add_content(args.sample, Content(material=args.material, volume_ul=args.volume_ul))
    print(f"noted {args.volume_ul:g} µL {args.material} in {args.sample}")
    return 0


def _attach(store: SampleStore, args: argparse.Namespace) -> int:
    given = _fields(Attachment, args.assignments)
    kept = store.attach(
        args.sample,
        # a file alone is a result: the store fills in its name
        Attachment(method=args.method, quantity=args.quantity,
                   **{**given, "file": args.file.name if args.file else ""}),
        file=args.file,
    )  # fmt: skip
    print(f"attached {kept.method} {kept.quantity} to {args.sample}")
    return 0


def _keys(card: type[Any]) -> str:
    return ", ".join(field.name for field in dataclasses.fields(card) if field.name != "name")


def _fields(card: type[Any], assignments: list[str]) -> dict[str, Any]:
    """Read KEY=VALUE texts into the fields of a card."""
    numbers = {field.name for field in dataclasses.fields(card) if "float" in str(field.type)}
    known = {field.name for field in dataclasses.fields(card)} - {"name", "file", "sha256", "at"}
    values: dict[str, Any] = {}
    for text in assignments:
        key, separator, value = text.partition("=")
        if not separator or key not in known:
            raise ParameterError(
                f"samples: {text!r} is not understood; write KEY=VALUE with one of "
                f"{', '.join(sorted(known))}"
            )
        try:
            values[key] = float(value) if key in numbers else value
        except ValueError:
            raise ParameterError(f"samples: {key} must be a number, got {value!r}") from None
    return values
