"""Every folder has a README.md, and the files that a README.md names exist.

A file is named by a link, [text](path), or in backquotes, `path`, when it looks like a source file.
Paths count from the README's own folder, from the folder of its tests, from the repository's root, or
from trainer/.

usage: readmes.py ROOT
"""

import pathlib
import re
import sys

import include_arrows
import tree

LINK = re.compile(r"\]\(([^)\s]+)\)")
QUOTED_FILE = re.compile(r"`([\w./*-]+\.(?:h|cc|py|sh|md|proto|textproto|cmake|supp|\*))`|`([\w./-]*CMakeLists\.txt)`")

# What building and running leave behind.
WRITTEN = re.compile(r"(runs|build)/|job\.textproto$|.*\.pb\.h$")


def mirrors_a_folder(root, folder):
    """True for a folder below tests/ whose tests are of the folder of the same name above."""
    return folder.parts[0] == "tests" and (root / pathlib.Path(*folder.parts[1:])).is_dir() and len(folder.parts) > 1


def exists(root, folder, name):
    for base in (root / folder, root / "tests" / folder, root, root / "trainer"):
        if (base / name).exists() or ("*" in name and any(base.glob(name))):
            return True
    return False


def names_in(line):
    for match in QUOTED_FILE.finditer(line):
        yield match.group(1) or match.group(2)
    for match in LINK.finditer(line):
        if "://" not in match.group(1):
            yield match.group(1).split("#")[0]


def missing_names(root, readme):
    text = (root / readme).read_text(encoding="utf-8")
    for number, line in enumerate(text.splitlines(), 1):
        for name in names_in(line):
            ours = name and not WRITTEN.match(name) and name not in include_arrows.HOMES
            if ours and not exists(root, readme.parent, name):
                yield f"{readme}:{number}: {name} does not exist"


def violations(root):
    """Returns one line for every folder without a README.md and every name in one that leads nowhere."""
    root = pathlib.Path(root)
    found = []
    for folder in tree.folders(root):
        if not (root / folder / "README.md").is_file() and not mirrors_a_folder(root, folder):
            found.append(f"{folder}/: has no README.md")
    for path in tree.files(root):
        if path.name == "README.md":
            found.extend(missing_names(root, path))
    return found


if __name__ == "__main__":
    problems = violations(sys.argv[1])
    print("\n".join(problems))
    sys.exit(bool(problems))
