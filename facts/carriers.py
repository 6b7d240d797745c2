"""Frees log lines of what their carrier put around them: time stamps, host, program, level, CPU tag, colours.

Kernel lines in their usual form (``[   12.345678] text``) take a fast path; facts/carrier_forms.py peels all else.
"""

from __future__ import annotations

from facts.carrier_forms import Peeled, export_fields, export_text, glued, peel, pretty_field, program, stamp
from facts.clean import clean
from facts.records import Record

_new = tuple.__new__
MOST_GLUED = 20  # messages of one line that are told apart
_DICTIONARY = (" SUBSYSTEM=", " DEVICE=")  # further lines of a /dev/kmsg record


def strip(raw: str, line: int) -> Record:
    """The message of one raw line.  Never raises; the text holds no control characters but tab.

    Only journal entries in JSON that have several lines give a text with newlines: see ``records``.
    """
    return Carrier().strip(raw, line)


def records(raw: str, line: int) -> list[Record]:
    """All messages of one raw line: none for an empty one, several for a multi-line journal entry."""
    return Carrier().records(raw, line)


class Carrier:
    """Reads the lines of one log.  Lines may be left out or read again.

    It remembers the host name of ``journalctl -o short-monotonic`` and the fields of a journal export entry.
    """

    __slots__ = ("_fields", "_host", "_next")

    def __init__(self) -> None:
        self._host = ""  # "name ", of a log whose stamps are followed by it
        self._fields: dict[str, str] | None = None  # of the journal export entry that we are in
        self._next = 0  # number of the line that continues it

    def strip(self, raw: str, line: int) -> Record:
        """See the function of the same name."""
        if not raw.isprintable():
            raw = clean(raw)
        match = stamp(raw)
        if match is None:
            return _record(self._peeled(raw, line), line)
        priority, time, caller = match.groups()
        text = raw[match.end() :].rstrip()
        if priority is None and not self._host and " kernel: " not in text:
            return _new(Record, (line, text, float(time), caller or "", None, "kernel", ""))
        return _record(self._stamped(text, priority, time, caller or ""), line)

    def records(self, raw: str, line: int) -> list[Record]:
        """See the function of the same name."""
        if not raw.isprintable():
            raw = clean(raw)
        if stamp(raw) is not None:
            record = self.strip(raw, line)
            return [record] if "[" not in record.text else self._glued(record)
        peeled = self._peeled(raw, line)
        result = []
        if peeled.before:
            result.append(Record(line, peeled.before))
        for text in peeled.text.split("\n") if "\n" in peeled.text else (peeled.text,):
            if text:
                peeled.text = text
                result.append(_record(peeled, line))
        return result

    def _glued(self, record: Record) -> list[Record]:
        """The messages of a line in which the newlines between some were lost."""
        result: list[Record] = []
        while len(result) < MOST_GLUED and record.time is not None:
            place = glued(record.text, record.time)
            if place is None:
                break
            result.append(record._replace(text=record.text[:place].rstrip()))
            record = self.strip(record.text[place:], record.line)
        return [*result, record]

    def block(self, text: str, first_line: int) -> list[Record]:
        """The records of a block of whole lines."""
        lines = text.split("\n")
        if not lines[-1]:
            del lines[-1]
        result: list[Record] = []
        strip, more = self.strip, self.records
        for line, raw in enumerate(lines, first_line):
            if raw[:1] == "[" and stamp(raw) is not None:
                result.append(strip(raw, line))
            elif raw:
                result += more(raw, line)
        return result

    def _stamped(self, text: str, priority: str | None, time: str, caller: str) -> Peeled:
        """A line with the kernel's stamp and a level, or in short-monotonic form with host and program."""
        peeled = Peeled(text)
        peeled.time, peeled.caller, peeled.source = float(time), caller, "kernel"
        if priority is not None:
            peeled.priority(int(priority))
        elif self._host and text.startswith(self._host):
            found = program(text[len(self._host) :])
            if found is not None:
                peeled.source, peeled.text = found
        else:
            host, found_kernel, rest = text.partition(" kernel: ")
            if found_kernel and host and " " not in host and host[-1] != ":" and host != "Booting":
                self._host = host + " "
                peeled.text = rest
        return peeled

    def _peeled(self, raw: str, line: int) -> Peeled:
        fields = self._fields
        if fields is not None:
            if line == self._next and raw:
                self._next = line + 1
                return export_text(raw, fields)
            self._fields = None
        if raw.startswith(("__CURSOR=", "    __CURSOR=")):
            self._fields, self._next = export_fields(raw), line + 1
            return Peeled("")
        if raw.startswith(_DICTIONARY):
            return Peeled("")
        if '" : ' in raw[:80] and (pretty := pretty_field(raw)) is not None:
            return pretty
        return peel(raw)


def _record(peeled: Peeled, line: int) -> Record:
    return Record(line, peeled.text.rstrip(), peeled.time, peeled.caller, peeled.level, peeled.source, peeled.date)
