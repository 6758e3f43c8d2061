"""What each format's texts mean, on samples people write, and how they are rewritten in place."""

from __future__ import annotations

import pytest

from syncline.schema.text.codecs import codec
from syncline.schema.text.tree import (
    CODE,
    EMPHASIS,
    STRIKE,
    STRONG,
    Block,
    Break,
    Code,
    Document,
    Heading,
    Image,
    Item,
    List,
    Panel,
    Paragraph,
    Quote,
    Rule,
    Table,
    Text,
)


def p(*inlines: Text | Break | Image | str) -> Paragraph:
    return Paragraph(tuple(Text(one) if isinstance(one, str) else one for one in inlines))


def ul(*items: Item | str) -> List:
    return List(False, tuple(Item((p(one),)) if isinstance(one, str) else one for one in items))


MARKDOWN: list[tuple[str, list[Block]]] = [
    ("Setext\n===\n\ntext  \nnext", [Heading(1, (Text("Setext"),)), p("text", Break(), "next")]),
    ("- a\n- b\n  1. c", [ul("a", Item((p("b"), List(True, (Item((p("c"),)),)))))]),
    ("7) x", [List(True, (Item((p("x"),)),), 7)]),
    ("- [x] done", [ul("[x] done")]),
    ("````ruby\n```\n````", [Code("```", "ruby")]),
    ("    indented", [Code("indented")]),
    ("a <br> b <script>x</script>", [p("a", Break(), "b x")]),
    ("<script>alert(1)</script>\n\nx", [p("x")]),
    ("<details><summary>S</summary>\n\nhidden\n\n</details>", [p("S"), p("hidden")]),
    ("[a][r]\n\n[r]: http://e.com", [p(Text("a", 0, "http://e.com"))]),
    ("[![i](http://e.com/i)](http://e.com)", [p(Image("http://e.com/i", "i", "http://e.com"))]),
    ("<http://e.com/a_b_>", [p("http://e.com/a_b_")]),
    ("| a |\n| - |\n| b\\|`c` |", [Table((((Text("a"),),), ((Text("b|"), Text("c", CODE)),)))]),
    ("***a** b*", [p(Text("a", STRONG | EMPHASIS), Text(" b", EMPHASIS))]),
    ("שלום **עולם** 👩‍👩‍👧", [p("שלום ", Text("עולם", STRONG), " 👩‍👩‍👧")]),
]

HTML: list[tuple[str, list[Block]]] = [
    ("<html><head><title>t</title></head><body><p>a</p></body></html>", [p("a")]),
    ("<p>a<p>b", [p("a"), p("b")]),
    ("a<br>b<br/><br>c", [p("a", Break(), "b"), p("c")]),
    ("<div>a</div><div>b <b>c</b></div>", [p("a"), p("b ", Text("c", STRONG))]),
    ("<ul><li>a<li>b<ul><li>c</ul></ul>", [ul("a", Item((p("b"), ul("c"))))]),
    ("<ol start='3'><li>x</ol>", [List(True, (Item((p("x"),)),), 3)]),
    ("<pre>\n a &lt; b\n</pre>", [Code(" a < b")]),
    ("<pre><code class='ruby syntaxhl'>x</code></pre>", [Code("x", "ruby")]),
    ("<table><tr><td>a<td><p>b</p><p>c</p></table>",
     [Table((((Text("a"),), (Text("b"), Break(), Text("c"))),), False)]),
    ("<p>a&nbsp;&nbsp; b</p>\r\n<hr>", [p("a b"), Rule()]),
    ("<b>a <i>b</b> c</i>", [p(Text("a ", STRONG), Text("b", STRONG | EMPHASIS), " c")]),
    ("<p>a<style>p{}</style><script>x</script><!-- y --></p>", [p("a")]),
    ("1 < 2 <3 &amp;amp; &lt;b&gt;", [p("1 < 2 <3 &amp; <b>")]),
    ("<script>never closed <p>x</p>", []),
    ("shown <a href='unclosed", [p("shown")]),
    ("<a href='javascript:x'>a</a><img src=x onerror=y>", [p("a", Image("x"))]),
    ("<s>a</s><del>b</del> <tt>c</tt>", [p(Text("ab", STRIKE), " ", Text("c", CODE))]),
]  # fmt: skip

TEXTILE: list[tuple[str, list[Block]]] = [
    ("h2. A *b*\r\n\r\nline\r\nnext", [Heading(2, (Text("A "), Text("b", STRONG))),
                                       p("line", Break(), "next")]),
    ("* a\n** b\n* c", [ul(Item((p("a"), ul("b"))), "c")]),
    ("text\n# x\n#* y", [p("text"), List(True, (Item((p("x"), ul("y"))),))]),
    ("bq. q\n\n> a\n>\n> b\n> > c", [Quote((p("q"),)), Quote((p("a"), p("b"), Quote((p("c"),))))]),
    ('<pre><code class="ruby">\na\n\n&lt;b\n</code></pre>', [Code("a\n\n&lt;b", "ruby")]),
    ("bc. x\ny", [Code("x\ny")]),
    ("|_. a |_. b|\n|c|*d*|", [Table((((Text("a"),), (Text("b"),)),
                                      ((Text("c"),), (Text("d", STRONG),))))]),
    ("_a_ -b-", [p(Text("a", EMPHASIS), " ", Text("b", STRIKE))]),
    ("@c@ +d+", [p(Text("c", CODE), " d")]),
    ('see "t":http://e.com/x_y, ok', [p("see ", Text("t", 0, "http://e.com/x_y"), ", ok")]),
    ("!http://e.com/i.png(alt)!", [p(Image("http://e.com/i.png", "alt"))]),
    ("well-known 2*3*4 a_b_c - x -5 -3", [p("well-known 2*3*4 a_b_c - x -5 -3")]),
    ("&#42;x&#42; 1 < 2 <b>y</b>", [p("*x* 1 < 2 <b>y</b>")]),
    ("---", [Rule()]),
    ("==*x*== y", [p("*x* y")]),
    ('"x":javascript:alert(1)', [p('"x":javascript:alert(1)')]),
]  # fmt: skip

WIKI: list[tuple[str, list[Block]]] = [
    ("h2. A *b*\r\nline\r\nnext", [Heading(2, (Text("A "), Text("b", STRONG))),
                                   p("line", Break(), "next")]),
    ("text\n* a\n** b\nmore\n* c", [p("text"), ul(Item((p("a"), ul(Item((p("b", Break(), "more"),
                                                                        ))))), "c")]),
    ("# x\n#* y\n# z", [List(True, (Item((p("x"), ul("y"))), Item((p("z"),))))]),
    ("- a\n- b\n\n---- \n--- dash", [ul("a", "b"), Rule(), p("--- dash")]),
    ("* a\n- b\n-* c\n-- d", [ul("a"), ul(Item((p("b"), ul("c"), ul("d"))))]),
    ("bq. q\n{quote}\na\n\nb\n{quote}", [Quote((p("q"),)), Quote((p("a"), p("b")))]),
    ("see {code:ruby|title=x}\na {quote}\n\n&lt;\n{code} on",
     [p("see"), Code("a {quote}\n\n&lt;", "ruby"), p("on")]),
    ("{noformat}*a*{noformat}", [Code("*a*")]),
    ("{quote}{code:java}{quote}{code}{quote}", [Quote((Code("{quote}", "java"),))]),
    ("{panel:title=T|bgColor=#fffae6}a{panel}", [Panel("warning", (p(Text("T", STRONG)), p("a")))]),
    ("||a||b||\n|c|*d* [x|http://e.com]|\n|e \\| f \\\\ g\nh|{{i}}|",
     [Table((((Text("a"),), (Text("b"),)),
             ((Text("c"),), (Text("d", STRONG), Text(" "), Text("x", 0, "http://e.com"))),
             ((Text("e | f"), Break(), Text("g"), Break(), Text("h")), (Text("i", CODE),))))]),
    ("_a_ -b- ??c?? +d+ ^e^ ~f~", [p(Text("a", EMPHASIS), " ", Text("b", STRIKE), " ",
                                     Text("c", EMPHASIS), " d e f")]),
    ("un{*}believ{*}able *a _b_*", [p("un", Text("believ", STRONG), "able ", Text("a ", STRONG),
                                      Text("b", STRONG | EMPHASIS))]),
    ("[t *b*|http://e.com/x_y], [http://e.com] http://e.com/_a_.",
     [p(Text("t ", 0, "http://e.com/x_y"), Text("b", STRONG, "http://e.com/x_y"),
        ", http://e.com http://e.com/_a_.")]),
    ("!http://e.com/i.png|width=3,alt=words! [!http://e.com/j.png!|http://e.com]",
     [p(Image("http://e.com/i.png", "words"), " ",
        Image("http://e.com/j.png", "", "http://e.com"))]),
    ("[^a.txt] [~jane] !shot.png|thumbnail! [x] [a|b] !really! {color:red}red{color}",
     [p("a.txt @jane shot.png [x] [a|b] !really! red")]),
    ("well-known 2*3*4 a_b_c - x -5 c:\\dir", [p("well-known 2*3*4 a_b_c - x -5 c:\\dir")]),
    ("\\*x\\* &#42;y* \\{code} \\\\ z \\\\host\\share", [p("*x* *y* {code}", Break(),
                                                            "z \\\\host\\share")]),
    ("{quote}never closed {unknown} [x|javascript:alert(1)]",
     [p("{quote}never closed {unknown} [x|javascript:alert(1)]")]),
]  # fmt: skip

SAMPLES = [
    (name, source, blocks)
    for name, samples in (
        ("markdown", MARKDOWN),
        ("html", HTML),
        ("textile", TEXTILE),
        ("wiki_markup", WIKI),
    )
    for source, blocks in samples
]


@pytest.mark.parametrize(("name", "source", "blocks"), SAMPLES)
def test_a_sample_means_what_its_author_meant(name: str, source: str, blocks: list[Block]) -> None:
    one = codec(name)
    document = one.read(source)
    assert document == Document(tuple(blocks))
    assert one.read(one.write(document).text) == document
    assert one.rewrite(source, document).text == source


EDITS = [
    ("markdown", "# T #\n\n* one\n* two  \n  more\n\n\n***\n", "two", "2",
     "# T #\n\n* one\n* 2\\\n  more\n\n\n***\n"),
    ("markdown", "1) aa\r\n1) bb\r\n1) cc\r\n", "bb", "BB", "1) aa\r\n1) BB\r\n1) cc\r\n"),
    ("markdown", "<!-- keep -->\n\naa\n\n[r]: http://e.com\n\nbb", "aa", "AA",
     "<!-- keep -->\n\nAA\n\n[r]: http://e.com\n\nbb"),
    ("markdown", "aa **x**\n\n\n\nbb\n\ncc __y__\n", "bb", "B\u00a0B",
     "aa **x**\n\n\n\nB B\n\ncc __y__\n"),
    ("html", "<div>\n <p class='x'>aa</p>\n\n <p>bb</p>\n</div>\n", "bb", "BB",
     "<div>\n <p class='x'>aa</p>\n\n <p>BB</p>\n</div>\n"),
    ("html", "<ul class=x>\n  <li id=1>aa</li>\n  <li>bb</li></ul>", "bb", "BB",
     "<ul class=x>\n  <li id=1>aa</li>\n  <li>BB</li></ul>"),
    ("html", "<body><span>aa</span> x<hr/>bb</body>", "bb", "BB",
     "<body><span>aa</span> x<hr/><p>BB</p></body>"),
    ("textile", "# aa +u+\r\n# bb\r\n## cc\r\n\r\n\r\nend\r\n", "cc", "CC",
     "# aa +u+\r\n# bb\r\n## CC\r\n\r\n\r\nend\r\n"),
    ("textile", "p(x). aa\n\nbq. bb\n", "bb", "BB", "p(x). aa\n\n> BB\n"),
    ("wiki_markup", "- aa +u+\r\n- bb\r\n-- cc\r\n\r\n\r\nend {color:red}x{color}\r\n",
     "aa u", "AA",
     "- AA\r\n- bb\r\n-- cc\r\n\r\n\r\nend {color:red}x{color}\r\n"),
    ("wiki_markup", "# aa +u+\n# bb\n## cc\n", "cc", "CC", "# aa +u+\n# bb\n## CC\n"),
    ("wiki_markup", "see {code:ruby|title=x}1{code} on\nh3. bb\n[^a.txt]", "bb", "BB",
     "see {code:ruby|title=x}1{code} on\nh3. BB\n[^a.txt]"),
    ("plain", "aa\n  bb\n \n\ncc\n", "cc", "CC", "aa\n  bb\n \n\nCC\n"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "original", "old", "new", "expected"), EDITS)
def test_an_edit_changes_only_the_block_or_item_it_is_in(
    name: str, original: str, old: str, new: str, expected: str
) -> None:
    import json

    from syncline.schema.text.tree import from_json, to_json

    one = codec(name)
    as_json = json.dumps(to_json(one.read(original)), ensure_ascii=False)
    edited = from_json(json.loads(as_json.replace(f'"{old}"', f'"{new}"')))
    assert edited != one.read(original)
    assert one.rewrite(original, edited).text == expected


def test_markdown_encodes_a_letter_that_would_rob_a_delimiter_of_its_power() -> None:
    document = Document((p(Text("Stop.", STRONG), "Go"),))
    written = codec("markdown").write(document).text
    assert written == "**Stop.**&#71;o"
    assert codec("markdown").read(written) == document


def test_two_lists_in_a_row_stay_two_lists() -> None:
    document = Document((ul("a"), ul("b"), List(True, (Item((p("c"),)),))))
    for name in ("markdown", "html", "textile", "wiki_markup"):
        assert codec(name).show(document) == document


def test_redmine_marks_no_part_of_a_word_and_the_loss_is_told() -> None:
    written = codec("textile").write(Document((p("un", Text("believ", STRONG), "able"),)))
    assert written.text == "unbelievable"
    assert written.losses == ("1 marked passage shown plain",)


def test_wiki_markup_marks_a_part_of_a_word_by_signs_in_braces() -> None:
    document = Document((p("un", Text("believ", STRONG), "able", Text("!", EMPHASIS)),))
    written = codec("wiki_markup").write(document)
    assert written.text == "un{*}believ{*}able{_}!_"
    assert written.losses == ()


def test_a_language_that_the_wiki_renderer_does_not_know_is_left_out_and_told() -> None:
    written = codec("wiki_markup").write(Document((Code("x", "cobol"), Code("y", "java"))))
    assert written.text == "{noformat}\nx\n{noformat}\n\n{code:java}\ny\n{code}"
    assert written.losses == ("1 code block shown without its language",)


def test_losses_are_counted_in_words() -> None:
    table = Table((((Text("a"),),), ((Text("b"),),)))
    written = codec("plain").write(Document((table, p("x"), table)))
    assert written.losses == ("2 tables shown as text",)
    assert codec("textile").write(Document((table,))).losses == ()
