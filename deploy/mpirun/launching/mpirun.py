"""Mpirun: how an attempt is started, and what its end means."""

import ctypes
import shlex
import signal

from launching.hosts import is_here, ssh_settings

# What mpirun returns when its connection to the daemon of a host breaks, or ssh's.
LOST_CONTACT = (205, 255)

# The daemons' connections are asked for life after 5 seconds of silence, then every second; three unanswered
# questions mean that the host is lost. Open MPI's own values would wait for ever.
SILENCE = {"oob_tcp_keepalive_time": 5, "oob_tcp_keepalive_intvl": 1, "oob_tcp_keepalive_probes": 3}


def keep_saving_if_killed():
    """In the child: if this program dies, mpirun is told to let the run save."""
    ctypes.CDLL(None).prctl(1, signal.SIGUSR1)  # PR_SET_PDEATHSIG


def placement(hosts):
    """mpirun's options that give each rank as many cores as its host has for it."""
    cores = min(host.cores // host.slots for host in hosts)
    if cores < 1:
        return ["--oversubscribe", "--bind-to", "none", "--mca", "mpi_yield_when_idle", "1"]
    return ["--map-by", f"slot:PE={cores}", "--bind-to", "core"]


def mpirun_command(options, hosts, ranks, environment):
    silence = [word for name, value in SILENCE.items() for word in ("--mca", name, str(value))]
    agent = ["--mca", "plm_rsh_agent", " ".join([options.ssh, *ssh_settings(options)])]
    if all(is_here(host) for host in hosts):
        agent = []  # mpirun would insist that it is there
    passed_on = [word for name in sorted(environment) if name.startswith("LOCKSTEP_") for word in ("-x", name)]
    more = [word for option in options.mpirun_option for word in shlex.split(option)]
    return ["mpirun", "--host", ",".join(f"{host.name}:{host.slots}" for host in hosts), "-np", str(ranks),
            *placement(hosts), *agent, *silence, *passed_on, *more,
            options.program, "train", options.job, *options.train_options]


def describe(code):
    """What an exit code of mpirun means, for people."""
    if code < 0:
        return f"mpirun was killed by {signal.Signals(-code).name}"
    if code in LOST_CONTACT:
        return "contact with a host was lost"
    if code > 128 and code - 128 in signal.valid_signals():
        return f"a rank was killed by {signal.Signals(code - 128).name}"
    return {1: "it failed", 4: "the run directory failed", 6: "a rank or the network failed"}.get(
        code, "mpirun could not start it" if code > 6 else "it failed") + f" (exit code {code})"
