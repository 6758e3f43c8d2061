"""How the page for people looks: the list, a record, the form of a new one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from syncline.sandbox.fake import Field, Remark, Row, Sheet, Shown
from syncline.sandbox.markup import Html, join, tag

STYLE = "/_sandbox/page.css"
KIND = {"public": "Public reply", "internal": "Internal note"}


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of the list. `asked` is what was searched for."""

    rows: Sequence[Row]
    total: int
    page: int
    pages: int
    asked: str
    types: Sequence[str]


@dataclass(frozen=True, slots=True)
class Acting:
    """The people to act as, and who was chosen last."""

    people: Sequence[str]
    chosen: str

    def choice(self) -> Html:
        """The select that every form has."""
        options = [tag("option", p, selected=p == self.chosen) for p in self.people]
        return tag("label", tag("span", "As"), tag("select", *options, name="person"))


def frame(tool: str, title: str, *content: str, refusal: str = "") -> Html:
    """A whole page. `refusal` is why the tool did not do what it was asked."""
    refused = tag("div", refusal, class_="card refused", role="alert") if refusal else ""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width"),
        tag("title", f"{title} – {tool} sandbox"),
        tag("link", rel="stylesheet", href=STYLE),
    )
    name = tag("a", tool, href="/")
    said = tag("span", "Made-up records on this machine; not the real tool.", class_="soft")
    bar = tag("div", name, tag("span", "Sandbox", class_="badge sandbox"), said)
    body = tag("body", tag("header", bar), tag("main", refused, *content))
    return Html("<!doctype html>" + tag("html", head, body, lang="en"))


def board(listing: Listing) -> Html:
    """The list of records."""
    search = tag(
        "form",
        tag("input", type="search", name="q", value=listing.asked, aria_label="Search"),
        tag("button", "Search", class_="plain"),
        class_="bar grow",
    )
    new = [tag("a", f"New {named(t).lower()}", href=f"/new/{quote(t)}") for t in listing.types]
    found = "1 record" if listing.total == 1 else f"{listing.total} records"
    bar = tag("div", search, tag("span", found, class_="soft"), *new, class_="bar")
    return join(bar, tag("div", _table(listing.rows), class_="card table"), _turning(listing))


def _table(rows: Sequence[Row]) -> Html:
    columns = list(dict.fromkeys(name for row in rows for name in row.cells))
    heads = [tag("th", head) for head in ("Key", "Title", *columns)]
    lines = [
        tag(
            "tr",
            tag("td", tag("a", row.key, href=address(row.type, row.id))),
            tag("td", tag("a", row.title or "(no title)", href=address(row.type, row.id))),
            *(tag("td", row.cells.get(name, "")) for name in columns),
        )
        for row in rows
    ]
    return tag("table", tag("thead", tag("tr", *heads)), tag("tbody", *lines))


def _turning(listing: Listing) -> Html:
    def to(page: int, text: str) -> Html:
        return tag("a", text, href="/?" + urlencode({"q": listing.asked, "page": page}))

    here = tag("span", f"Page {listing.page} of {listing.pages}", class_="soft")
    before = to(listing.page - 1, "← Previous") if listing.page > 1 else ""
    after = to(listing.page + 1, "Next →") if listing.page < listing.pages else ""
    return tag("nav", before, here, after, class_="bar")


def sheet(one: Sheet, acting: Acting, typed: Mapping[str, str]) -> Html:
    """One record. `typed` is what a person had typed when the tool refused it."""
    fields = tag("section", tag("h2", "Fields"), _edit(one, acting, typed), class_="card")
    said = [tag("h2", "Comments"), *map(_remark, one.comments)]
    if not one.comments:
        said.append(tag("p", "Nothing was said yet.", class_="soft"))
    right = [tag("section", *said, class_="card")]
    if one.can_comment:
        right.append(tag("section", _comment(one, acting, typed), class_="card"))
    if one.links:
        shown = tag("ul", *(tag("li", _link(link)) for link in one.links))
        right.append(tag("section", tag("h2", "Linked records"), shown, class_="card"))
    if one.actions:
        right.append(tag("section", _actions(one, acting), class_="card"))
    columns = tag("div", tag("div", fields), tag("div", *right), class_="columns")
    return join(tag("h1", one.title), columns)


def blank(type: str, fields: Sequence[Field], acting: Acting, typed: Mapping[str, str]) -> Html:
    """The form of a new record."""
    inputs = [_input(field, typed) for field in fields]
    make = tag("button", f"Make {named(type).lower()}")
    form = tag("form", *inputs, acting.choice(), make, method="post")
    return join(tag("h1", f"New {named(type).lower()}"), tag("section", form, class_="card"))


def _edit(one: Sheet, acting: Acting, typed: Mapping[str, str]) -> Html:
    inputs = [
        join(_input(field, typed), _hidden(f"was:{field.name}", field.value))
        for field in one.fields
        if field.kind != "readonly"
    ]
    facts = [
        join(tag("dt", field.label), tag("dd", field.value or "–"))
        for field in one.fields
        if field.kind == "readonly"
    ]
    save = [_hidden("do", "edit"), acting.choice(), tag("button", "Save")] if inputs else []
    return join(tag("form", *inputs, *save, method="post"), tag("dl", *facts) if facts else "")


def _input(field: Field, typed: Mapping[str, str]) -> Html:
    value = typed.get(f"field:{field.name}", field.value)
    name = f"field:{field.name}"
    label: Sequence[str] = (field.label,)
    if field.kind == "long":
        shown = tag("textarea", value, name=name, class_="long")
    elif field.kind == "choice":
        values = dict.fromkeys([*field.options, *([value] if value else [])])
        options = [tag("option", v or "–", value=v, selected=v == value) for v in values]
        shown = tag("select", *options, name=name)
    elif field.kind == "date":
        shown = tag("input", type="date", name=name, value=value)
    else:
        shown = tag("input", name=name, value=value)
        if field.kind == "set":
            label = (f"{field.label}, with commas between",)
    return tag("label", tag("span", *label), shown)


def _remark(remark: Remark) -> Html:
    kind = "public" if remark.public else "internal"
    about = f"{remark.author}, {remark.at:%Y-%m-%d %H:%M} "
    return tag(
        "article",
        tag("span", about, class_="soft"),
        tag("span", KIND[kind], class_="badge"),
        tag("p", remark.text),
        class_=f"remark {kind}",
    )


def _comment(one: Sheet, acting: Acting, typed: Mapping[str, str]) -> Html:
    text = tag("textarea", typed.get("text", ""), name="text", aria_label="Comment")
    kinds = [tag("option", KIND[kind], value=kind) for kind in one.can_comment]
    return tag(
        "form",
        tag("h2", "Say something"),
        tag("label", text),
        tag("label", tag("span", "Seen as"), tag("select", *kinds, name="visibility")),
        acting.choice(),
        _hidden("do", "remark"),
        tag("button", "Comment"),
        method="post",
    )


def _actions(one: Sheet, acting: Acting) -> Html:
    buttons = [
        tag("button", named(action), name="action", value=action, class_="plain")
        for action in one.actions
    ]
    bar = tag("div", *buttons, class_="bar")
    return tag("form", acting.choice(), bar, _hidden("do", "act"), method="post")


def _link(link: Shown) -> str:
    """Only an address of the web is to be clicked: others may be scripts."""
    if link.url.startswith(("http://", "https://", "/")):
        return tag("a", link.title or link.url, href=link.url, rel="noreferrer")
    return f"{link.title} ({link.url})"


def _hidden(name: str, value: str) -> Html:
    return tag("input", type="hidden", name=name, value=value)


def address(type: str, id: str) -> str:
    """Where a record's page is."""
    return f"/records/{quote(type, safe='')}/{quote(id)}"


def named(word: str) -> str:
    """A name of ours as people read it: `set_aside` is "Set aside"."""
    return word.replace("_", " ").capitalize()
