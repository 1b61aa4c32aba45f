"""How the commands here run the program: over mpirun, a core for each rank, one thread each, answers as JSON."""

import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
LOCKSTEP = ROOT / "build/release/lockstep"
CORE_EACH = ("--map-by", "core", "--bind-to", "core")
ENVIRONMENT = {**os.environ, "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
               "OPENBLAS_NUM_THREADS": "1"}


def job_file(name):
    return ROOT / f"deploy/jobs/{name}.textproto"


def start(ranks, command, job, *options, settings=(), placement=CORE_EACH, core=None, cwd=None):
    """A running `lockstep COMMAND JOB`, for `answer`. With `core`: all of its ranks on that core."""
    pinning = [] if core is None else ["taskset", "--cpu-list", core]
    words = [*pinning, "mpirun", "-np", ranks, *(("--bind-to", "none") if pinning else placement), LOCKSTEP, command,
             job_file(job), "--json", "--threads", 1, *options]
    for setting in settings:
        words += ["--set", setting]
    return subprocess.Popen([str(word) for word in words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            cwd=cwd, env=ENVIRONMENT)


def answer(run):
    """What it says when it has ended; if it has failed, this program ends with its complaint."""
    said, complaint = run.communicate()
    if run.returncode != 0:
        sys.exit(f"{complaint}exit code {run.returncode} of: {' '.join(run.args)}")
    return json.loads(said)


def bench(ranks, job, steps, *options, settings=(), placement=CORE_EACH):
    """The answer of `lockstep bench`."""
    return answer(start(ranks, "bench", job, "--steps", steps, *options, settings=settings, placement=placement))


def print_row(*cells):
    """Of a table in Markdown."""
    print("|", " | ".join(map(str, cells)), "|", flush=True)


def print_head(*titles):
    print_row(*titles)
    print_row(*("---" for _ in titles))
