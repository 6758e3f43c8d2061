"""The page for people: they read records, edit them and comment, each as somebody of the company.

What they do goes through the fake's own rules, not through the vendor's API, so that it looks to
a sync like the work of others. It needs no script, and nothing from elsewhere.
"""

from __future__ import annotations

from importlib import resources
from urllib.parse import quote

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from syncline.sandbox import drawing, forms
from syncline.sandbox.drawing import Acting, Listing
from syncline.sandbox.fake import Fake, Refusal, Row

ON_A_PAGE = 100
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


def routes(fake: Fake) -> list[Route]:
    """The pages of one fake."""
    pages = _Pages(fake)
    both = ["GET", "POST"]
    return [
        Route("/", pages.board, methods=["GET"]),
        Route(drawing.STYLE, _style, methods=["GET"]),
        Route("/records/{type}/{id:path}", pages.record, methods=both),
        Route("/new/{type}", pages.new, methods=both),
    ]


class _Pages:
    """What each page does."""

    def __init__(self, fake: Fake) -> None:
        self._fake = fake
        self._tool = drawing.named(fake.tool)
        self._cookie = f"{fake.tool}-person"  # cookies are shared by all ports of a host

    async def board(self, request: Request) -> Response:
        """The list, searched and turned."""
        asked = request.query_params.get("q", "").strip()
        found = [row for row in self._fake.board() if _fits(row, asked.casefold())]
        pages = max(1, -(-len(found) // ON_A_PAGE))
        wanted = request.query_params.get("page", "1")
        page = min(max(1, int(wanted) if wanted.isdecimal() else 1), pages)
        rows = found[(page - 1) * ON_A_PAGE : page * ON_A_PAGE]
        types = list(self._fake.blanks())
        listing = Listing(rows, len(found), page, pages, asked, types)
        return self._page("Records", drawing.board(listing))

    async def record(self, request: Request) -> Response:
        """One record, and what a person does to it."""
        type, id = request.path_params["type"], request.path_params["id"]
        refusal, typed = "", FormData()
        if request.method == "POST":
            typed = await _form(request)
            try:
                self._done(type, id, typed)
            except Refusal as refused:
                refusal = str(refused)
            else:
                return self._seen(drawing.address(type, id) if self._has(type, id) else "/", typed)
        try:
            sheet = self._fake.sheet(type, id)
        except Refusal as refused:
            return self._page("Nothing here", refusal=str(refused), status=404)
        shown = drawing.sheet(sheet, self._acting(request, typed), _texts(typed))
        return self._page(sheet.title, shown, refusal=refusal, status=422 if refusal else 200)

    async def new(self, request: Request) -> Response:
        """The form of a new record."""
        type = request.path_params["type"]
        fields = self._fake.blanks().get(type)
        if fields is None:
            refusal = f"People cannot make a {type} here."
            return self._page("Nothing here", refusal=refusal, status=404)
        refusal, typed = "", FormData()
        if request.method == "POST":
            typed = await _form(request)
            try:
                id = self._fake.make(type, self._person(typed), _fields(typed, changed=False))
            except Refusal as refused:
                refusal = str(refused)
            else:
                return self._seen(drawing.address(type, id), typed)
        shown = drawing.blank(type, fields, self._acting(request, typed), _texts(typed))
        return self._page(f"New {type}", shown, refusal=refusal, status=422 if refusal else 200)

    def _done(self, type: str, id: str, typed: FormData) -> None:
        """Do what a form says; raises Refusal."""
        person, what = self._person(typed), _text(typed, "do")
        if what == "edit":
            if values := _fields(typed, changed=True):
                self._fake.edit(type, id, person, values)
        elif what == "remark":
            public = _text(typed, "visibility") == "public"
            self._fake.remark(type, id, person, _text(typed, "text"), public)
        else:
            self._fake.act(type, id, person, _text(typed, "action"))

    def _person(self, typed: FormData) -> str:
        person = _text(typed, "person")
        if person not in self._fake.people():
            raise Refusal(f"Nobody here is called {person!r}.")
        return person

    def _acting(self, request: Request, typed: FormData) -> Acting:
        people = self._fake.people()
        known = request.cookies.get(self._cookie, "")
        by_cookie = next((p for p in people if quote(p) == known), people[0] if people else "")
        return Acting(people, _text(typed, "person") or by_cookie)

    def _has(self, type: str, id: str) -> bool:
        try:
            self._fake.sheet(type, id)
        except Refusal:
            return False
        return True

    def _seen(self, where: str, typed: FormData) -> Response:
        """After something was done: durable, and shown as it is now."""
        self._fake.state.commit()
        response = RedirectResponse(where, 303, HEADERS)
        response.set_cookie(self._cookie, quote(_text(typed, "person")), samesite="strict")
        return response

    def _page(
        self, title: str, content: str = "", *, refusal: str = "", status: int = 200
    ) -> Response:
        page = drawing.frame(self._tool, title, content, refusal=refusal)
        return HTMLResponse(page, status, HEADERS)


async def _style(request: Request) -> Response:
    css = resources.files("syncline.sandbox").joinpath("page.css").read_text("utf-8")
    return Response(css, media_type="text/css")


async def _form(request: Request) -> FormData:
    try:
        return forms.read(request.headers.get("content-type", ""), await request.body())
    except forms.BadForm:
        return FormData()


def _text(typed: FormData, name: str) -> str:
    """What was typed, with line breaks as everywhere but in forms."""
    value = typed.get(name)
    return value.replace("\r\n", "\n") if isinstance(value, str) else ""


def _texts(typed: FormData) -> dict[str, str]:
    return {name: _text(typed, name) for name in typed}


def _fields(typed: FormData, *, changed: bool) -> dict[str, str]:
    """The fields of a form by name; with `changed` those only that were not so when it was shown.

    What somebody else has changed meanwhile is so left alone.
    """
    return {
        name.removeprefix("field:"): _text(typed, name)
        for name in typed
        if name.startswith("field:")
        and not (changed and _text(typed, name) == _text(typed, f"was:{name[6:]}"))
    }


def _fits(row: Row, asked: str) -> bool:
    return asked in " ".join((row.key, row.title, *row.cells.values())).casefold()
