"""`python -m tests.demo.world`: people of the staff and a few dossiers for `make run`; prints who can log in where."""

from __future__ import annotations

import sys

from adapter.bootstrap import assemble
from adapter.simulator.pki import load_pki
from tests.harness.demonstration import fill, fill_states
from tests.harness.staff import REGISTERED
from tests.harness.stores import ensure_tables
from tests.servers.identity import STAFF


def main() -> int:
    whole = assemble()
    ensure_tables(whole.database)
    if not whole.people.list():
        pki = load_pki(whole.settings.folders.state / "pki")
        fill(whole, pki)
        fill_states(whole, pki)
    people = {each.id: each for each in whole.people.list()}
    whole.database.close()
    staff = whole.settings.web.staff
    site = staff.public_url or f"http://{staff.host}:{staff.port}"
    print(f"staff: {site}/", flush=True)
    for code, each in STAFF.items():
        person = people.get(code)
        if person is not None:
            told = ", ".join((*person.roles, *filter(None, (person.unit, person.office))))
            print(f"  {each.name}: {told}", flush=True)
        elif code not in REGISTERED:
            print(f"  {each.name}: in no register, is turned away", flush=True)
    print(f"  officers begin at {site}/can-bo, customs at {site}/hai-quan, operators at {site}/van-hanh", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
