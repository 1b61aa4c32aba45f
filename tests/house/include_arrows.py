"""Which folder may include which: reads the #include lines and names every wrong arrow.

usage: include_arrows.py ROOT
"""

import re
import sys

import tree

SUBJECTS = ("nn", "data", "optim", "report", "export", "config")

# Folders of the trainer from the bottom up. A folder may include those of the layers below, never a
# sibling of its own layer.
TRAINER_LAYERS = (("base",), ("tensor",), SUBJECTS, ("train",), ("cli",))

# What the ranks say to each other and what is kept concerns these folders alone; networks and
# optimisers must not know of either.
MAY_INCLUDE_COMM = {"train", "cli"}
MAY_INCLUDE_STORAGE = {"data", "export", "train", "cli"}

# Headers of other projects that have one home.
HOMES = {
    "mpi.h": ("comm/", "tests/comm/", "tests/mpi/"),
    "hdf5.h": ("storage/", "tests/storage/"),
    "cblas.h": ("trainer/tensor/blas.",),
}

# Who may see the job file's messages; everybody else takes plain option structs.
JOB_MESSAGE_HOMES = ("trainer/config/", "trainer/train/", "tests/")

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)')


def layer(folder):
    for height, names in enumerate(TRAINER_LAYERS):
        if folder in names:
            return height
    return None


def trainer_folder(path):
    parts = path.split("/")
    return parts[1] if parts[0] == "trainer" and len(parts) > 2 else None


def wrong_arrow(path, include):
    """Why the file at path may not include the given repository header, or None if it may."""
    top, target_top = path.split("/")[0], include.split("/")[0]
    if target_top not in ("trainer", "comm", "storage"):
        return None
    if top in ("comm", "storage"):
        return None if target_top == top else f"{top} may include no other folder"
    if top != "trainer":
        return None
    folder = trainer_folder(path)
    if target_top == "comm":
        return None if folder in MAY_INCLUDE_COMM else f"trainer/{folder} must not know of ranks"
    if target_top == "storage":
        return None if folder in MAY_INCLUDE_STORAGE else f"trainer/{folder} must not know of files kept"
    target = trainer_folder(include)
    if folder == target:
        return None
    if layer(folder) is None or layer(target) is None:
        return "a folder that include_arrows.py does not know: give it a layer there"
    if layer(target) == layer(folder):
        return f"trainer/{folder} and trainer/{target} are siblings"
    if layer(target) > layer(folder):
        return f"trainer/{target} is above trainer/{folder}"
    return None


def wrong_home(path, include):
    """Why the file at path may not include a header that has one home, or None if it may."""
    name = include.split("/")[-1]
    if name in HOMES and not path.startswith(HOMES[name]):
        return f"only {' and '.join(HOMES[name])}* may"
    if include.endswith(".pb.h") and not path.startswith(JOB_MESSAGE_HOMES):
        return "only " + ", ".join(JOB_MESSAGE_HOMES) + " may see the job file's messages"
    return None


def violations(root):
    """Returns one line for every include that the house does not allow, as FILE:LINE: text."""
    found = []
    for path in map(str, tree.files(root)):
        if not path.endswith((".h", ".cc")):
            continue
        with open(f"{root}/{path}", encoding="utf-8") as source:
            for number, line in enumerate(source, 1):
                match = INCLUDE.match(line)
                if not match:
                    continue
                include = match.group(1) or match.group(2)
                why = wrong_home(path, include) or wrong_arrow(path, include)
                if why:
                    found.append(f"{path}:{number}: includes {include}: {why}")
    return found


if __name__ == "__main__":
    problems = violations(sys.argv[1])
    print("\n".join(problems))
    sys.exit(bool(problems))
