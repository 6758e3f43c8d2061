"""The characters that text formats stumble on."""

from __future__ import annotations

from hypothesis import strategies as st

NASTY = (
    "*", "**", "_", "__", "-", "--", "---", "~", "~~", "`", "```", "@", "@all", "#", "# ", "h1. ",
    "bq. ", "p. ", "* ", "- ", "+ ", "1. ", "1) ", "> ", "|", "||", "|_. ",
    "!", "![", "[", "]", "(",
    ")", "](", "](javascript:alert(1))", '"', '":', "<", ">", "<b>", "</p>", "<script>", "<!--",
    "-->", "&", "&amp;", "&#42;", "&lt;", "{{", "}}", "{code}", "[~user]",
    "[[", "==", "??", "%", "^",
    "http://e.com/a_b_", "https://e.com/?a=1&copy=2", "javascript:", ":", ";",
    ".", ",", "=", "===",
    "\\", "\\\\", "$", "'", "/", "OR 1=1", "\u202e", "\u200f", "שלום", "😀",
    "👩‍👩‍👧", "é", "e\u0301", "中文",
    "\u00a0", "\u2060", "\t", "\n", "\r\n", "\x00", "\x0b", "ABC(d)", "[1]", "<pre>", "</pre>",
    "<code>", "</code>", "a", "b", "word", "two words", " ", "  ", "C++", "snake_case", "x@e.com",
)  # fmt: skip

pieces = st.sampled_from(NASTY) | st.text(max_size=4)
words = st.lists(pieces, min_size=1, max_size=5).map("".join)
