"""Attempts, one after the other."""

import datetime
import os
import signal
import socket
import subprocess
import sys
import time

from launching.arguments import check_ssh
from launching.hosts import check_ranks, names, read_hostfile
from launching.mpirun import describe, keep_saving_if_killed, mpirun_command
from launching.probe import Probe, compare_builds
from launching.refusal import DATA, DONE, FINAL, GAVE_UP, STOPPED, Refused
from launching.run_directory import find_run_directory, holds_lock, place_token, saved_step

POLL_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 60


def log(text):
    print(f"{datetime.datetime.now():%Y-%m-%d %H:%M:%S} launch: {text}", file=sys.stderr, flush=True)


class Launcher:
    """Attempts, one after the other, until the job is done or nothing helps."""

    def __init__(self, options):
        self._options = options
        self._hosts = read_hostfile(options.hostfile)
        check_ranks(options, self._hosts)
        check_ssh(options, self._hosts)
        self._launch = f"launch-{socket.gethostname()}-{os.getpid()}-{int(time.time())}"
        self._directory = None  # the run's; None: not known yet
        self._token = None
        self._signals = []   # that have come and were not looked at yet
        self._stopping = ""  # the name of the first one
        self._must_save = False  # the run is to be asked to save, once it runs
        self._attempt = 0
        self._ranks = 0
        self._process = None
        self._returning = []     # questions to hosts that are left out, under way
        self._next_question = 0  # when to ask them again
        self._rejoining = ""     # why the run was asked to save, if not by a signal
        self._kill_at = None     # when to kill a run that does not end
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1):
            signal.signal(number, lambda received, frame: self._signals.append(received))

    def run(self):
        """The exit code."""
        try:
            self._find_directory()
        except Refused as refused:
            if refused.code != DATA:  # the hosts may have it
                raise
        hosts = self._gather()
        if not self._directory:
            self._find_directory(hosts[0])
            hosts = self._gather()
        saved = saved_step(self._directory)
        failures = 0  # one after the other, without a new checkpoint
        reason = ""
        while True:
            code = self._run_attempt(hosts, reason)
            if code in FINAL or self._stopping or (code == STOPPED and not self._rejoining):
                return self._ended(code)
            before, saved = saved, saved_step(self._directory)
            # Where another launch trains this job, what is saved is none of this one's progress.
            own = holds_lock(self._directory, self._launch, self._attempt)
            if code == STOPPED:
                failures, reason = 0, self._rejoining
            else:
                failures, reason = 0 if own and saved > before else failures + 1, describe(code)
                log(f"attempt {self._attempt} ended: {reason}; " +
                    (f"saved is step {saved}" if saved >= 0 else "nothing is saved yet"))
                if failures == self._options.give_up_after:
                    raise Refused(f"gave up: {failures} failures one after the other, without a new checkpoint of its "
                                  "own", GAVE_UP)
                self._pause(min(2 ** failures, LONGEST_PAUSE_SECONDS))
            hosts = self._gather()

    def _find_directory(self, host=None):
        try:
            directory = find_run_directory(self._options, host)
        finally:
            self._pause(0)  # ^C has ended the program that was asked, too
        self._directory, self._token = directory, place_token(directory, self._launch)

    def _ended(self, code):
        if self._stopping and code not in (*FINAL, STOPPED):
            log(f"ended by {self._stopping} before it had saved ({describe(code)}); what counts is the last checkpoint")
            return STOPPED
        log({DONE: "done", STOPPED: "stopped and saved; run the same command again to go on"}.get(
            code, f"exit code {code}: trying again would not help"))
        return code

    # Between attempts

    def _gather(self):
        """The hosts that answer now, as soon as they have enough slots."""
        deadline = time.monotonic() + self._options.wait_for_hosts
        while True:
            self._ask_all()
            hosts = [host for host in self._hosts if not host.missing]
            slots = sum(host.slots for host in hosts)
            if slots >= self._options.min_ranks and hosts:
                return hosts
            log(f"waiting for hosts: those that answer ({names(hosts)}) have {slots} slots, "
                f"needed are {self._options.min_ranks}")
            if time.monotonic() > deadline:
                raise Refused(f"gave up: too few hosts have answered for {self._options.wait_for_hosts} s; repair "
                              "them, or ask for less with --min-ranks", GAVE_UP)
            self._pause(5)

    def _ask_all(self):
        probes = [Probe(host, self._options, self._token) for host in self._hosts]
        while not all([probe.finished() for probe in probes]):
            self._pause(POLL_SECONDS)
        compare_builds(probes, self._options.program)
        unfit = [probe for probe in probes if probe.problem and probe.reachable]
        if unfit and self._attempt == 0:
            raise Refused("\n".join(f"{probe.host.name}: {probe.problem}" for probe in unfit))
        for probe in probes:
            self._note(probe)

    def _note(self, probe):
        """Logs what has changed for the host."""
        host = probe.host
        if probe.problem and (probe.reachable or not host.missing):
            log(f"{host.name} is left out: {probe.problem}")
        if host.missing and not probe.problem:
            log(f"{host.name} answers again")
        host.missing = probe.problem

    def _pause(self, seconds):
        """Sleeps, but not through a signal: between attempts there is nothing to save."""
        end = time.monotonic() + seconds
        while not self._signals and time.monotonic() < end:
            time.sleep(min(POLL_SECONDS, seconds))
        if self._signals:
            raise Refused(f"ended by {signal.Signals(self._signals[0]).name} while no run was going; "
                          "run the same command again to go on", STOPPED)

    # During an attempt

    def _run_attempt(self, hosts, reason):
        """mpirun's exit code."""
        self._attempt += 1
        self._rejoining, self._must_save, self._kill_at, self._returning = "", False, None, []
        self._ranks = min(self._options.np or sys.maxsize, sum(host.slots for host in hosts))
        environment = {**os.environ, "LOCKSTEP_LAUNCH": self._launch, "LOCKSTEP_ATTEMPT": str(self._attempt)}
        environment.pop("LOCKSTEP_RESTART_REASON", None)
        if reason:
            environment["LOCKSTEP_RESTART_REASON"] = reason.replace(";", ",")  # mpirun's -x cuts at semicolons
        log(f"attempt {self._attempt}: {self._ranks} ranks on {names(hosts)}" +
            (f", because {reason}" if reason else ""))
        command = mpirun_command(self._options, hosts, self._ranks, environment)
        self._process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, start_new_session=True,
                                         preexec_fn=keep_saving_if_killed)
        while (code := self._process.poll()) is None:
            self._look_at_signals()
            self._look_for_returning_hosts()
            self._have_it_saved()
            time.sleep(POLL_SECONDS)
        return code

    def _look_at_signals(self):
        while self._signals:
            received = signal.Signals(self._signals.pop(0)).name
            if not self._stopping:
                log(f"{received}: the run saves and ends; a second one ends it at once")
                self._stopping, self._rejoining = received, ""
                self._ask_to_save()
            elif received != "SIGUSR1":
                log(f"{received} again: ending the run at once")
                self._kill_run()

    def _ask_to_save(self):
        if self._kill_at is None:
            self._must_save = True
            self._kill_at = time.monotonic() + self._options.save_timeout

    def _have_it_saved(self):
        """While it starts ranks, mpirun loses signals, or dies of them; then there is nothing to save either."""
        if self._must_save and holds_lock(self._directory, self._launch, self._attempt):
            self._must_save = False
            self._process.send_signal(signal.SIGUSR1)
        if self._kill_at is not None and time.monotonic() > self._kill_at:
            log(f"the run has not saved within {self._options.save_timeout} s: ending it")
            self._kill_at = None
            self._kill_run()

    def _kill_run(self):
        """TERM first: then mpirun still ends the ranks itself, which takes it two seconds where all hosts answer."""
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def _look_for_returning_hosts(self):
        if not self._options.rejoin or self._kill_at is not None or self._ranks == self._options.np:
            return
        if not self._returning and time.monotonic() > self._next_question:
            self._returning = [Probe(host, self._options, self._token) for host in self._hosts if host.missing]
        if self._returning and all([probe.finished() for probe in self._returning]):
            compare_builds(self._returning, self._options.program)
            back = [probe.host for probe in self._returning if not probe.problem]
            self._returning, self._next_question = [], time.monotonic() + self._options.ask_again
            if back:
                self._rejoining = f"back again: {names(back)}"
                log(f"{self._rejoining}; the run saves, and goes on with more ranks")
                self._ask_to_save()
