"""The parts of the suite: which tests run together, as arguments of pytest, and in which order they are begun.

Every test belongs to one part (tests/architecture/test_parts.py). To add a proof to `make prove`, add a row to PROOFS.
"""

from __future__ import annotations

from pathlib import Path

TESTS = Path("tests")
INTEGRATION = "tests/integration"
MESSAGES = "tests/acceptance/test_generated_messages.py"
PORTAL_FAILURE = "tests/crash/test_portal_failure.py"
SUSPENDED_ACTS = "tests/crash/test_suspended_acts.py"
KEYBOARD = "tests/browser/test_keyboard_shift.py"
DAYS = "tests/browser/test_days.py"
NIGHT = "tests/browser/test_operator_night.py"
OUTAGE_DAY = "tests/browser/test_outage_day.py"
CUSTOMS_DAYS = "tests/browser/test_customs_days.py"
LISTS_ON = "tests/crash/test_lists_switched_on.py"
CLOCK_IS_SET = "tests/crash/test_clock_is_set.py"
LOG_SHIPPING = "tests/crash/test_log_shipping.py"
EVERY_PAGE = "tests/browser/test_every_page.py"
BROWSER_DAYS = [KEYBOARD, DAYS, NIGHT, OUTAGE_DAY, CUSTOMS_DAYS, EVERY_PAGE]
PORTAL, OFFICER = "tests/browser/test_portal.py", "tests/browser/test_officer.py"
CORRECTIONS = "tests/browser/test_corrections.py"
CONSOLES = ["tests/browser/test_operator.py", "tests/browser/test_customs.py"]
HOSTILE_WORDS = "tests/frozen/test_frozen_hostile.py"
OLD_DOSSIERS = "tests/frozen/test_frozen_dossiers.py"
ALARMS = "tests/crash/test_broker_alarms.py::test_while_the_broker_is_in_alarm"
KILLS = "tests/crash/test_kill_points.py"
MINISTRY = "tests/acceptance/test_another_ministry.py"
FIRST_STEPS = "tests/acceptance/test_first_steps.py"
THROUGH_BROKER = "tests/acceptance/test_fixtures_through_broker.py"
PROVED_ALONE = [
    *("tests/crash/test_cluster.py", CLOCK_IS_SET, PORTAL_FAILURE, SUSPENDED_ACTS, LISTS_ON, LOG_SHIPPING),
    *(*BROWSER_DAYS, CORRECTIONS, *CONSOLES),
]
"""What is too dear for `make test`, and stands in a long proof: three Erlang machines, a clock that is set, twenty
commands, six acts that are stopped, a reload, a journal of its own, a shift, days and a night in a browser."""
_IN_THE_PORTAL = """from_log_in_to the_checker_notices no_letter_is_kept a_confirmation_is_printed
a_session_cookie_of_another_site the_console_tells_of by_keyboard_alone_one_comes a_time_is_vietnams
a_page_works_without_scripts the_language_is_kept a_new_row_begins a_fault_in_the_summary
whoever_logs_in_again what_another_window_has_changed the_page_of_a_suspended_account"""
_OF_AN_OFFICER = """the_first_page_of a_key_in_a_field x_marks_rows a_phrase_is_put a_list_that_stays
the_page_of_delegations everything_works_without_scripts a_shift_is_decided_on_pages a_dossier_is_printed
what_persons_he_looked_at"""
_OF_SERVERS = """a_durable_message_survives a_stopped_broker_leaves a_broker_started_by what_postgresql_committed
a_stopped_cluster_leaves postgresql_asks_for_its_password[cluster]"""
PROVED_TESTS = [
    *(f"{INTEGRATION}/test_servers.py::test_{name}" for name in _OF_SERVERS.split()),
    f"{INTEGRATION}/test_broker.py::test_a_restart_of_the_broker_loses_nothing",
    *(f"{PORTAL}::test_{name}" for name in _IN_THE_PORTAL.split()),
    *(f"{OFFICER}::test_{name}" for name in _OF_AN_OFFICER.split()),
    f"{MINISTRY}::test_its_declarations_are_answered_signed",
    *(f"tests/crash/test_outages.py::test_{name}" for name in ("a_broker_that_restarts", "over_amqps_with")),
    f"{ALARMS}_messages_are_taken_and_replies_wait_and_leave_after[disk]",
    "tests/crash/test_database_changes.py::test_a_fail_over",
    f"{KILLS}::test_a_worker_on_sqlite_killed_around_its_commit_loses_and_doubles_nothing[batch.committed]",
    f"{KILLS}::test_a_dispatcher_on_sqlite_killed_before_it_marks_repeats_identically[outbox.confirmed]",
]
"""Single tests of that kind, by the beginnings of their names; their file stands in a long proof. What of `make test`
notices the same break: docs/decisions/0021-what-the-suite-costs.md."""
_LEFT_OUT = [*(f"--ignore={file}" for file in PROVED_ALONE), *(f"--deselect={test}" for test in PROVED_TESTS)]


ONE_DATABASE = ["-p", "tests.one_database"]


def _doors() -> list[str]:
    return [str(file) for kind in ("cli", "web") for file in sorted(Path(INTEGRATION).glob(f"test_{kind}*.py"))]


def _pages() -> list[str]:
    """The pages of staff and what they show, each kind by the beginning or the end of its name."""
    kinds = ("*_pages", "*_schema", "customs_*", "staff_*", "message_*", "printed_*", "machine_*")
    return sorted({str(file) for kind in kinds for file in Path(INTEGRATION).glob(f"test_{kind}.py")})


def _of_processes() -> list[str]:
    """Proofs in which the program's own processes end; in the others of their folder it is servers."""
    named = ("kill_points", "random_kills", "poison", "same_dossier", "several_doors", "supervisor", "nothing_left")
    return [f"tests/crash/test_{each}.py" for each in named]


def _of_servers() -> list[str]:
    return ["tests/crash", *(f"--ignore={file}" for file in _of_processes())]


def _others() -> list[str]:
    """Folders that no part names: one that is new is run at once."""
    named = {"integration", "crash", "acceptance", "demo", "procedures", "unit", "architecture"}
    folders = sorted(file.parent for file in TESTS.glob("*/test_*.py"))
    return sorted({str(folder) for folder in folders if folder.name not in named})


def parts() -> dict[str, list[str]]:
    """The whole suite: those that wait for servers first, so that the others fill the time; of these the long ones
    first, so that none is left over at the end."""
    doors, pages = _doors(), _pages()
    return {
        "kills and outages": ["tests/crash", *_LEFT_OUT],
        "gateways": [INTEGRATION, *(f"--ignore={file}" for file in (*doors, *pages)), *ONE_DATABASE, *_LEFT_OUT],
        "from queue to queue": [
            *("tests/acceptance", f"--ignore={MESSAGES}", "tests/demo"),
            *_others(),
            *_LEFT_OUT,
        ],
        "commands and doors": [*doors, *ONE_DATABASE, *_LEFT_OUT],
        "pages": [*pages, *ONE_DATABASE, *_LEFT_OUT],
        "modules and rules": ["tests/unit", "tests/architecture"],
        "fixtures, attacks, messages made up": ["tests/procedures", MESSAGES],
    }


def _counted() -> list[str]:
    """What goes on for long under the counts of a long proof, and stands in another one."""
    long = ("check_judges", "masked_pages", "walked_pages", "staff_walk", "customs_schema", "declarants_schema")
    return [f"{INTEGRATION}/test_{each}.py" for each in (*long, "message_browser")]


QUICK = {
    "modules": ["tests/unit"],
    "fixtures and attacks": [
        "tests/procedures",
        "--deselect=tests/procedures/test_mutations.py",
        "--ignore=tests/procedures/test_jdk.py",  # no JDK is installed for it
    ],
    "rules": ["tests/architecture"],
}
"""What one runs after each small step: no servers, and every fixture."""

PROOFS: dict[str, dict[str, list[str]]] = {
    "attacks": {
        "attacks, spellings, mutations": ["tests/procedures"],
        "attacks on gateways and doors": [
            f"{INTEGRATION}/test_hostile_bounds.py",
            f"{INTEGRATION}/test_decoder_guard.py",
            f"{INTEGRATION}/test_web_attacks.py",
            f"{INTEGRATION}/test_check_judges.py",
        ],
        "hostile words in what is kept": [HOSTILE_WORDS],
        "another ministry, the wheel, the first steps": [MINISTRY, FIRST_STEPS],
        "every fixture and attack through the broker": [THROUGH_BROKER],
    },
    "consoles": {
        "a shift by keyboard alone": [KEYBOARD],
        "an operator's night": [NIGHT],
        "the log at a collector": [LOG_SHIPPING],
        "an officer's, an administrator's and an auditor's day at customs": [CUSTOMS_DAYS],
        "an officer's, an operator's and a customs officer's pages": [OFFICER, *CONSOLES],
        "a list that is switched on at its page": [LISTS_ON],
        "no value of a person on any page": [
            f"{INTEGRATION}/test_masked_pages.py",
            f"{INTEGRATION}/test_message_browser.py",
        ],
        "whoever was shown one is in the journal": [f"{INTEGRATION}/test_walked_pages.py"],
        "whatever each role asks": [f"{INTEGRATION}/test_staff_walk.py", f"{INTEGRATION}/test_customs_schema.py"],
    },
    "data": {
        "forms filled and read back, data broken, streams of a terminal": [
            "tests/unit/test_forms.py",
            "tests/unit/test_data_faults.py",
            "tests/unit/test_terminal.py",
        ],
    },
    "databases": {"on PostgreSQL and on SQLite": [INTEGRATION, *(f"--ignore={file}" for file in _counted())]},
    "kills": {"outages": _of_servers(), "kills": _of_processes()},
    "lives": {"any order of messages and acts": ["tests/lives"]},
    "messages": {
        "lawful messages": [MESSAGES, "-k", "test_any_form or test_a_form_built or test_every_procedure"],
        "broken messages": [MESSAGES, "-k", "test_a_form_broken or test_what_is_missing"],
    },
    "portal": {
        "the mode of the window": ["tests/unit/test_window_modes.py"],
        "an outage day": [OUTAGE_DAY],
        "every page": [EVERY_PAGE],
        "a declarant's pages": [PORTAL, CORRECTIONS],
        "a failure of the portal": [PORTAL_FAILURE],
        "a suspended account in the middle of each act": [SUSPENDED_ACTS],
        "a commander's, an enterprise's and an operator's day": [DAYS],
        "whatever declarants send": [f"{INTEGRATION}/test_declarants_schema.py"],
    },
    "scale": {
        "a million dossiers": ["tests/frozen/test_plans.py", "tests/frozen/test_seed.py"],
        "every dossier of older versions": [OLD_DOSSIERS],
    },
}
"""The long proofs in full, by the name that `make prove ARGS=<name>` takes; what stands in one runs at once."""
