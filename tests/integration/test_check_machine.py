"""`check` on the machine that it runs on: ports, the state folder, and what it says while it takes long."""

from __future__ import annotations

import io
import json
import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from adapter.bootstrap import Components
from adapter.cli import app
from adapter.cli.inspection import _machine
from adapter.cli.steps import Steps
from adapter.entrypoints.health import Health
from adapter.gateways.state_folder import unwritable
from adapter.settings import load_settings
from tests.harness import configuration

NOBODY = 65534


@pytest.fixture(autouse=True)
def _nothing_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("NSW_")]:
        monkeypatch.delenv(name)


@contextmanager
def taken() -> Iterator[int]:
    """A port that another program listens on."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


def said(config: Path) -> dict[str, list[str]]:
    """What `check` says of the machine: its texts by their weight."""
    told: dict[str, list[str]] = {"fault": [], "warning": []}
    for remark in _machine(Components(load_settings(config))):
        told[remark.weight.value].append(remark.text)
    return told


def served(folder: Path, **web: object) -> Path:
    stated = {"web.portal.host": "127.0.0.1", "web.portal.enabled": True}
    stated |= {f"web.{name}" if name == "health_port" else f"web.portal.{name}": value for name, value in web.items()}
    return configuration.write(folder, stated)


def test_free_ports_and_a_folder_that_can_be_written_are_no_fault(tmp_path: Path) -> None:
    assert said(served(tmp_path)) == {"fault": [], "warning": []}


def test_a_health_port_that_is_taken_is_a_fault(tmp_path: Path) -> None:
    with taken() as port:
        told = said(served(tmp_path, health_port=port))
    (fault,) = told["fault"]
    assert fault.startswith(f"web.health_port: 127.0.0.1:{port} cannot be listened on (another program listens there)")


def test_a_port_of_the_second_door_that_is_taken_is_a_warning_because_the_others_serve(tmp_path: Path) -> None:
    with taken() as port:
        told = said(served(tmp_path, port=port))
        closed = said(served(tmp_path, port=port, enabled=False))
    (warning,) = told["warning"]
    assert warning.startswith(f"web.portal.port: 127.0.0.1:{port} cannot be listened on")
    assert (told["fault"], closed) == ([], {"fault": [], "warning": []})


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid"])
def test_a_host_that_is_not_of_this_machine_is_told(host: str, tmp_path: Path) -> None:
    told = said(served(tmp_path, host=host, health_port=18081))
    assert [text.split(" cannot")[0] for text in told["fault"]] == [f"web.health_port: {host}:18081"]


def test_beside_a_running_daemon_its_own_ports_are_no_fault(tmp_path: Path) -> None:
    health = Health("127.0.0.1", 0)
    health.start()
    try:
        with taken() as port:  # as its web process would
            assert said(served(tmp_path, health_port=health.port, port=port)) == {"fault": [], "warning": []}
    finally:
        health.stop()


def test_a_state_folder_that_is_none_is_told_whatever_the_database(tmp_path: Path) -> None:
    config = served(tmp_path)
    (tmp_path / "state").write_text("")
    url = "postgresql+psycopg://adapter@127.0.0.1:1/nsw"
    configuration.edit(config, lambda stated: stated["database"].update(url=url))
    configuration.edit(config, lambda stated: stated["folders"].update(state=str(tmp_path / "state")))
    (fault,) = said(config)["fault"]
    assert fault.startswith(f"folders.state: {tmp_path / 'state'}: it is no folder, so what is fetched of revocation")


def test_a_state_folder_that_this_user_may_not_write_is_told() -> None:
    """Not below pytest's own folder, which other users may not even look into."""
    with tempfile.TemporaryDirectory(prefix="state-") as folder:
        os.chmod(folder, 0o555)
        place = Path(folder)
        if os.geteuid() == 0:
            os.seteuid(NOBODY)
        try:
            assert unwritable(place) == unwritable(place / "of" / "later") == "this user may not write into it"
        finally:
            if os.getuid() == 0:
                os.seteuid(0)
        assert os.geteuid() != 0 or unwritable(place) is None


def test_a_file_system_that_only_reads_is_told_as_that(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test may mount: the kernel's answer is put in its place."""
    stands = os.statvfs(tmp_path)
    only_reads = os.statvfs_result((*stands[:8], stands.f_flag | os.ST_RDONLY, stands.f_namemax))
    monkeypatch.setattr(os, "statvfs", lambda _: only_reads)
    assert unwritable(tmp_path) == "its file system can only be read"


def test_at_a_terminal_each_step_is_a_line_on_stderr_and_none_on_stdout(tmp_path: Path) -> None:
    master, slave = os.openpty()
    said = io.StringIO()
    try:
        with taken() as port, os.fdopen(slave, "w") as terminal, redirect_stdout(said), redirect_stderr(terminal):
            config = served(tmp_path, health_port=port)
            with pytest.raises(SystemExit) as done:
                app(["check", "--offline", "--json", "--config", str(config)])
            terminal.flush()
            os.set_blocking(master, False)
            lines = os.read(master, 65536).decode().splitlines()
    finally:
        os.close(master)
    assert {"looking at the configuration …", "looking at our keys …"} <= set(lines)
    told = [remark["text"] for remark in json.loads(said.getvalue())["remarks"]]
    told = [text for text in told if "add the yearly decision" not in text]  # in December of the year to come
    assert (done.value.code, [text.split(":")[0] for text in told]) == (1, ["web.health_port"])


def test_off_a_terminal_only_a_step_that_takes_long_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    quick, slow = Steps(after_s=600), Steps(after_s=0)
    for step in ("one", "two"):
        quick(step)
    quick.done()
    assert capsys.readouterr().err == ""
    slow("three")
    assert slow._timer is not None
    slow._timer.join(timeout=60)
    assert capsys.readouterr().err == "looking at three …\n"


def test_a_folder_of_telephone_numbers_that_a_web_server_carries_is_a_fault(tmp_path: Path) -> None:
    """Also where nobody has stated it: it lies in the state folder, which then lies wrong."""
    config = configuration.write(tmp_path, {"portal_failure.carried": [str(tmp_path)]})
    (told,) = said(config)["fault"]
    assert "which a web server carries" in told
