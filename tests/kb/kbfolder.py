"""A small, complete knowledge folder without defects, to plant defects in."""

from __future__ import annotations

from pathlib import Path

from kb.load import load
from kb.model import Knowledge

FILES: dict[str, str] = {
    "vocabulary/events.yaml": """\
fire: something burns
smoke: something smokes
quake: the ground shakes
""",
    "vocabulary/causes.yaml": """\
families:
  house:
    candle: a candle was left alone
    cable: a cable is worn
    neighbour: the neighbour did it
facets:
  owner: [neighbour]
parents:
  candle: cable
""",
    "vocabulary/attributes.yaml": """\
room: {type: text, says: room}
floor: {type: integer, says: floor}
cpu: {type: integer, says: CPU}
amount: {type: number, says: amount}
height: {type: integer, of: [quake], says: only of quakes}
colour: {type: [red, blue, "null"], says: colour}
loud: {type: boolean, says: noise}
oops-number: {type: integer, says: n}
trace: {type: tags, says: tags}
at: {type: tags, says: tags}
""",
    "vocabulary/facts.yaml": """\
house: {age: integer, wooden: boolean, kind: [flat, villa], cellar: size, heated: duration, owners: list, name: text}
log: {complete: boolean}
kernel: {cmdline: text, upstream: release}
""",
    "vocabulary/headers.yaml": """\
- {name: version, literal: "Linux version ", regex: '^Linux version (\\S.*)'}
""",
    "vocabulary/symptoms.yaml": """\
- id: burns
  says: It burns
  event: fire
- id: wood
  says: The house is of wood
  facts: {house.wooden: true}
""",
    "frames.yaml": """\
tags:
  stairs: [step_up, step_down]
  doors: [open_door]
generic:
  never: [walk*]
""",
    "events/all.yaml": """\
- kind: fire
  title: "Fire in {room}"
  severity: failure
  report: trace
  patterns:
    - literal: "fire in room "
      regex: 'fire in room (?P<room>\\w+), floor (?P<floor>\\d+)'
      set: {loud: true}
      from: any
    - literal: "BURNING: "
      regex: '^BURNING: (?P<room>\\w+)'
      part: true
  not:
    - 'fire drill'
  sources: house.c
  examples:
    - text: "fire in room kitchen, floor 2"
      attributes: {room: kitchen, floor: 2, loud: true}
    - "BURNING: attic"
  counterexamples:
    - "fire drill: fire in room kitchen, floor 2"
- kind: smoke
  title: Smoke
  severity: problem
  patterns:
    - {literal: "smells of smoke", regex: 'smells of smoke'}
  examples: ["it smells of smoke"]
- kind: quake
  title: Quake
  severity: notice
  patterns:
    - {literal: "ground shakes", regex: 'ground shakes'}
  examples: ["the ground shakes"]
""",
    "probes/all.yaml": """\
- id: look
  ask: What does the candle look like?
  learns: house.age
  kind: command
  command: [ls, /house]
  parse: {regex: 'age (\\d+)', take: first}
  confirms: it is short
  refutes: it is long
  place: host
  cost: 1
  risk: none
- id: ask-neighbour
  ask: Was it the neighbour?
  confirms: a red face
  refutes: an alibi
  place: people
""",
    "derivations/all.yaml": """\
- id: villa-is-old
  when: {fact: house.kind, is: villa}
  then: {house.age: 100, house.name: {copy: kernel.cmdline}}
  why: they are all old
""",
    "causes/house/candle.md": """\
---
id: candle
title: A candle was left alone
aliases: [wax, light]
prior: uncommon
explains: [fire, smoke]
evidence:
  - id: on-the-stairs
    when: {root: fire, where: {trace: {has: stairs}}}
    weight: strong
    says: "it burned in {room}"
    why: Candles stand on stairs.
  - id: young-house
    when: {fact: house.age, at-most: 3}
    weight: -weak
    says: "the house is {value} years old"
    why: New houses have electric light.
verify: [look]
references:
  - {title: A book, url: "https://example.org/"}
---
## What happens

Wax melts. It is not *cable*.

## How to verify

Look. See also *double-check* this.

## Mitigate

Step back.

## Fix

Blow it out. Then air the room.

## Prevent

Use lamps.
""",
    "causes/house/cable.md": """\
---
id: cable
title: A cable is worn
prior: common
explains: [fire]
evidence:
  - id: old-house
    when: {fact: house.age, at-least: 30}
    weight: moderate
    says: "the house is {value} years old"
    why: Cables age.
verify: [look]
---
## What happens
a
## How to verify
b
## Mitigate

Step back.

## Fix
c
## Prevent
d
""",
    "causes/house/neighbour.md": """\
---
id: neighbour
title: The neighbour did it
prior: rare
explains: any
evidence:
  - id: noise
    when: {event: [fire, smoke], where: {loud: true}}
    weight: moderate
    says: it was loud
    why: The neighbour is.
verify: [ask-neighbour]
---
## What happens
a
## How to verify
b
## Mitigate

Step back.

## Fix
c
## Prevent
d
""",
    "incidents/house/one.yaml": """\
id: one
title: A candle
facts: {house.age: 50}
log: |
  fire in room kitchen, floor 2
causes: [candle, neighbour]
not: [cable]
root: fire
origin: written
""",
    "incidents/house/two.yaml": """\
id: two
title: A cable
facts: {house: {age: 50}}
causes: [cable]
not: [candle, neighbour]
""",
}


def build(folder: Path, **changes: str) -> Path:
    """Write the files; `changes` replaces or adds files (events__all stands for events/all.yaml)."""
    return write(folder, {**FILES, **{name.replace("__", "/") + ".yaml": text for name, text in changes.items()}})


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def edited(folder: Path, name: str, old: str, new: str) -> Path:
    """The folder with one piece of text of one file replaced; the piece must stand there exactly once."""
    text = FILES[name]
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {name}"
    return write(folder, {**FILES, name: text.replace(old, new)})


def read(folder: Path) -> Knowledge:
    return load([str(folder)])
