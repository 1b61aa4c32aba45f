"""deploy/mpirun/launch at work, and what it says."""

import re
import subprocess
import threading
import time

from nodes import wait_until


class LaunchedRun:
    """`deploy/mpirun/launch OPTIONS...` on the login node of a ClusterTest. All of its output is kept, line by line."""

    def __init__(self, test, *options):
        self._test = test
        self._process = test.cluster.start("login", "deploy/mpirun/launch", *options, stdout=subprocess.PIPE,
                                           stderr=subprocess.STDOUT, text=True)
        self.lines = []  # (when it came, text)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def output(self):
        return "\n".join(line for _, line in self.lines)

    def send_signal(self, number):
        self._process.send_signal(number)

    def wait_for_line(self, pattern, count=1):
        """When the line number `count` that holds the pattern came. Fails if the launch ends without it."""
        def came():
            ended = not self._reader.is_alive()
            times = [when for when, line in self.lines if re.search(pattern, line)]
            if ended and len(times) < count:
                self._test.fail(f"ended without line {count} of {pattern!r}:\n{self.output}")
            return times[count - 1] if len(times) >= count else None
        return wait_until(came, f"{pattern!r}, {count} times, in\n{self.output}")

    def wait_for_checkpoint_after(self, step):
        """Returns the step of the run's newest checkpoint once that is beyond `step`."""
        def newer():
            if not self._reader.is_alive():
                self._test.fail(f"ended before a checkpoint beyond step {step}:\n{self.output}")
            newest = self._test.saved_step()
            return newest if newest > step else None
        return wait_until(newer, f"a checkpoint beyond step {step}; so far:\n{self.output}")

    def finish(self, expect=0, timeout=120):
        """Waits for the end; fails unless the exit code is `expect`."""
        code = self._process.wait(timeout)
        self._reader.join()
        self._test.assertEqual(code, expect, self.output)

    def _read(self):
        with self._process.stdout:
            for line in self._process.stdout:
                self.lines.append((time.monotonic(), line.rstrip("\n")))
