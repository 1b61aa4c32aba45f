"""The files of the repository, as the house tests see them."""

import os
import pathlib

NOT_OURS = {"build", "runs", "__pycache__"}


def files(root):
    """Yields the paths of all files below root, relative to it, sorted; no build trees, no dot folders."""
    root = pathlib.Path(root)
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(f for f in folders if f not in NOT_OURS and not f.startswith("."))
        for name in sorted(names):
            yield (pathlib.Path(folder) / name).relative_to(root)


def folders(root):
    """Yields the folders that hold files or folders of ours, relative to root, root itself left out."""
    seen = set()
    for path in files(root):
        for folder in reversed(path.parents):
            if folder not in seen and folder != pathlib.Path("."):
                seen.add(folder)
                yield folder
