"""Builds the documentation as a site and checks that no link of it is dead.

Usage: build.py ECGFM [OUT]   ECGFM: the program, of which the reference pages are made; OUT: target/site if not given

Pages stand in the site as in the repository, so that their links hold; what they link to comes along. mdBook is that of
`tools/setup docs`. Without it (`build.py --prepare ECGFM OUT`) the pages are prepared, and OUT holds what mdBook takes.
"""

import html.parser
import pathlib
import re
import shutil
import subprocess
import sys
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BOOK = ROOT / "docs/book"
MDBOOK = ROOT / ".tools/docs/bin/mdbook"
LINK = re.compile(r"\]\(([^)\s#]+)(?:#[^)]*)?\)")


def pages_of_summary():
    """Paths of the pages that the table of contents names."""
    return LINK.findall((BOOK / "SUMMARY.md").read_text())


def linked_from(page):
    """Files of the repository that a page links to, relative to its root."""
    prose = "".join((ROOT / page).read_text().split("```")[::2])
    links = [link for link in LINK.findall(prose) if "://" not in link and not link.startswith("mailto:")]
    return [(ROOT / page).parent.joinpath(link).resolve().relative_to(ROOT).as_posix() for link in links]


def copy_pages(src):
    """Copies the pages, and the files that they link to, to the places that they have in the repository."""
    todo, done = [page for page in pages_of_summary() if not page.startswith("reference/")], set()
    while todo:
        name = todo.pop()
        if name in done or name.startswith("target/"):
            continue
        done.add(name)
        source, target = ROOT / name, src / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
            continue
        if source.suffix == ".md":
            # mdBook makes a directory's index of its README, and leaves links to it as they are.
            target.write_text(re.sub(r"\]\(((?!https?:)[^)\s]*)README\.md", r"](\1index.md", source.read_text()))
            todo += linked_from(name)
        else:
            shutil.copy(source, target)
    return done


def said(program, *arguments):
    """What the program prints."""
    return subprocess.run([program, *arguments], check=True, capture_output=True, text=True).stdout.rstrip()


def names(listing, after):
    """The words at the beginning of lines, indented by two or not at all, that `after` follows."""
    return [match.group(1) for match in re.finditer(rf"^(?:  )?([a-z][a-z0-9_-]*){after}", listing, re.MULTILINE)]


def write_reference(program, src):
    """Writes the pages that are the program's own words."""
    commands = said(program, "--help").split("Commands:")[1].split("\n\n")[0]
    text = ["# Commands\n\nFor whoever types them: what `ecgfm COMMAND --help` prints.\n"]
    for name in names(commands, r"\s{2,}\S"):
        if name != "help":
            text.append(f"## {name}\n\n```text\n{said(program, name, '--help')}\n```\n")
    kinds = ["# Kinds of stages\n\nFor whoever writes a pipeline: what `ecgfm kinds NAME` prints.\n"]
    for name in names(said(program, "kinds"), ": "):
        kinds.append(f"## {name}\n\n```text\n{said(program, 'kinds', name)}\n```\n")
    if len(text) < 10 or len(kinds) < 8:
        sys.exit("the program's own lists of commands and kinds are not read any more")
    (src / "reference").mkdir(parents=True)
    (src / "reference/commands.md").write_text("\n".join(text))
    (src / "reference/kinds.md").write_text("\n".join(kinds))


class Page(html.parser.HTMLParser):
    """The links and anchors of a page."""

    def __init__(self, text):
        super().__init__()
        self.links, self.anchors = [], set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.anchors |= {values[name] for name in ("id", "name") if values.get(name)}
        self.links += [values[name] for name in ("href", "src") if values.get(name)]


def dead_links(site):
    """Links of the site's pages that lead nowhere inside it."""
    pages = {path: Page(path.read_text()) for path in site.rglob("*.html")}
    dead = []
    for path, page in pages.items():
        if path.name in ("404.html", "print.html", "toc.html"):
            continue  # Made by mdBook, from the others.
        for link in page.links:
            parts = urllib.parse.urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / urllib.parse.unquote(parts.path)).resolve() if parts.path else path
            if not target.exists():
                dead.append(f"{path.relative_to(site)}: {link}")
            elif parts.fragment and target in pages and urllib.parse.unquote(parts.fragment) not in pages[target].anchors:
                dead.append(f"{path.relative_to(site)}: {link}: no such heading")
    return dead


def contents(copied):
    """The table of contents, with the pages that others link to at its end."""
    listed = set(pages_of_summary())
    further = sorted(name for name in copied if name.endswith(".md") and name not in listed)
    titles = [(name, (ROOT / name).read_text().splitlines()[0].lstrip("# ")) for name in further]
    lines = [f"- [{title}]({name})\n" for name, title in titles]
    return (BOOK / "SUMMARY.md").read_text() + "\n# Beside the code\n\n" + "".join(lines)


def main():
    arguments = sys.argv[1:]
    prepare = arguments[:1] == ["--prepare"]
    arguments = arguments[prepare:]
    if len(arguments) not in (1, 2):
        sys.exit(__doc__)
    program, out = pathlib.Path(arguments[0]).resolve(), pathlib.Path(arguments[1] if len(arguments) == 2 else ROOT / "target/site").resolve()
    shutil.rmtree(out, ignore_errors=True)
    src = out / "src"
    src.mkdir(parents=True)
    copied = copy_pages(src)
    write_reference(program, src)
    (src / "SUMMARY.md").write_text(contents(copied))
    shutil.copy(BOOK / "book.toml", out)
    if prepare:
        return
    if not MDBOOK.exists():
        sys.exit("no mdBook: run `tools/setup docs`")
    subprocess.run([MDBOOK, "build", out], check=True)
    dead = dead_links(out / "book")
    if dead:
        sys.exit("dead links:\n" + "\n".join(dead))
    print(f"site: {out / 'book/index.html'}", file=sys.stderr)


if __name__ == "__main__":
    main()
