"""What tests of runs that are stopped in the middle share: a run that lasts long enough, how far it is, and what
must be equal at its end."""

import json
import pathlib
import time

import h5py
import program

# 16 epochs of 12 short steps. metrics.h5 is rewritten after every step: it tells how far a run is.
LONG_RUN = ["--set", "data.digits.train_samples=1450", "--set", "epochs=16", "--set",
            "metrics.flush_seconds=0"]
DEADLINE_SECONDS = 120


def children(pid):
    """The processes that a process started, and theirs."""
    for task in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            yield child
            yield from children(child)


def rank_of(pid):
    """The rank that mpirun, Open MPI's or MPICH's, has made a process; nothing if it has not."""
    for variable in pathlib.Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
        if variable.startswith((b"OMPI_COMM_WORLD_RANK=", b"PMI_RANK=")):
            return int(variable.split(b"=")[1])
    return None


def rank_pids(mpirun):
    """The ranks that mpirun runs."""
    return [pid for pid in children(mpirun.pid) if rank_of(pid) is not None]


class LongRunTest(program.ProgramTest):
    def training(self, output, layout, *settings):
        """The command line of a run; `layout` is (ranks, threads)."""
        ranks, threads = layout
        arguments = ["train", "job.textproto", "--json", "--threads", threads, "--set",
                     f"output_directory={output}", *LONG_RUN, *settings]
        return arguments, {"ranks": ranks}

    def steps_recorded(self, output):
        try:
            with h5py.File(self.directory / output / "digits/metrics.h5") as file:
                return int(file["metrics/train"]["step"][-1])
        except (OSError, KeyError, IndexError, ValueError):
            return 0  # there is none yet

    def wait_for_step(self, run, output, step):
        """Returns when the run has recorded that step. Fails if it ends before."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while self.steps_recorded(output) < step:
            self.assertIsNone(run.poll(), "the run ended early")
            self.assertLess(time.monotonic(), deadline, "no progress")
            time.sleep(0.001)

    def finish(self, output, layout, *settings):
        arguments, options = self.training(output, layout, *settings)
        return json.loads(self.run_program(*arguments, **options).stdout)

    def bytes_of(self, answer):
        """What must be equal: the checkpoint whole, and all that was measured but times."""
        with h5py.File(self.directory / answer["metrics"]) as file:
            tables = [file[f"metrics/{name}"][()].tobytes() for name in ("train", "eval")]
        return [(self.directory / answer["checkpoint"]).read_bytes(), *tables]

    def assert_same_as_left_alone(self, answer, *settings):
        """The job text in a checkpoint names the output directory, so both runs use the same."""
        cut = self.bytes_of(answer)
        (self.directory / "run").rename(self.directory / "cut")
        alone = self.finish("run", (2, 1), *settings)
        self.assertEqual(answer["weights_sha256"], alone["weights_sha256"])
        self.assertTrue(cut == self.bytes_of(alone), "checkpoint or metrics differ")
