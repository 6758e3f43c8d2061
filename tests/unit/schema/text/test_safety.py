"""No value may become markup, a macro, a name that notifies, a script or a link that runs code."""

from __future__ import annotations

import re
import sys
import time
from html.parser import HTMLParser

import nh3
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from syncline.schema.text import write
from syncline.schema.text.codecs import codec
from syncline.schema.text.normal import GUARD, normal
from syncline.schema.text.tree import Document, Heading, Item, List, Paragraph, Quote, Text
from tests.unit.schema.text.documents import documents, words

ALLOWED = {
    "p": set(), "h1": set(), "h2": set(), "h3": set(), "h4": set(), "h5": set(), "h6": set(),
    "ul": set(), "ol": {"start"}, "li": set(), "blockquote": set(), "hr": set(), "pre": set(),
    "code": {"class"}, "table": set(), "tr": set(), "th": set(), "td": set(), "strong": set(),
    "em": set(), "del": set(), "a": {"href"}, "img": {"src", "alt"}, "br": set(),
}  # fmt: skip
laws = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

HOSTILE = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "{code}x{code}", "{{toc}}",
    "@all", "@here hello", "cc @jane", "[~user]", "[x](javascript:alert(1))", "![x](data:x)",
    '"x":javascript:alert(1)', "!javascript:x!", "' OR 1=1 --", "\u202egnp.exe", "</p><b>",
    "<!-- -->", "&lt;script&gt;", "&#60;script&#62;", "[[Page]]", "==x==", "<pre>", "</pre>",
    "# h", "h1. h", "* item", "- item", "1. item", "> quote", "|a|b|", "```", "---", "***", "bq. x",
    "`code`", "@code@", "**b**", "_e_", "-del-", "~~s~~", "+i+", "^s^", "%{color:red}x%", "??c??",
    "http://e.com/<b>", "<notextile><b>x</b></notextile>", "a\\", "[x]: http://e.com", "\\<b>",
    "[^a.txt]", "!a.png!", "{color:red}x{color}", "{quote}x{quote}", "a \\\\ b", "||a||b||",
    "(x) :)",
    "HTML(hidden)", "fn1. note", "table. ", "p(class). x", "    code", "\tcode", "=====", "a\n===",
]  # fmt: skip


class _Tags(HTMLParser):
    """What a parser that is not ours finds in the output."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@given(documents)
@laws
def test_written_html_holds_only_listed_elements_attributes_and_addresses(
    document: Document,
) -> None:
    source = codec("html").write(document).text
    for tag, attributes in _Tags(source).found:
        assert attributes.keys() <= ALLOWED[tag]
        for name in ("href", "src"):
            scheme, colon, _ = (attributes.get(name) or "").partition(":")
            assert not colon or scheme.lower() in {"http", "https", "mailto"} or "/" in scheme
    cleaned = nh3.clean(source, tags=set(ALLOWED), attributes=ALLOWED, link_rel=None)
    assert codec("html").read(cleaned) == codec("html").read(source)


@given(words)
@laws
def test_a_text_written_to_markdown_is_text_to_another_reader_too(text: str) -> None:
    source = codec("markdown").write(Document((Paragraph((Text(text),)),))).text
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(source)
    assert {token.type for token in tokens} <= {"paragraph_open", "inline", "paragraph_close"}
    kinds = {child.type for token in tokens for child in token.children or ()}
    assert kinds <= {"text", "text_special", "link_open", "link_close"}
    links = [
        child.attrGet("href")
        for token in tokens
        for child in token.children or ()
        if child.type == "link_open"
    ]
    assert all(str(link).startswith("http") for link in links)


@pytest.mark.parametrize("name", ["markdown", "html", "textile", "wiki_markup"])
@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_reads_back_as_the_text_it_is(name: str, text: str) -> None:
    one = codec(name)
    for wrap in (
        lambda inlines: Paragraph(inlines),
        lambda inlines: Heading(2, inlines),
        lambda inlines: Quote((Paragraph(inlines),)),
        lambda inlines: List(False, (Item((Paragraph(inlines),)),)),
    ):
        document = normal(Document((wrap((Text(text),)),)))
        assert one.read(one.write(document).text) == document


@pytest.mark.parametrize("name", ["markdown", "html"])
@pytest.mark.parametrize("text", ["@all", "(@jane)", "cc @jane.doe, @team/x", "é @łukasz"])
def test_a_name_that_would_notify_is_kept_apart_from_its_sign(name: str, text: str) -> None:
    written = codec(name).write(Document((Paragraph((Text(text),)),))).text
    assert f"@{GUARD}" in written
    assert not re.search(r"@\w", written)


def test_redmine_sees_no_mention_and_no_macro() -> None:
    written = codec("textile").write(Document((Paragraph((Text("@all {{toc}} [[Page]]"),)),))).text
    assert "@" not in written
    assert "{{" not in written
    assert "[[" not in written


def test_wiki_markup_sees_no_name_no_file_and_no_macro() -> None:
    text = "[~all] [^a.txt] !a.png! {include:Page}"
    written = codec("wiki_markup").write(Document((Paragraph((Text(text),)),))).text
    assert written == "\\[~all] \\[^a.txt] \\!a.png! \\{include:Page}"


def test_an_e_mail_address_is_left_alone() -> None:
    document = Document((Paragraph((Text("jane@e.com"),)),))
    for name in ("markdown", "textile", "wiki_markup", "plain"):
        assert codec(name).write(document).text == "jane@e.com"


@pytest.mark.parametrize(
    ("format", "source"),
    [
        ("html", "<p onclick='x()'>a</p>"),
        ("html", "<p>a</p><script>alert(1)</script>"),
        ("html", "<a href='javascript:x'>a</a>"),
        ("html", "<!-- x --><p>a</p>"),
        ("html", "<p>hi @all</p>"),
        ("markdown", "a <script>alert(1)</script>"),
        ("markdown", "[a](javascript:x)"),
        ("markdown", "[a](java&#115;cript:x)"),
        ("markdown", "hi @all"),
        ("markdown", "{{toc}}"),
        ("textile", "hi @all"),
        ("textile", "{{include(Page)}}"),
        ("textile", '"a":javascript:x'),
        ("wiki_markup", "hi [~jane]"),
        ("wiki_markup", "{include:Page}"),
        ("wiki_markup", "[a|javascript:x]"),
    ],
)
def test_a_source_that_acts_is_never_handed_to_another_tool_as_it_stands(
    format: str, source: str
) -> None:
    text = write(format, {"format": format, "source": source}, None).text
    assert text != source
    assert "](java" not in text
    assert 'href="java' not in text
    assert "<script" not in text
    assert "onclick" not in text
    assert "@all" not in text
    assert codec(format).read(text) == codec(format).read(source)


HEAVY = {
    "open": "<b>", "divs": "<div>", "lists": "<ul><li>", "quotes": "<blockquote>", "lt": "<",
    "tables": "<table><tr><td>", "comments": "<!--", "attribute": '<a x="', "script": "<script>",
    "marks": "*a ", "brackets": "![", "angle": "> ", "ticks": "@a ", "rule": "- ", "cells": "|(a",
    "spaces": "a  ", "equal": "x\n\n", "entities": "&#", "pre": "<pre>", "links": '"a":',
    "eq": "==a", "macros": "{quote}", "panels": "{panel:a}", "code": "{code:a}", "bangs": "!a.b ",
    "gaps": "\\\\a", "bold": "*a {*}", "mono": "{{a ", "links in": "[a|",
}  # fmt: skip


@given(
    st.lists(
        st.sampled_from(
            "<p> </p> <strong> </strong> <br> <ul> <li> <b < > <p|class=x> <a|href='javascript:x'> "
            "<script> </script> <!-- @ a {{ |".replace(" ", "\n")
            .replace("|", " ")
            .split("\n")
        )
    ).map("".join)
)
def test_html_that_is_harmless_at_a_glance_is_harmless_read_as_a_tree(source: str) -> None:
    html = codec("html")
    # An entity says nothing, but only a tree can tell.
    assert html.inert(source) == html.inert(f"{source} &amp;")


@pytest.mark.parametrize("name", ["markdown", "html", "textile", "wiki_markup", "plain"])
@pytest.mark.parametrize("kind", sorted(HEAVY))
def test_hostile_input_costs_little_more_than_its_length(name: str, kind: str) -> None:
    one = codec(name)
    source = HEAVY[kind] * (9_000 // len(HEAVY[kind]))
    started = time.process_time()
    document = one.read(source)
    one.write(document)
    assert one.rewrite(source, document).text == source
    # Measured line by line (`make coverage`), code takes several times as long.
    assert time.process_time() - started < (5 if sys.gettrace() is None else 30)
