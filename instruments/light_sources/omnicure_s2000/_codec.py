"""Messages of an OmniCure S2000: text, two hexadecimal digits of a checksum, CR.

Source: OmniCure S2000 user guide, chapter 16, page 35 f., with the vectors CONN18, READY0A and
Err67. The guide gives no formula; the CRC-8 of polynomial 0x31, reflected, from 0, is the one that
makes all three.
"""

_POLYNOMIAL = 0x8C  # 0x31 with its bits reversed


def checksum(text: str) -> int:
    """Return the checksum of a text.

    Args:
        text: ASCII.
    """
    value = 0
    for byte in text.encode("ascii"):
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ (_POLYNOMIAL if value & 1 else 0)
    return value


def encode(text: str) -> str:
    """Return a message without its CR.

    Args:
        text: The command.
    """
    return f"{text}{checksum(text):02X}"


def decode(message: str) -> str:
    """Return the text of a message.

    Args:
        message: As it came, without CR.

    Raises:
        ValueError: The checksum is another.
    """
    text, digits = message[:-2], message[-2:]
    if not text or digits.upper() != f"{checksum(text):02X}":
        raise ValueError(f"{message!r} has a wrong checksum")
    return text
