"""Random damage, always the same for the same seed."""

import datetime
import json
import math
import random
import string

EDGES = (
    0, 1, -1, 2, 255, 256, 65_535, 2**31, 2**63, 10**30, -(10**30), 0.0, -0.0, 0.1, 1e-300, 1e300,
    math.inf, -math.inf, math.nan, True, False, "", " ", "µ", "\x00", "nan", "1e999", "../..",
    "TCPIP::127.0.0.1::1::SOCKET", "a" * 5000, datetime.date(2026, 1, 1), [], {}, [{}], [[]], [1],
)  # fmt: skip


def value(rng: random.Random, depth: int = 0):
    kind = rng.randrange(8)
    if kind == 0 and depth < 3:
        return [value(rng, depth + 1) for _ in range(rng.randrange(4))]
    if kind == 1 and depth < 3:
        return {word(rng): value(rng, depth + 1) for _ in range(rng.randrange(4))}
    if kind == 2:
        return rng.uniform(-1e4, 1e4)
    if kind == 3:
        return rng.randrange(-10_000, 10_000)
    if kind == 4:
        return word(rng)
    return _copy(rng.choice(EDGES))  # a change of it must not change the edge


def word(rng: random.Random) -> str:
    letters = string.ascii_letters + string.digits + "_.- µ\"\\'\n"
    return "".join(rng.choice(letters) for _ in range(rng.randrange(1, 12)))


def tree(rng: random.Random, data):
    """Return a copy of nested tables and lists with a few places changed."""
    copy = _copy(data)
    for _ in range(rng.choice((1, 1, 2, 5))):
        _change(rng, copy)
    return copy


def _copy(data):
    if isinstance(data, dict):
        return {key: _copy(item) for key, item in data.items()}
    return [_copy(item) for item in data] if isinstance(data, list) else data


def _change(rng: random.Random, data) -> None:
    place = data
    while True:  # walk down to some table or list
        inner = [i for i in (place.values() if isinstance(place, dict) else place)
                 if isinstance(i, dict | list) and i]  # fmt: skip
        if not inner or rng.random() < 0.25:
            break
        place = rng.choice(inner)
    if not place:
        return
    keys = list(place) if isinstance(place, dict) else list(range(len(place)))
    key = rng.choice(keys)
    what = rng.randrange(5)
    if what == 0:
        del place[key]
    elif what == 1 and isinstance(place, dict):
        place[word(rng)] = place[key]
    elif what == 2 and isinstance(place, dict):
        place[word(rng)] = value(rng)
    elif what == 3 and isinstance(place, list):
        place.append(_copy(place[key]))
    else:
        place[key] = value(rng)


def text(rng: random.Random, data: bytes) -> bytes:
    """Return bytes with bits turned, pieces cut out, doubled, exchanged or put in."""
    copy = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4, 16))):
        at = rng.randrange(len(copy) + 1)
        end = min(len(copy), at + rng.choice((1, 1, 2, 8, 64, 1024)))
        what = rng.randrange(6)
        if what == 0 and at < len(copy):
            copy[at] ^= 1 << rng.randrange(8)
        elif what == 1:
            del copy[at:end]
        elif what == 2:
            copy[at:at] = copy[at:end]
        elif what == 3:
            copy[at:at] = rng.randbytes(rng.randrange(1, 9))
        elif what == 4:
            copy[at:end] = str(rng.choice(EDGES)).encode(errors="replace")
        else:
            del copy[at:]
    return bytes(copy)


def toml(data, path: str = "") -> str:
    """Return tables as TOML, as far as TOML can say them."""
    lines, tables = [], []
    for key, item in data.items():
        name = json.dumps(str(key))
        if isinstance(item, dict):
            tables.append((f"{path}{name}", item, False))
        elif isinstance(item, list) and item and all(isinstance(part, dict) for part in item):
            tables += [(f"{path}{name}", part, True) for part in item]
        else:
            lines.append(f"{name} = {_literal(item)}")
    for name, table, many in tables:
        lines.append(f"[[{name}]]" if many else f"[{name}]")
        lines.append(toml(table, f"{name}."))
    return "\n".join(lines)


def _literal(item) -> str:
    if isinstance(item, bool):
        return str(item).lower()
    if isinstance(item, datetime.date):
        return item.isoformat()
    if isinstance(item, int | float):
        return str(item)
    if isinstance(item, list):
        return f"[{', '.join(_literal(part) for part in item)}]"
    if isinstance(item, dict):
        inside = ", ".join(f"{json.dumps(str(k))} = {_literal(v)}" for k, v in item.items())
        return f"{{{inside}}}"
    return json.dumps(str(item)).replace("\\u0000", "\\u0001").replace("\x7f", "")
