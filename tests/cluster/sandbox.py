"""Runs a test in namespaces of its own (processes, network, mounts, host name, shared memory), as root of them.

Whatever the test starts, mounts or configures in there, the kernel takes away when the test ends, however it
ends; nothing of the machine outside changes, and two tests at once do not meet. Inside:
 - this process is on the machine `login`, with a network that has nothing but `lo`;
 - /tmp, /run and /dev/shm are empty; /etc/hosts may be written;
 - bash is process 1 and reaps what is orphaned.
"""

import os
import pathlib
import subprocess
import sys
import unittest

LOGIN = "login"
SKIPPED = 77  # CTest's SKIP_RETURN_CODE

NAMESPACES = ["unshare", "--pid", "--net", "--mount", "--uts", "--ipc", "--fork", "--kill-child=KILL",
              "--mount-proc", "--propagation", "private", "--"]

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Bash: hides what is in /dev/shm, /tmp and /run. $@: directories that stay visible, even if they are in there.
HIDE = """
hide() {
  local directory number=0
  mount -t tmpfs private /dev/shm
  for directory; do
    number=$((number + 1))
    mkdir -p "/dev/shm/visible/$number"
    mount --rbind "$directory" "/dev/shm/visible/$number"
  done
  mount -t tmpfs private /tmp
  chmod 1777 /tmp
  mount -t tmpfs private /run
  number=0
  for directory; do
    number=$((number + 1))
    mkdir -p "$directory"
    mount --move "/dev/shm/visible/$number" "$directory"
    rmdir "/dev/shm/visible/$number"
  done
  rmdir /dev/shm/visible
}
"""

# $1: how many directories stay visible; $2 ...: these; then the command that runs inside.
INSIDE = f"""
set -e
{HIDE}
hostname {LOGIN}
hide "${{@:2:$1}}"
shift $(($1 + 1))
mount -t sysfs sysfs /sys  # the one outside shows the network outside
cp /etc/hosts /run/hosts
mount --bind /run/hosts /etc/hosts
ip link set lo up
set +e
"$@"
exit $?
"""

_MARK = "LOCKSTEP_SANDBOX"

arguments = []  # what the test was given on its command line, before unittest's own arguments


def visible():
    """The directories that all nodes see wherever they are: this repository, and those of the arguments."""
    directories = {str(ROOT)}
    for argument in sys.argv[1:] + arguments:
        if os.path.isfile(argument):
            directories.add(os.path.dirname(os.path.realpath(argument)))
    return sorted(directories)


def _inside(*command):
    directories = visible()
    return [*NAMESPACES, "bash", "-c", INSIDE, "sandbox", str(len(directories)), *directories, *command]


def _why_not():
    """Why there can be no sandbox here; empty if there can be one."""
    if os.getuid() != 0:
        return "only root may make namespaces with network devices"
    probe = subprocess.run(_inside("true"), text=True, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    return probe.stderr.strip() if probe.returncode else ""


def _enter():
    """Starts this program again, inside. Does not return: whoever kills the program kills all that is inside."""
    reason = _why_not()
    if reason:
        must = os.environ.get("CI") == "true"
        print(f"{'FAILED' if must else 'SKIPPED'}: a cluster of namespaces cannot be made here: {reason}\n"
              "Run this as root, in a container with the capability SYS_ADMIN (docker run --privileged).",
              file=sys.stderr)
        sys.exit(1 if must else SKIPPED)
    os.execvpe("unshare", _inside(sys.executable, "-B", *sys.argv), {**os.environ, _MARK: "1"})


def main(argument_count):
    """Runs the tests of the calling program in a sandbox.

    Its first `argument_count` arguments are kept in `arguments`, the others are unittest's.
    """
    if _MARK not in os.environ:
        _enter()
    del os.environ[_MARK]
    os.environ.pop("LOCKSTEP_DATA", None)  # nodes have the data that a test gives them
    for _ in range(argument_count):
        arguments.append(sys.argv.pop(1))
    unittest.main(verbosity=2)
