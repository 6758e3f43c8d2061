"""Writing HTML from a short list of elements, with every word escaped.

The output holds p, h1 to h6, ul, ol, li, blockquote, hr, pre, code, table, tr, th, td, strong,
em, del, a, img and br, and the attributes href, src, alt, start and class (for a code block's
language), and nothing else, whatever the document says.
"""

from __future__ import annotations

import re
from html import escape

from syncline.schema.text.codecs import lower
from syncline.schema.text.codecs.parts import Losses, addresses_apart
from syncline.schema.text.normal import GUARD
from syncline.schema.text.tree import (
    CODE,
    EMPHASIS,
    STRIKE,
    STRONG,
    Block,
    Blocks,
    Break,
    Code,
    Heading,
    Image,
    Inlines,
    Item,
    List,
    Panel,
    Paragraph,
    Quote,
    Rule,
    Table,
    Text,
)

_TAGS = {STRONG: "strong", EMPHASIS: "em", STRIKE: "del", CODE: "code"}
_MENTION = re.compile(r"(?<![\w/])@(?=\w)|\{(?=\{)")


def render(blocks: Blocks, losses: Losses) -> str:
    return "\n".join(_block(block, losses) for block in blocks)


def render_items(blocks: Blocks, losses: Losses) -> str:
    """The items of lists, without the lists."""
    items = (item for block in blocks if isinstance(block, List) for item in block.items)
    return "\n".join(_item(item, losses) for item in items)


def _block(block: Block, losses: Losses) -> str:
    match block:
        case Paragraph(inlines):
            return f"<p>{_line(inlines, losses)}</p>"
        case Heading(level, inlines):
            return f"<h{level}>{_line(inlines, losses)}</h{level}>"
        case List(ordered, items, start):
            tag = "ol" if ordered else "ul"
            number = f' start="{start}"' if ordered and start != 1 else ""
            inside = "\n".join(_item(item, losses) for item in items)
            return f"<{tag}{number}>\n{inside}\n</{tag}>"
        case Quote(children):
            return f"<blockquote>\n{render(children, losses)}\n</blockquote>"
        case Rule():
            return "<hr>"
        case Code(text, language):
            name = f' class="language-{_quoted(language)}"' if language else ""
            return f"<pre><code{name}>{escape(text, quote=False)}</code></pre>"
        case Table():
            return _table(block, losses)
        case Panel():
            return _block(lower.panel(block, losses), losses)


def _item(item: Item, losses: Losses) -> str:
    first, rest = item.blocks[0], item.blocks[1:]
    lead = _line(first.inlines, losses) if isinstance(first, Paragraph) else _block(first, losses)
    return "<li>" + "\n".join([lead, *(_block(block, losses) for block in rest)]) + "</li>"


def _table(block: Table, losses: Losses) -> str:
    rows = []
    for index, row in enumerate(block.rows):
        tag = "th" if block.header and index == 0 else "td"
        cells = "".join(f"<{tag}>{_line(cell, losses)}</{tag}>" for cell in row)
        rows.append(f"<tr>{cells}</tr>")
    return "<table>\n" + "\n".join(rows) + "\n</table>"


def _line(inlines: Inlines, losses: Losses) -> str:
    out: list[str] = []
    open_: list[str] = []
    for inline in lower.names(inlines, losses):
        match inline:
            case Text(text, marks, href):
                _nest(out, open_, _wanted(marks, href))
                if marks & CODE:
                    out.append(escape(text, quote=False))
                else:
                    out.append(_guarded(text) if href else _words(text))
            case Image(src, alt, href):
                _nest(out, open_, _wanted(0, href))
                out.append(f'<img src="{_quoted(src)}" alt="{_quoted(alt)}">')
            case Break():
                _nest(out, open_, [])
                out.append("<br>")
    _nest(out, open_, [])
    return "".join(out)


def _wanted(marks: int, href: str) -> list[str]:
    link = [f'a href="{_quoted(href)}"'] if href else []
    return link + [tag for bit, tag in _TAGS.items() if marks & bit]


def _nest(out: list[str], open_: list[str], wanted: list[str]) -> None:
    """Close and open elements until exactly the wanted ones are open."""
    same = 0
    while same < min(len(open_), len(wanted)) and open_[same] == wanted[same]:
        same += 1
    while len(open_) > same:
        out.append(f"</{open_.pop().split(' ')[0]}>")
    for tag in wanted[same:]:
        open_.append(tag)
        out.append(f"<{tag}>")


def _words(text: str) -> str:
    """Escaped text in which addresses are links, since HTML, unlike other formats, makes none
    itself."""
    return "".join(
        _link(address) if address else _guarded(words) for words, address in addresses_apart(text)
    )


def _link(address: str) -> str:
    return f'<a href="{_quoted(address)}">{escape(address, quote=False)}</a>'


def _guarded(text: str) -> str:
    return escape(_MENTION.sub(rf"\g<0>{GUARD}", text), quote=False)


def _quoted(value: str) -> str:
    return escape(value, quote=True)
