"""The demonstration's moving parts on this machine: programs, the mailbox, and the way without Prometheus."""

import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import requests

from offkey.app.demo import fallback
from offkey.app.demo.loopback import Loopback
from offkey.app.demo.processes import Programs, find_program, free_port, session, uninterrupted
from offkey.app.demo.real import OFFKEY
from offkey.app.demo.scenario import outage_at
from offkey.app.demo.screen import Screen
from offkey.app.demo.webhook import Catcher
from offkey.core.errors import ProgramFailed

pytestmark = pytest.mark.e2e

SLEEPS = (sys.executable, "-c", "import time; time.sleep(600)")


def is_alive(pid):
    """Whether a process runs; one that nobody has waited for yet does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def eventually(claim, seconds=20.0):
    """Wait until a claim holds."""
    deadline = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_programs_end_with_their_children(tmp_path):
    """Leaving the block ends a program that refuses to end, and what it started itself."""
    script = (
        "import signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        f"child = subprocess.Popen([sys.executable, '-c', {SLEEPS[2]!r}]);"
        "print(child.pid, flush=True); time.sleep(600)"
    )
    log = tmp_path / "logs" / "stubborn.log"
    with Programs(tmp_path / "logs", patience=0.5) as programs:
        programs.start("stubborn", [sys.executable, "-c", script])
        eventually(lambda: log.read_text().strip())
        child = int(log.read_text())
        assert is_alive(child)
    eventually(lambda: not is_alive(child))


def test_an_interrupt_waits_until_a_program_is_known(tmp_path):
    """Ctrl-C in the moment of a start reaches this process after it, so that the program is ended too."""
    with pytest.raises(KeyboardInterrupt), Programs(tmp_path) as programs:
        with uninterrupted():
            signal.raise_signal(signal.SIGINT)
            programs.start("server", SLEEPS)
            (pid,) = programs.running()
            assert is_alive(pid)
        pytest.fail("the interrupt was lost")
    assert not is_alive(pid)


def test_a_program_that_ends_is_told_with_its_last_words(tmp_path):
    """Check, wait and finish name the program, its code and its log."""
    words = r"weak ended with code 3; see .*weak\.log\n  I cannot go on"
    with Programs(tmp_path) as programs:
        programs.start("weak", [sys.executable, "-c", "import sys; print('I cannot go on'); sys.exit(3)"])
        with pytest.raises(ProgramFailed, match=words):
            programs.wait("weak", lambda: False, 20.0)
        with pytest.raises(ProgramFailed, match=words):
            programs.finish("weak", 5.0)


def test_waiting_has_an_end(tmp_path):
    """A program that is never ready, or never done, is given up."""
    with Programs(tmp_path) as programs:
        programs.start("slow", SLEEPS)
        with pytest.raises(ProgramFailed, match=r"slow was not ready within 0\.3 s; see"):
            programs.wait("slow", lambda: False, 0.3)
        with pytest.raises(ProgramFailed, match=r"slow did not finish within 0\.1 s; see"):
            programs.finish("slow", 0.1)


def test_a_brief_program_may_end_while_others_are_waited_for(tmp_path):
    """It ends well, and the check goes on; its folder of tools stands first on its PATH."""
    script = "import os; print(os.environ['PATH'])"
    with Programs(tmp_path, tmp_path / "tools") as programs:
        programs.start("brief", [sys.executable, "-c", script], is_brief=True)
        programs.finish("brief", 20.0)
        programs.start("again", [sys.executable, "-c", "pass"], is_brief=True)
        programs.start("server", SLEEPS)
        programs.wait("server", lambda: True, 5.0)
        programs.check()
    assert (tmp_path / "brief.log").read_text().startswith(f"{tmp_path / 'tools'}{os.pathsep}")


def test_a_program_that_is_not_there_is_told(tmp_path):
    """Finding says None, starting says why not."""
    assert find_program("no-such-program", tmp_path) is None
    with Programs(tmp_path) as programs, pytest.raises(ProgramFailed, match="no-such-program: cannot be started"):
        programs.start("nothing", [str(tmp_path / "no-such-program")])


def test_a_taken_port_is_avoided():
    """The preferred port is given only when nobody listens on it."""
    with Loopback(0, {}) as taken:
        assert free_port(taken.port) != taken.port
        port = taken.port
    assert free_port(port) == port


def test_the_mailbox_takes_notifications_and_shows_texts():
    """GET reads a text, POST leaves a notification; all else is refused."""
    catcher, client = Catcher(), session()
    with Loopback(0, {"/metrics": lambda: "up 1\n"}, catcher.take) as server:
        address = f"http://127.0.0.1:{server.port}"
        answer = client.get(f"{address}/metrics", timeout=5)
        assert (answer.status_code, answer.text) == (200, "up 1\n")
        assert client.get(f"{address}/other", timeout=5).status_code == 404
        alert = {"status": "firing", "labels": {"alertname": "A"}, "annotations": {}}
        assert client.post(address, json={"alerts": [alert]}, timeout=5).status_code == 200
        assert client.post(address, data=b"nonsense", timeout=5).status_code == 400
    assert [page.name for page in catcher.pages] == ["A"]
    with pytest.raises(requests.ConnectionError):
        client.get(address, timeout=5)


def test_whoever_stops_waiting_leaves_no_traceback(capfd):
    """On a busy machine a scrape gives up before its answer is there; the screen is the show's alone."""
    gone = threading.Event()
    texts = {"/metrics": lambda: "up 1\n" * 1_000_000 if gone.wait(5) else ""}
    with Loopback(0, texts) as server:
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            client.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # closing is a reset
            eventually(lambda: any("process_request" in one.name for one in threading.enumerate()), 5.0)
        gone.set()
        eventually(lambda: not any("process_request" in one.name for one in threading.enumerate()), 5.0)
    assert capfd.readouterr().err == ""


def test_ctrl_c_while_it_is_set_up_ends_everything(tmp_path):
    """The code is 130, nothing that was started is left, and the logs stay."""
    command = [*OFFKEY, "demo", "--folder", str(tmp_path)]
    said = tmp_path / "said.txt"
    with said.open("w") as words, subprocess.Popen(command, stderr=words, start_new_session=True) as demo:
        family = Path(f"/proc/{demo.pid}/task/{demo.pid}/children")
        eventually(lambda: (tmp_path / "logs" / "offkey.log").exists() or demo.poll() is not None, 100.0)
        assert demo.poll() is None, said.read_text()
        children = [int(pid) for pid in family.read_text().split()]
        demo.send_signal(signal.SIGINT)
        assert demo.wait(30.0) == 130
    assert len(children) >= 2
    assert not any(map(is_alive, children))
    assert (tmp_path / "logs" / "import.log").exists()


def test_without_prometheus_the_outage_is_found_in_recorded_answers(tmp_path):
    """Of all that offkey learns from the recording, card payments in Europe are off and nothing else."""
    outage = outage_at(int(time.time()) // 60 * 60 - 240)
    with fallback.set_up(tmp_path, Screen(), outage) as stand:
        view = stand.look(time.time())
        assert len(view.signals) == 10
        assert all(outage.touches(off.labels) for off in view.off)
        judgement = stand.judge(outage)
        assert judgement.is_good, judgement.problems
        stand.check()
