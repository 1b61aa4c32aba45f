"""What is known of a run: where it is kept, what it has saved, whose it is."""

import ast
import atexit
import contextlib
import pathlib
import re
import subprocess

from launching.hosts import on_host
from launching.paths import working_directory
from launching.refusal import STORAGE, Refused


def job_words(options):
    """What says which job it is: the file, and those train options that all commands about a job take."""
    words, taken = [options.job], False
    for word in options.train_options:
        if word.startswith("-"):
            taken = word.split("=")[0] in ("--set", "--data-dir")
        if taken:
            words.append(word)
        taken = taken and word in ("--set", "--data-dir")
    return words


def find_run_directory(options, host=None):
    """Where the run's checkpoints are: asks the program, here, or on a host where the data is."""
    question = [options.program, "summary", "--expand", *job_words(options)]
    if host:
        question = on_host(host, options, ["env", "-C", working_directory(), *question])
    result = subprocess.run(question, text=True, check=False, stdin=subprocess.DEVNULL, capture_output=True)
    if result.returncode != 0:
        raise Refused(result.stderr.strip() or f"{options.program} summary: exit code {result.returncode}",
                      max(result.returncode, 1))
    settings = {"output_directory": '"runs"'}  # what job.proto says where the job says nothing
    settings.update(line.split(": ", 1) for line in result.stdout.splitlines() if re.match(r"\w+: ", line))
    return pathlib.Path(unquote(settings["output_directory"]), unquote(settings["name"]))


def unquote(text):
    """The string that stands in a job file, where bytes may be written as in C: "m\\303\\274ller"."""
    return ast.literal_eval("b" + text).decode()


def saved_step(directory):
    """The step of the newest checkpoint of a run; -1 if there is none."""
    names = (re.fullmatch(r"step-(\d+)\.h5", path.name) for path in directory.glob("checkpoints/step-*.h5"))
    return max((int(name.group(1)) for name in names if name), default=-1)


def holds_lock(directory, launch, attempt):
    """Whether the run directory belongs to that attempt, or did last: then all of its ranks are, or were, up."""
    try:
        lines = (directory / "lock").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    return f"attempt {attempt} of launch {launch}" in lines


def place_token(directory, name):
    """A file in the run directory, there until this program ends: hosts that share the directory see it."""
    token = directory / f".{name}"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        token.touch()
    except OSError as error:
        raise Refused(f"the run directory cannot be written from this host: {error}; choose a place for it, that all "
                      "hosts share, with --set output_directory=...", STORAGE) from error
    atexit.register(remove_token, token)
    return token


def remove_token(token):
    with contextlib.suppress(OSError):
        token.unlink()
        token.parent.rmdir()  # only if there was no run
