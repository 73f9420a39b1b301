"""An outage (sự cố): the broker goes, declarations go in by the portal, the broker returns."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

from tests.demo.broker import Broker
from tests.demo.commands import complete, issue_token
from tests.demo.direct import Direct
from tests.demo.door import Door
from tests.demo.table import Narrator
from tests.harness.expectations import Answer, differences, read
from tests.harness.failure import CannotGoOn
from tests.harness.play import Line, Play, beside_others
from tests.harness.premises import Premises
from tests.harness.single_window import Received
from tests.servers.process import wait_until

MODE_SECONDS = 180.0
LOOKUP = "/api/v1/lookup/dossiers"
OFFICE = "*"


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision that was taken directly: the window must hear of it once, in this order."""

    number: str
    year: int
    reply: bytes


@dataclass(frozen=True, slots=True)
class Callers:
    """Tokens of those who call: declarants by what they are bound to, and a customs office."""

    declarants: Mapping[str, str]
    customs: str


def callers(premises: Premises, declarations: Sequence[Direct], label: str) -> Callers:
    """Issue the tokens as an operator does; no two of them have one label."""
    bound = dict.fromkeys(each.declarant for each in declarations)
    declarants = {name: issue_token(premises, "declarant", f"{label} {name}", "--bound-to", name) for name in bound}
    return Callers(declarants, issue_token(premises, "customs", f"{label} customs", "--office", OFFICE))


def door_is_shut(premises: Premises, who: Callers, first: Direct, narrator: Narrator) -> None:
    """While the window works the portal sends the caller there (Article 9(2))."""
    with Door(premises.door_url, who.declarants[first.declarant]) as door:
        posted = door.declare(first.body)
    problems = [] if posted.status == 409 else [f"HTTP {posted.status}: {posted.told}"]
    narrator.check(f"while the window works the portal is shut: 409, {posted.told.get('detail', '')}", problems)
    with Door(premises.door_url) as door:
        status = door.declare(first.body).status
    narrator.check("and who has no token is not heard: 401", [] if status == 401 else [f"HTTP {status}"])


def break_down(broker: Broker, premises: Premises, narrator: Narrator) -> None:
    """Take the broker away and wait until the adapter knows."""
    narrator.say(broker.go(premises))
    _await_mode(premises, "down")
    narrator.check("the adapter knows that the window is down; the portal is open", [])


def come_back(broker: Broker, premises: Premises, narrator: Narrator) -> None:
    """Give the broker back and wait until the adapter knows."""
    narrator.say(broker.come_back(premises))
    _await_mode(premises, "up")
    narrator.check("the adapter knows that the window is back", [])


def _await_mode(premises: Premises, mode: str) -> None:
    with Door(premises.door_url) as door:
        if not wait_until(lambda: door.get("/api/v1/window")[1].get("mode") == mode, seconds=MODE_SECONDS):
            raise CannotGoOn(f"the window's mode is not {mode}: {door.get('/api/v1/window')[1]}")


def declare_directly(
    play: Play, premises: Premises, who: Callers, declarations: Sequence[Direct], narrator: Narrator
) -> list[Decided]:
    """Hand the declarations in, read the answers, compare them; gives what the window must hear of, in order."""
    lines: list[Line] = []
    decided: list[Decided] = []
    with ExitStack() as open_doors:
        bound = dict.fromkeys(each.declarant for each in declarations)
        doors = {name: open_doors.enter_context(Door(premises.door_url, who.declarants[name])) for name in bound}
        for each in declarations:
            line, decision = declared(doors[each.declarant], each)
            lines.append(line)
            decided += [decision] if decision else []
    told = iter(play.verified([Received(line.body, None, 0.0) for line in lines if line.body]))
    lines = [replace(line, problems=(*line.problems, *next(told))) if line.body else line for line in lines]
    narrator.table(
        f"Declared directly (khai trực tiếp), {len(lines)} declarations without a number, sealed by the portal:", lines
    )
    return decided


def declared(door: Door, direct: Direct) -> tuple[Line, Decided | None]:
    if direct.file is not None and (status := door.upload("cong-van-tra-loi.pdf", direct.file)) != 201:
        told = (f"its letter was not taken: HTTP {status}",)
        return Line(direct.label, direct.wanted, None, b"", None, told), None
    posted = door.declare(direct.body)
    if posted.status != 202:
        said = f"HTTP {posted.status}: {posted.told}"
        return Line(direct.label, direct.wanted, None, b"", posted.milliseconds, (said,)), None
    _, standing = door.get(posted.location)
    body = b64decode(standing["replies"][0]["base64"]) if standing["replies"] else b""
    found = read(body)
    problems = differences(direct.wanted, beside_others(found.answer, direct.wanted))
    listed = replace(
        direct.wanted, findings=frozenset((each["code"], each["pointer"]) for each in standing["findings"])
    )
    problems += (
        []
        if beside_others(listed, direct.wanted) == direct.wanted
        else ["GET states other findings than the signed reply"]
    )
    problems += [] if door.bytes(standing["replies"][0]["href"]) == (200, body) else ["other bytes behind its address"]
    again = door.declare(direct.body)
    told = (again.status, again.location, again.told.get("reference"))
    same = told == (202, posted.location, posted.told["reference"])
    problems += [] if same else [f"sent again, it is told otherwise: {told}"]
    label = f"{direct.label} {posted.told['reference']}"
    line = Line(label, direct.wanted, found.answer, body, posted.milliseconds, tuple(problems))
    return line, Decided(found.number, found.year, body) if direct.decided else None


def is_private(premises: Premises, who: Callers, declarations: Sequence[Direct], narrator: Narrator) -> None:
    """What one declarant handed in is not for another to read."""
    narrator.check("another declarant reads none of it: 404", _read_by_another(premises, who, declarations))


def _read_by_another(premises: Premises, who: Callers, declarations: Sequence[Direct]) -> list[str]:
    own = declarations[0]
    stranger = next(token for bound, token in who.declarants.items() if bound != own.declarant)
    with Door(premises.door_url, who.declarants[own.declarant]) as door:
        location = door.declare(own.body).location
    with Door(premises.door_url, stranger) as door:
        status, _ = door.get(location)
    return [] if status == 404 else [f"HTTP {status}"]


def complete_directly(play: Play, premises: Premises, who: Callers, first: Decided, narrator: Narrator) -> Decided:
    """An officer confirms one of them meanwhile; the declarant reads it, and a second transfer of the dossier waits."""
    complete(premises, first.number, first.year)
    with Door(premises.staff_url, who.customs) as door:
        _, body = door.bytes(f"{LOOKUP}/{first.number}/{first.year}/reply")
    problems = play.verified([Received(body, None, 0.0)])[0]
    problems += differences(Answer("30", "23", "Completion"), read(body).answer)
    narrator.check(f"an officer confirms {first.number} meanwhile: 30/23, signed by the unit and the system", problems)
    return Decided(first.number, first.year, body)


def look_up(premises: Premises, who: Callers, decided: Sequence[Decided], *, through: bool, narrator: Narrator) -> None:
    """What customs see: the result at once, and whether paper may still be asked (letter of 27/5/2022)."""
    problems: list[str] = []
    ground = ""
    with Door(premises.staff_url, who.customs) as door:
        for each in decided:
            status, told = door.get(LOOKUP, reference=each.number, year=each.year)
            if status != 200 or len(told["dossiers"]) != 1:
                problems.append(f"{each.number}: HTTP {status}, {told}")
                continue
            shown: dict[str, Any] = told["dossiers"][0]
            paper = shown["paper_may_be_asked"]
            # Decided outside the window: paper may be asked, also once the data are there (letter of 27/5/2022).
            seen = (shown["channel"], shown["issued_through_window"], shown["transferred"], paper["value"])
            problems += [] if seen == ("portal", False, through, True) else [f"{each.number}: {seen}"]
            ground = paper["ground"]["en"]
    where = "outside the window and transferred" if through else "outside the window"
    count = len({each.number for each in decided})
    narrator.check(f"customs look up {count} dossiers: decided {where}, paper may be asked ({ground})", problems)
