"""Names the C++ files that clang-format would change.

usage: format_clean.py ROOT
"""

import subprocess
import sys

import tree


def violations(root):
    """Returns one line for every place that clang-format would change, as FILE:LINE:COLUMN: text."""
    sources = [str(path) for path in tree.files(root) if path.suffix in (".h", ".cc")]
    result = subprocess.run(["clang-format", "--dry-run", *sources], cwd=root, check=False,
                            stderr=subprocess.PIPE, text=True)
    found = [line for line in result.stderr.splitlines() if "[-Wclang-format-violations]" in line]
    if result.returncode != 0:
        found.append(f"clang-format failed: {result.stderr}")
    return found


if __name__ == "__main__":
    problems = violations(sys.argv[1])
    print("\n".join(problems))
    sys.exit(bool(problems))
