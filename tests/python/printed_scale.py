"""The scale of every page of a PDF that Chromium printed.

Usage: printed_scale.py FILE.pdf. Prints one line a page, `WIDTH HEIGHT SCALE`: the sheet in millimetres, and the points that
a CSS pixel became. A page printed at 100 % has 0.75 (72 points and 96 pixels an inch); where something on a page was too
wide for its sheet Chromium shrinks them all, and it is less.
"""

import re
import sys
import zlib

NUMBER = rb"-?[0-9.]+"
OUTER = re.compile(rb"^(" + NUMBER + rb") 0 0 -" + NUMBER + rb" 0 (" + NUMBER + rb") cm\b")
INNER = re.compile(rb"\bq\s+(" + NUMBER + rb") 0 0 " + NUMBER + rb" " + NUMBER + rb" " + NUMBER + rb" cm\b")


def streams(data):
    for start in re.finditer(rb"stream\r?\n", data):
        inflate = zlib.decompressobj()
        try:
            yield inflate.decompress(data[start.end():])
        except zlib.error:
            continue


def main():
    data = open(sys.argv[1], "rb").read()
    boxes = re.findall(rb"/MediaBox\s*\[\s*0 0 (" + NUMBER + rb") (" + NUMBER + rb")\s*\]", data)
    scales = []
    for content in streams(data):
        outer = OUTER.search(content)
        if outer:
            inner = INNER.search(content, outer.end())
            scales.append(float(outer.group(1)) * float(inner.group(1)))
    assert len(scales) == len(boxes), (len(scales), len(boxes))
    for (width, height), scale in zip(boxes, scales):
        print(f"{float(width) / 72 * 25.4:.0f} {float(height) / 72 * 25.4:.0f} {scale:.4f}")


main()
