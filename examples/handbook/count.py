#!/usr/bin/env python3
"""Counts what the handbook module must find, from the files on disk and with nothing but the standard library.

usage: count.py [FOLDER]

The folder holds a folder per language with the book's pages. Every page but a book's index.html is an item. All counts
are of a page's content: the div elements directly in body, without the banner.
  headings         h1 to h6 elements
  code_blocks      pre elements, and code_characters the code points of their text
  links            a elements whose href does not begin with #
  words            runs of characters that are not space, tab, line feed, form feed or carriage return
"""

import json
import re
import sys
from html.parser import HTMLParser
from pathlib import Path

DEBIAN_FOLDER = "/usr/share/doc/debian-handbook/html"
HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
FIELDS = ("pages", "items", "headings", "code_blocks", "code_characters", "links", "words")


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open = []
        self.content_depth = None
        self.counts = dict.fromkeys(FIELDS, 0)
        self.words = []
        self.feed(text)
        self.close()
        self.counts["words"] = len(re.findall(r"[^ \t\n\f\r]+", "".join(self.words)))

    def handle_starttag(self, tag, attrs):
        if tag in VOID:
            return
        attributes = dict(attrs)
        if self.content_depth is None and tag == "div" and self.open[-1:] == ["body"] and attributes.get("id") != "banner":
            self.content_depth = len(self.open)
        self.open.append(tag)
        if self.content_depth is None:
            return
        self.counts["headings"] += tag in HEADINGS
        self.counts["code_blocks"] += tag == "pre"
        href = attributes.get("href")
        self.counts["links"] += tag == "a" and href is not None and not href.startswith("#")

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        if not self.open or self.open[-1] != tag:
            raise ValueError(f"</{tag}> does not close {self.open[-1:]} at {self.getpos()}")
        self.open.pop()
        if self.content_depth == len(self.open):
            self.content_depth = None

    def handle_data(self, data):
        if self.content_depth is None:
            return
        self.words.append(data)
        if "pre" in self.open:
            self.counts["code_characters"] += len(data)


def count(folder):
    totals = dict.fromkeys(FIELDS, 0)
    for path in sorted(folder.glob("*.html")):
        totals["pages"] += 1
        if path.name == "index.html":
            continue
        totals["items"] += 1
        found = Page(path.read_bytes().decode("utf-8")).counts
        for field in FIELDS[2:]:
            totals[field] += found[field]
    return totals


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else DEBIAN_FOLDER)
    languages = {path.parent.name: count(path.parent) for path in sorted(root.glob("*/index.html"))}
    total = {field: sum(counts[field] for counts in languages.values()) for field in FIELDS}
    json.dump({"languages": languages, "total": total}, sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
