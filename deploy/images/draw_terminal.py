#!/usr/bin/python3
"""Runs a command and draws what it prints as a terminal window, an SVG file.

usage: draw_terminal.py FILE.svg COMMAND...

The README's picture, from the top of a clone that is built:
  deploy/images/draw_terminal.py deploy/images/training.svg \\
      mpirun -np 2 build/release/lockstep train deploy/jobs/lenet5.textproto
"""

import subprocess
import sys
from xml.sax.saxutils import escape

LINE_HEIGHT = 18
LETTER_WIDTH = 7.8
MARGIN = 16
TITLE_HEIGHT = 30

SVG = """<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height}" role="img" aria-label="{label}">
<rect width="100%" height="100%" rx="8" fill="#1c2128"/>
<circle cx="18" cy="16" r="5" fill="#e5534b"/><circle cx="36" cy="16" r="5" fill="#c69026"/><circle cx="54" cy="16" r="5" fill="#57ab5a"/>
<g font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="13" fill="#adbac7" xml:space="preserve">
{lines}
</g>
</svg>
"""


def colour(line):
    """What a reader's eye shall find first: the command, evaluations, the result."""
    if line.startswith("$"):
        return "#ffffff"
    if "hold-out accuracy" in line:
        return "#6cb6ff"
    if line.startswith("test accuracy"):
        return "#57ab5a"
    return None


def draw(lines):
    width = 2 * MARGIN + LETTER_WIDTH * max(map(len, lines))
    height = TITLE_HEIGHT + MARGIN + LINE_HEIGHT * len(lines)
    texts = []
    for number, line in enumerate(lines, start=1):
        fill = f' fill="{colour(line)}"' if colour(line) else ""
        y = TITLE_HEIGHT + LINE_HEIGHT * number
        texts.append(f'<text x="{MARGIN}" y="{y}"{fill}>{escape(line)}</text>')
    return SVG.format(width=width, height=height, label=escape(lines[0]), lines="\n".join(texts))


def main():
    file, *command = sys.argv[1:]
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True)
    with open(file, "w", encoding="utf-8") as out:
        out.write(draw(["$ " + " ".join(command), *result.stdout.splitlines()]))


if __name__ == "__main__":
    main()
