"""Every job file begins with the two comments by which editors and protoc find its schema.

usage: job_headers.py ROOT
"""

import pathlib
import re
import sys

import tree

HEADER = re.compile(r"^#\s*(proto-file|proto-message):\s*(\S+)\s*$", re.MULTILINE)


def problem_of(root, text):
    """What is wrong with the header comments of a job file's text, or None."""
    headers = dict(HEADER.findall(text))
    for name in ("proto-file", "proto-message"):
        if name not in headers:
            return f"has no '# {name}:' comment"
    schema = pathlib.Path(root) / headers["proto-file"]
    if not schema.is_file():
        return f"proto-file {headers['proto-file']} does not exist"
    package, _, message = headers["proto-message"].rpartition(".")
    definition = schema.read_text(encoding="utf-8")
    if f"package {package};" not in definition or not re.search(rf"^message {message}\b", definition, re.MULTILINE):
        return f"{headers['proto-file']} does not define the message {headers['proto-message']}"
    return None


def violations(root):
    """Returns one line for every job file whose header comments are missing or wrong."""
    found = []
    for path in tree.files(root):
        if path.suffix == ".textproto":
            problem = problem_of(root, (pathlib.Path(root) / path).read_text(encoding="utf-8"))
            if problem:
                found.append(f"{path}: {problem}")
    return found


if __name__ == "__main__":
    problems = violations(sys.argv[1])
    print("\n".join(problems))
    sys.exit(bool(problems))
