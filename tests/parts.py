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
STORY = "tests/frozen/test_frozen_contents.py"
OLD_DOSSIERS = "tests/frozen/test_frozen_dossiers.py"
MINISTRY = "tests/acceptance/test_another_ministry.py"
DIRECTS = "tests/demo/test_directs.py"
MUTANTS = "tests/mutants/test_mutants.py"
FIRST_STEPS = "tests/acceptance/test_first_steps.py"
THROUGH_BROKER = "tests/acceptance/test_fixtures_through_broker.py"
PROVED_ALONE = [
    *("tests/crash/test_cluster.py", CLOCK_IS_SET, PORTAL_FAILURE, SUSPENDED_ACTS, LISTS_ON, LOG_SHIPPING),
    "tests/crash/test_wrong_configurations.py",
    *(*BROWSER_DAYS, CORRECTIONS, *CONSOLES),
]
"""What is too dear for `make test`, and stands in a long proof: three Erlang machines, a clock that is set, twenty
commands, six acts that are stopped, a reload, a journal of its own, a dozen daemons that do not begin, a shift, days
and a night in a browser."""
_IN_THE_PORTAL = """from_log_in_to the_checker_notices no_letter_is_kept a_confirmation_is_printed
a_session_cookie_of_another_site the_console_tells_of by_keyboard_alone_one_comes a_time_is_vietnams
a_page_works_without_scripts the_language_is_kept a_new_row_begins a_fault_in_the_summary
whoever_logs_in_again what_another_window_has_changed the_page_of_a_suspended_account"""
_OF_AN_OFFICER = """the_first_page_of a_key_in_a_field x_marks_rows a_phrase_is_put a_list_that_stays
the_page_of_delegations everything_works_without_scripts a_shift_is_decided_on_pages a_dossier_is_printed
what_persons_he_looked_at"""
_OF_SERVERS = """a_durable_message_survives a_stopped_broker_leaves a_broker_started_by what_postgresql_committed
a_stopped_cluster_leaves postgresql_asks_for_its_password[cluster]"""
_OF_KILLS = {
    "outages": "a_broker_that_restarts over_amqps_with while_the_key_is_gone a_message_in_hand",
    "broker_alarms": "while_the_broker_is_in_alarm_messages_are_taken_and_replies_wait_and_leave_after[disk]",
    "database_changes": "a_fail_over",
    "metrics": "counts_outlive_their_process",
    "log_outages": "messages_are_answered_and_the_end_is_orderly[_closed] "
    "messages_are_answered_and_the_end_is_orderly[_unread]",
    "wrong_keys": "a_pair_that_is_not_taken_is_noted_and_the_one_before_signs[of-the-wrong-world] "
    "a_pair_that_is_not_taken_is_noted_and_the_one_before_signs[half-a-change]",
    "lost_queue": "least_rights_are_no_fault any_queue_is_declared_again[nsw.replies] "
    "any_queue_is_declared_again[adapter.quarantine]",
    "poison": "a_parked_message_passes_when a_message_that_cost_a_worker_its_life",
    "same_dossier": "many_rivals what_waits_in_vain",
    "portal_process": "the_portal_s_process_opens_its_own_key_alone",
    "regressions": "wso2_3771",
    "supervisor": "a_reload_that_waits_for_a_new_worker what_decides_and_cannot_begin a_port_that_is_taken_at_the_start"
    " a_worker_that_hangs a_reload_takes_a_changed_password a_reload_imports_anew a_killed_worker_is_replaced",
    "nothing_left": "with_the_reader_of_the_log_gone",
    "several_doors": "several_web_processes_serve",
    "kill_points": "a_worker_on_sqlite_killed_around_its_commit_loses_and_doubles_nothing[batch.committed] "
    "a_dispatcher_on_sqlite_killed_before_it_marks_repeats_identically[outbox.confirmed] "
    "a_worker_killed_when_its_acknowledgement_has_gone_out "
    "a_worker_killed_after_any_step_loses_and_doubles_nothing[message.verified] "
    "a_worker_killed_after_any_step_loses_and_doubles_nothing[batch.locked] "
    "a_worker_killed_after_any_step_loses_and_doubles_nothing[batch.committing] "
    "a_dispatcher_killed_after_any_step_loses_nothing_and_repeats_identically[outbox.claimed]",
}
"""By the file of tests/crash: what stands in the proof of kills."""
PROVED_TESTS = [
    *(f"{INTEGRATION}/test_servers.py::test_{name}" for name in _OF_SERVERS.split()),
    f"{INTEGRATION}/test_broker.py::test_a_restart_of_the_broker_loses_nothing",
    f"{INTEGRATION}/test_drafts.py::test_what_the_jdk_signs_of_a_draft",
    f"{INTEGRATION}/test_revocation_outage.py::test_an_outage_of_an_authority_delays",
    *(f"{PORTAL}::test_{name}" for name in _IN_THE_PORTAL.split()),
    *(f"{OFFICER}::test_{name}" for name in _OF_AN_OFFICER.split()),
    *(f"tests/unit/test_terminal.py::test_{name}" for name in ("a_terminal_without_vietnamese", "completion_of_the")),
    f"{MINISTRY}::test_the_program_judges_it[wheel]",
    f"{MUTANTS}::test_the_tool_begins_as_it_is_called",
    f"{STORY}::test_on_sqlite_too_the_story_fills",
    f"{MINISTRY}::test_its_declarations_are_answered_signed",
    *(f"tests/crash/test_{file}.py::test_{name}" for file, names in _OF_KILLS.items() for name in names.split()),
]
"""Single tests of that kind, by the beginnings of their names; their file stands in a long proof. What of `make test`
notices the same break: docs/decisions/0021-what-the-suite-costs.md."""
_LEFT_OUT = [*(f"--ignore={file}" for file in PROVED_ALONE), *(f"--deselect={test}" for test in PROVED_TESTS)]


ONE_DATABASE = ["-p", "tests.one_database"]


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
    """The whole suite: those that wait for servers first, so that the others fill the time, and the longest of all. As
    many as run at once: each starts the servers that it asks for, and imports the program."""
    return _without_proved(
        {
            "gateways, doors, pages": [INTEGRATION, *ONE_DATABASE],
            "kills, outages, from queue to queue": [
                *("tests/crash", "tests/acceptance", f"--ignore={MESSAGES}", "tests/demo"),
                *_others(),
            ],
            "modules and rules, fixtures, attacks": ["tests/unit", "tests/architecture", "tests/procedures", MESSAGES],
        }
    )


def _without_proved(chosen: dict[str, list[str]]) -> dict[str, list[str]]:
    """None of them runs what stands in a long proof alone."""
    return {name: [*arguments, *_LEFT_OUT] for name, arguments in chosen.items()}


def _counted() -> list[str]:
    """What goes on for long under the counts of a long proof, and stands in another one."""
    long = ("check_judges", "masked_pages", "walked_pages", "staff_walk", "customs_schema", "declarants_schema")
    return [f"{INTEGRATION}/test_{each}.py" for each in (*long, "message_browser")]


_STARTING_PROCESSES = ("terminal", "cli_start", "log_stderr", "attached_files", "simulator_sign", "supervisor")
_AT_RANDOM = ("data_faults", "odd_arguments", "forms")


def _modules() -> list[str]:
    """Without those whose tests start processes or make keys, and those that draw what they break."""
    left_out = {f"test_{name}.py" for name in (*_STARTING_PROCESSES, *_AT_RANDOM)}
    files = sorted(file.name for file in Path(__file__).parent.glob("unit/test_*.py"))
    return [f"tests/unit/{name}" for name in files if name not in left_out]


QUICK = _without_proved(
    {
        "rules, and a third of the modules": ["tests/architecture", *_modules()[::3]],
        "fixtures and attacks": [
            "tests/procedures",
            "--deselect=tests/procedures/test_mutations.py",
            "--ignore=tests/procedures/test_jdk.py",  # no JDK is installed for it
            "--ignore=tests/procedures/test_first_version.py",
            "--ignore=tests/procedures/test_strangers.py",
        ],
        "other modules": [*_modules()[1::3], *_modules()[2::3]],
    }
)
"""What one runs after each small step: no servers, and every fixture as its procedure has it now. As many parts as
run at once, of one length."""

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
        "every fixture and attack through the broker, and at the portal": [THROUGH_BROKER, DIRECTS],
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
        "the tool of mutants": [MUTANTS],
        "forms filled and read back, data broken, streams of a terminal, every page drawn": [
            "tests/unit/test_forms.py",
            "tests/unit/test_data_faults.py",
            "tests/unit/test_odd_arguments.py",
            "tests/unit/test_terminal.py",
            "tests/unit/test_web_pages.py",
        ],
    },
    "databases": {"on PostgreSQL and on SQLite": [INTEGRATION, *(f"--ignore={file}" for file in _counted())]},
    "kills": {"outages": _of_servers(), "kills": _of_processes()},
    "lives": {
        "any order of messages and acts": ["tests/lives/test_any_order.py"],
        "schedules of messages and portal": ["tests/lives/test_schedules.py"],
        "reconciliation, with kills": ["tests/lives/test_reconciliation.py"],
    },
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
        "every dossier of older versions, the story on SQLite": [OLD_DOSSIERS, STORY],
    },
}
"""The long proofs in full, by the name that `make prove ARGS=<name>` takes; what stands in one runs at once."""
