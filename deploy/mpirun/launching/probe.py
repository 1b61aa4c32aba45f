"""What a host is asked before it takes part."""

import hashlib
import os
import pathlib
import re
import signal
import subprocess
import time

from launching.hosts import on_host
from launching.paths import working_directory

# What a host is asked. $1: the working directory, $2: the program, $3: a file in the run directory, if that is known.
QUESTION = r"""
refuse() {
  echo "$*"
  exit 1
}
cd "$1" 2>/dev/null || refuse "it has no directory $1: start from one on a file system that all hosts share"
[ -x "$2" ] || refuse "it has no program $2: install it there, or give the path of one that all hosts share" \
  "with --program"
[ -z "$3" ] || [ -e "$3" ] || refuse "it sees another directory, or none, as $(dirname "$3"), where the run is kept:" \
  "choose one that all hosts share, with --set output_directory=..., or mount it there"
complaint=$("$2" --version 2>&1) || refuse "$2 does not run there: $complaint"
echo "build $(sha256sum <"$2" | cut -d ' ' -f 1)"
cpus=$(nproc); cores=$(lscpu -p=CORE,SOCKET 2>/dev/null | grep -v '^#' | sort -u | wc -l)
[ "$cores" -ge 1 ] && [ "$cores" -le "$cpus" ] || cores=$cpus
echo "cores $cores"
"""


class Probe:
    """A question to a host, under way. Whether it answers, has the program, and how many cores."""

    def __init__(self, host, options, token):
        self.host = host
        self._timeout = options.probe_timeout
        self._deadline = time.monotonic() + self._timeout
        question = on_host(host, options, ["sh", "-c", QUESTION, "sh", working_directory(), options.program,
                                           str(token or "")])
        self._process = subprocess.Popen(question, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                                         stderr=subprocess.STDOUT, start_new_session=True)
        self.reachable = False
        self.problem = ""  # why the host cannot take part
        self.build = ""    # the digest of its program

    def finished(self):
        """Whether the host has answered, or has had its time."""
        if self._process.stdout.closed:
            return True
        if self._process.poll() is None:
            if time.monotonic() < self._deadline:
                return False
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.stdout.close()  # and nothing is waited for: who hangs in a file system cannot be killed
            self.problem = f"does not answer within {self._timeout} s"
        else:
            self._read(self._process.communicate()[0].strip())
        return True

    def _read(self, answer):
        code = self._process.returncode
        last_line = (answer.splitlines() or [f"exit code {code}"])[-1]
        self.reachable = code not in (255, -signal.SIGKILL)
        if not self.reachable:
            self.problem = f"does not answer ({last_line})"
        elif code != 0:
            self.problem = last_line
        elif facts := re.search(r"^build (\w+)\ncores (\d+)$", answer, re.MULTILINE):  # others may speak there too
            self.build, self.host.cores = facts.group(1), int(facts.group(2))
        else:
            self.problem = f"gives no answer that makes sense, but: {last_line}"


def digest(path):
    try:
        return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()
    except OSError:
        return ""


def compare_builds(probes, program):
    """Other builds compute other bytes: all hosts must have what is here."""
    wanted = digest(program) or next((probe.build for probe in probes if probe.build), "")
    for probe in probes:
        if probe.build and probe.build != wanted:
            probe.problem = (f"its {program} is another build (sha256 {probe.build[:12]}…, here {wanted[:12]}…): "
                             "install the same one on all hosts")
