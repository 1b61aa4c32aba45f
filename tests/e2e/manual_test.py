#!/usr/bin/python3
"""The manual pages: they say all that --help says, render without complaint, and agree with the sources and the
README about exit codes and variables.

usage: manual_test.py LOCKSTEP
"""

import pathlib
import re
import subprocess

import program

ROOT = pathlib.Path(__file__).resolve().parents[2]

USAGE_ERROR, STORAGE_ERROR = 2, 4

# What mandoc remarks on and we leave: lines as long as the help's texts, and pages without a date.
REMARKS_LEFT = ("input text line longer than 80 bytes", 'missing date, using ""')


def words(text):
    """The text without line breaks, hyphenation and doubled spaces."""
    return re.sub(r"\s+", " ", text.replace("\N{HYPHEN}\n", "\N{HYPHEN}"))


class ManualTest(program.ProgramTest):
    def setUp(self):
        super().setUp()
        self.pages = self.directory / "pages"
        self.pages.mkdir()

    def write_pages(self):
        self.run_program("manual", ROOT / "deploy/manual", self.pages)

    def shown(self, page):
        """The page as a reader sees it, in one line."""
        result = subprocess.run(["mandoc", "-T", "utf8", "-O", "width=500", self.pages / f"{page}.1"], text=True,
                                check=True, capture_output=True)
        return words(re.sub(".\b", "", result.stdout))

    def help_of(self, *command):
        """The commands below a command, and each text of its help: (names, description), its own without names."""
        lines = self.run_program(*command, "--help").stdout.splitlines()
        texts = [("", lines[0])]
        for line, following in zip(lines, [*lines[1:], ""]):
            if line.startswith("  -"):  # what does not fit in front of the description stands above it
                description = following if following.startswith(" " * 30) else line
                texts.append((line.split()[0], description[30:]))
        below = lines[lines.index("Subcommands:") + 1:] if "Subcommands:" in lines else []
        return [line.split()[0] for line in below if line], texts

    def assert_told(self, page, *command):
        shown = self.shown(page)
        commands, texts = self.help_of(*command)
        self.assertGreater(len(texts), 1)
        for names, description in texts:
            for text in (*names.split(","), words(description)):
                self.assertIn(text, shown, page)
        return commands

    def test_a_page_tells_every_command_and_option_that_help_tells(self):
        self.write_pages()
        commands = self.assert_told("lockstep")
        self.assertIn("train", commands)
        for command in commands:
            for below in self.assert_told(f"lockstep-{command}", command):
                self.assert_told(f"lockstep-{command}", command, below)
        self.assertEqual(sorted(path.name for path in self.pages.iterdir()),
                         sorted(["lockstep.1", *(f"lockstep-{command}.1" for command in commands)]))

    def test_mandoc_has_nothing_to_say(self):
        self.write_pages()
        result = subprocess.run(["mandoc", "-T", "lint", *self.pages.iterdir()], text=True, check=False,
                                capture_output=True)
        remarks = [line for line in result.stdout.splitlines() if not any(left in line for left in REMARKS_LEFT)]
        self.assertEqual(remarks, [])

    def test_exit_codes_are_those_of_the_sources_and_of_the_readme(self):
        codes = re.findall(r"^  k\w+ = (\d+),", (ROOT / "trainer/base/exit_code.h").read_text(), re.MULTILINE)
        readme = re.findall(r"^\| (\d+) \|", (ROOT / "README.md").read_text(), re.MULTILINE)
        page = (ROOT / "deploy/manual/lockstep.man").read_text()
        section = page.partition(".SH EXIT STATUS")[2].partition(".SH")[0]
        self.assertEqual(re.findall(r"^\.B (\d+)$", section, re.MULTILINE), codes)
        self.assertEqual(readme, codes)

    def test_every_variable_that_the_program_looks_up_is_told(self):
        page = (ROOT / "deploy/manual/lockstep.man").read_text()
        told = re.findall(r"^\.B (LOCKSTEP_\w+)$", page, re.MULTILINE)
        looked_up = {name for folder in ("comm", "storage", "trainer") for path in (ROOT / folder).rglob("*.cc")
                     for name in re.findall(r'"(LOCKSTEP_[A-Z_]+)"', path.read_text())}
        self.assertEqual(sorted(told), sorted(looked_up))

    def test_sections_for_a_page_that_there_is_not_are_refused(self):
        self.write("lockstep-trian.man", ".SH NOTES\n")
        self.refused(USAGE_ERROR, "manual", ".", self.pages, says=["lockstep-trian.man: there is no page of that name"])

    def test_a_directory_that_cannot_be_written_is_named(self):
        self.refused(STORAGE_ERROR, "manual", ROOT / "deploy/manual", "nowhere",
                     says=["nowhere/lockstep.1: cannot be written"])

    def test_help_does_not_show_the_command_that_writes_them(self):
        self.assertNotIn("manual", self.help_of()[0])


if __name__ == "__main__":
    program.main()
