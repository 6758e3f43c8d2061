"""The request log names routes, never records."""

from __future__ import annotations

import pytest

from syncline.sdk.requestlog import RequestEntry, RequestLog, path_template


@pytest.mark.parametrize(
    ("path", "template"),
    [
        ("/rest/api/3/issue/APP-12/comment", "/rest/api/{}/issue/{}/comment"),
        ("/issues/5.json?key=x", "/issues/{}"),
        ("/users/ann%40acme.example", "/users/{}"),
        ("/", "/"),
    ],
)
def test_a_template_keeps_words_and_hides_ids(path: str, template: str) -> None:
    assert path_template(path) == template


def test_the_log_keeps_the_last_requests_and_all_the_counts() -> None:
    log = RequestLog(keep=2)
    for number in range(5):
        log.add(RequestEntry("GET", "/", 200, float(number), False, 1), sent=True)
    assert log.counts == {"read": 5, "write": 0}
    assert [entry.seconds for entry in log.recent] == [3.0, 4.0]
