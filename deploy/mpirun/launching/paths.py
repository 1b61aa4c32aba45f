"""Paths as the user calls them."""

import os


def working_directory():
    """As the user calls it: a link that leads to it may lead elsewhere on another host."""
    named = os.environ.get("PWD", "")
    return named if os.path.isdir(named) and os.path.samefile(named, ".") else os.getcwd()


def absolute(path):
    return os.path.normpath(os.path.join(working_directory(), path))
