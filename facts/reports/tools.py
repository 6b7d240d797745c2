"""The loop that most readers share: feed a block, keep what belongs, stop where another subject begins."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from facts.records import Record
from facts.reports.block import BELONGS, END, FOREIGN, MAX_NOISE, TIME_GAP, Block


def collect(
    body: Sequence[Record],
    block: Block,
    part: Callable[[str], bool],
    stop: Callable[[str], bool] | None = None,
    limit: int = 6,
) -> int:
    """Feed `body` from its second record on.  `part` tells lines of this report from foreign ones, `stop` ends it.

    Returns the number of records that belong to the report (at least 1, 0 for an empty body).
    """
    if not body:
        return 0
    part(body[0].text)
    end, foreign = 1, 0
    last_time = body[0].time
    for index in range(1, len(body)):
        record = body[index]
        if record.time is not None and last_time is not None and record.time - last_time > TIME_GAP:
            break
        if stop is not None and stop(record.text):
            break
        own = part(record.text)
        result = block.feed(record)
        if result is END:
            break
        if own or result is BELONGS:
            end, foreign = index + 1, 0
            last_time = record.time if record.time is not None else last_time
        elif result is FOREIGN:
            if record.time is None and body[0].time is not None and index < MAX_NOISE:
                continue  # a console also shows what programs print
            foreign += 1
            if foreign > (limit if block.frames else 3 * limit):
                break
    return end
