"""The hosts of a hostfile, and how to reach them."""

import dataclasses
import functools
import pathlib
import re
import shlex
import socket

from launching.refusal import Refused


@dataclasses.dataclass
class Host:
    name: str
    slots: int
    cores: int = 0      # as the host has last said
    missing: str = ""   # why it is left out; empty while it takes part


def read_hostfile(path):
    try:
        lines = pathlib.Path(path).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        raise Refused(f"--hostfile: {error}") from error
    hosts = []
    for number, line in enumerate(lines, start=1):
        words = line.split("#")[0].split()
        if words:
            hosts.append(read_host(words, f"{path}:{number}"))
            if any(host.name == hosts[-1].name for host in hosts[:-1]):
                raise Refused(f"{path}:{number}: {hosts[-1].name} is there twice: add its slots up in one line")
    if not hosts:
        raise Refused(f"{path}: has no hosts; write one a line, such as: node1 slots=16")
    return hosts


def read_host(words, place):
    name, *settings = words
    if not re.fullmatch(r"[\w.-]+", name, re.ASCII):
        raise Refused(f"{place}: {name} is not the name of a host, or its IPv4 address, as mpirun takes it. Write a "
                      "host a line, such as: node1 slots=16 (and users and ports into ~/.ssh/config)")
    slots = ""
    for setting in settings:
        word, _, value = setting.partition("=")
        if word not in ("slots", "max_slots", "max-slots"):
            raise Refused(f"{place}: what does {setting} mean? Write: {name} slots=N")
        slots = value if word == "slots" else slots
    if not slots.isdecimal() or int(slots) < 1:
        raise Refused(f"{place}: how many ranks shall {name} run? Write: {name} slots=N")
    return Host(name, int(slots))


def check_ranks(options, hosts):
    slots = sum(host.slots for host in hosts)
    for name, ranks in (("--np", options.np), ("--min-ranks", options.min_ranks)):
        if ranks and ranks > slots:
            raise Refused(f"{name} {ranks}: the hosts of {options.hostfile} have {slots} slots in all "
                          f"({', '.join(f'{host.name} {host.slots}' for host in hosts)}): add hosts or slots there, "
                          "or ask for fewer ranks")
    if options.np and options.np < options.min_ranks:
        raise Refused(f"--np {options.np} is less than --min-ranks {options.min_ranks}")


def names(hosts):
    return " ".join(host.name for host in hosts) or "none"


@functools.lru_cache(maxsize=None)
def own_names():
    return ("localhost", socket.gethostname(), socket.getfqdn())  # the last one may ask a server


def is_here(host):
    return host.name in own_names()


def ssh_settings(options):
    """Ssh's options with which it asks nothing, and waits neither for a host nor on one for ever."""
    return ["-o", "BatchMode=yes", "-o", f"ConnectTimeout={options.probe_timeout}", "-o", "ServerAliveInterval=5"]


def on_host(host, options, command):
    """The command that runs a command on a host."""
    if is_here(host):
        return command
    return [*shlex.split(options.ssh), *ssh_settings(options), host.name, shlex.join(command)]
