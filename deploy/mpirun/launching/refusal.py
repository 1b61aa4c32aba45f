"""Why it ends: exit codes, and the error that carries one."""

DONE, USAGE, DATA, STORAGE, DIVERGED, GAVE_UP, STOPPED = 0, 2, 3, 4, 5, 6, 75
FINAL = (DONE, USAGE, DATA, DIVERGED)  # trying again would give the same


class Refused(Exception):
    """The end, before or between attempts: a message and an exit code."""

    def __init__(self, message, code=USAGE):
        super().__init__(message)
        self.code = code
