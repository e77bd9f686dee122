"""`eshnav segments`: JSON strings in, one a line; how each would be billed out, one a line."""

from collections.abc import Iterable
from typing import TextIO

import orjson

from gateway.wording.segments import count


def count_lines(lines: Iterable[bytes], output: TextIO) -> int:
    """Write a line of JSON for every line that is a JSON string, and say how many lines were not."""
    wrong = 0
    for line in lines:
        if not line.strip():
            continue
        try:
            text = orjson.loads(line)
        except ValueError:
            text = None
        if isinstance(text, str):
            counted = count(text)
            answer: dict[str, object] = {"encoding": counted.encoding, "segments": counted.segments}
        else:
            wrong += 1
            answer = {"error": "this line is not a JSON string"}
        output.write(orjson.dumps(answer).decode() + "\n")
    return wrong
