"""The command line."""

import argparse
import os
import pathlib
import shlex
import shutil
import subprocess
import sys

from launching.hosts import is_here
from launching.paths import absolute
from launching.refusal import Refused

EPILOG = """
A hostfile has a host a line, with the number of ranks that it shall run: `node1 slots=16`. Each host is asked by ssh,
without a password, before every attempt. A rank gets an equal share of its host's cores; with slots=1 a host runs one
rank with a thread on each core.

exit codes: 0 done; 2 usage or job file, 3 data, 5 training diverged (none of these is tried again); 6 gave up: no
progress, or too few hosts; 75 stopped by a signal after saving: run the same command again to go on
"""


def parse_arguments(description):
    parser = argparse.ArgumentParser(prog=pathlib.Path(sys.argv[0]).name, description=description, epilog=EPILOG,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--hostfile", metavar="FILE", required=True, help="the hosts, one a line: NAME slots=RANKS")
    add("--np", metavar="N", type=positive, help="ranks to start; default: a rank on each slot")
    add("--min-ranks", metavar="N", type=positive, default=1,
        help="wait for hosts rather than train on fewer ranks (default 1)")
    add("--wait-for-hosts", metavar="SECONDS", type=positive, default=600,
        help="how long to wait for enough hosts (default 600)")
    add("--give-up-after", metavar="N", type=positive, default=3,
        help="end after N failures one after the other, without a new checkpoint (default 3)")
    add("--rejoin", action="store_true",
        help="when a host answers again, save, and go on with it; default: take it back at the next restart")
    add("--ask-again", metavar="SECONDS", type=positive, default=10,
        help="how often --rejoin asks hosts that are left out (default 10)")
    add("--probe-timeout", metavar="SECONDS", type=positive, default=10,
        help="a host that has not answered by then is left out (default 10)")
    add("--save-timeout", metavar="SECONDS", type=positive, default=300,
        help="a run that was asked to save has so long until it is killed (default 300)")
    add("--program", metavar="PATH", help="lockstep, the same on all hosts; default: beside this program, then in PATH")
    add("--ssh", metavar="COMMAND", default="ssh", help='how to reach a host, such as "ssh -p 2222" (default ssh)')
    add("--mpirun-option", metavar="OPTION", action="append", default=[],
        help='more for mpirun, such as --mpirun-option="--mca btl_tcp_if_include eth0"; may be repeated')
    add("job", metavar="JOB", help="job file")
    add("train_options", metavar="...", nargs=argparse.REMAINDER, help="options of `lockstep train`")
    options = parser.parse_args()
    program = options.program or find_program()
    if not program:
        raise Refused("found no program lockstep: build it, install it, or give its path with --program")
    options.program = absolute(program)
    if not os.access(options.program, os.X_OK):
        raise Refused(f"there is no program {options.program} on this host")
    for option in options.mpirun_option:
        split_words("--mpirun-option", option)
    check_order(options)
    check_mpirun()
    return options


def check_order(options):
    own = {"--" + name.replace("_", "-") for name in vars(options)} - {"--give-up-after"}  # which train has, too
    for word in options.train_options:
        if word.split("=")[0] in own:
            raise Refused(f"{word} stands behind the job file, where the options of `lockstep train` are: move it "
                          "before the job file")


def split_words(option, text):
    """The words of an option that holds a command, or a part of one."""
    try:
        return shlex.split(text)
    except ValueError as error:
        raise Refused(f"{option} {text!r}: {error}") from error


def check_ssh(options, hosts):
    words = split_words("--ssh", options.ssh)
    if all(is_here(host) for host in hosts):
        return  # nobody needs it
    if not words or not shutil.which(words[0]):
        raise Refused(f"--ssh {options.ssh!r}: there is no such program on this host: install openssh-client, or name "
                      "another that does the same")
    if ":" in options.ssh:
        raise Refused(f"--ssh {options.ssh!r}: mpirun takes what follows a colon for another command; put it into "
                      "~/.ssh/config, where the hosts' names stand for it")


def check_mpirun():
    if not shutil.which("mpirun"):
        raise Refused("there is no mpirun on this host: install openmpi-bin")
    version = subprocess.run(["mpirun", "--version"], capture_output=True, text=True, check=False).stdout
    if "Open MPI" not in version:
        raise Refused(f"{shutil.which('mpirun')} is not Open MPI's mpirun, which this program needs: put that first in "
                      "the PATH")


def find_program():
    """The program beside `launch` where it is installed, of the tree where that is in a tree, or of the PATH."""
    for path in (absolute(sys.argv[0]), os.path.realpath(sys.argv[0])):
        here = pathlib.Path(path).parent
        for candidate in (here / "lockstep", here.parent.parent / "build/release/lockstep"):
            if os.access(candidate, os.X_OK):
                return str(candidate)
    return shutil.which("lockstep")


def positive(text):
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, is {number}")
    return number
