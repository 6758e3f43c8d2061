"""Secrets in a configuration: named, looked up late, never shown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from syncline.config import Config, ConfigError, load
from syncline.config.secrets import check_shape, connection_config, store_url, webhook_secrets
from syncline.simulation.connector import MemoryConfig

WITNESS = "witness-93f2"


def config(folder: Path, **keys: Any) -> Config:
    connection = {"connector": "memory", "base_url": "memory://x", **keys}
    body = {"connections": {"a": connection}, "store": keys.pop("store", "sqlite:///x.db")}
    connection.pop("store", None)
    (folder / "syncline.yaml").write_text(yaml.safe_dump(body))
    return load(folder)


def opened(one: Config, env: Mapping[str, str] | None = None, **kinds: Any) -> MemoryConfig:
    found = connection_config(one, "a", MemoryConfig, kinds, env or {})
    assert isinstance(found, MemoryConfig)
    return found


def refusal(one: Config, env: Mapping[str, str] | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        opened(one, env)
    return str(caught.value)


def test_a_secret_comes_from_the_environment_a_file_or_a_resolver(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-a-file\n")
    for text, found in (
        ("${env:T}", "from-the-env"),
        ("${file:token}", "from-a-file"),
        ("${prefect:block}", "from-block"),
    ):
        one = opened(
            config(tmp_path, auth={"token": text}),
            {"T": "from-the-env"},
            prefect=lambda name: f"from-{name}",
        )
        assert one.auth.token.reveal() == found


def test_a_secret_in_clear_is_refused_and_not_repeated(tmp_path: Path) -> None:
    told = refusal(config(tmp_path, auth={"token": WITNESS}))
    assert "connections.a.auth.token" in told
    assert "${env:NAME}" in told
    assert WITNESS not in told


def test_a_missing_secret_names_the_connection_and_the_variable(tmp_path: Path) -> None:
    told = refusal(config(tmp_path, auth={"token": "${env:NOT_SET}"}))
    assert "connections.a" in told
    assert "${env:NOT_SET} is missing or empty" in told


def test_lint_needs_no_secret_but_finds_one_in_clear(tmp_path: Path) -> None:
    good = config(tmp_path, auth={"token": "${env:NOT_SET}"})
    assert not [*check_shape(good, "a", MemoryConfig)]
    (problem,) = check_shape(config(tmp_path, auth={"token": WITNESS}), "a", MemoryConfig)
    assert "named here, never written down" in problem.what


def test_a_key_the_connector_does_not_know_gets_a_suggestion(tmp_path: Path) -> None:
    told = refusal(config(tmp_path, auth={"tokn": "${env:T}"}, limts={}), {"T": "x"})
    assert "unknown key `tokn`; did you mean `token`?" in told
    assert "`token` is missing" in told
    assert "unknown key `limts`; did you mean `limits`?" in told


def test_an_address_may_be_a_reference_and_lengths_of_time_are_read(tmp_path: Path) -> None:
    one = opened(
        config(
            tmp_path, base_url="${env:URL}", auth={"token": "${env:T}"}, search_lag="2s",
            ca_file="ca.pem",
        ),
        {"URL": "memory://y", "T": "x-token"},
    )  # fmt: skip
    assert one.base_url == "memory://y"
    assert one.search_lag == timedelta(seconds=2)
    assert one.ca_file == tmp_path / "ca.pem"


def test_a_relative_store_lies_in_the_configurations_folder(tmp_path: Path) -> None:
    one = config(tmp_path, store="sqlite:///.syncline/state.db")
    assert store_url(one) == f"sqlite:///{tmp_path}/.syncline/state.db"


def test_the_password_of_a_store_is_looked_up(tmp_path: Path) -> None:
    one = config(tmp_path, store="postgresql://me:${env:PW}@db/syncline")
    assert store_url(one, env={"PW": "word"}) == "postgresql://me:word@db/syncline"
    with pytest.raises(ConfigError, match="store"):
        store_url(one, env={})


def test_who_syncs_and_who_receives_webhooks_need_none_of_each_others_secrets(
    tmp_path: Path,
) -> None:
    one = config(tmp_path, auth={"token": "${env:T}"}, webhook_secret=["${env:OLD}", "${env:NEW}"])
    assert opened(one, {"T": "token-5150"}).webhook_secret == ()
    found = webhook_secrets(one, "a", env={"OLD": "old-5150", "NEW": "new-5150"})
    assert [secret.reveal() for secret in found] == ["old-5150", "new-5150"]
    with pytest.raises(ConfigError, match=r"webhook_secret\[1\]: \$\{env:NEW\} is missing"):
        webhook_secrets(one, "a", env={"T": "token-5150", "OLD": "old-5150"})


def test_a_sandbox_signs_with_a_secret_that_stands_in_clear(tmp_path: Path) -> None:
    for secret in ("sandbox-hook", ["sandbox-old", "sandbox-new"]):
        one = config(
            tmp_path,
            base_url="http://127.0.0.1:9",
            auth={"token": "sandbox-token"},
            webhook_secret=secret,
        )
        assert [*check_shape(one, "a", MemoryConfig)] == []
        given = secret if isinstance(secret, list) else [secret]
        assert [found.reveal() for found in webhook_secrets(one, "a")] == given


def test_a_sandboxs_webhooks_are_not_signed_with_a_real_secret(tmp_path: Path) -> None:
    one = config(
        tmp_path,
        base_url="http://127.0.0.1:9",
        auth={"token": "sandbox-token"},
        webhook_secret=["sandbox-hook", "${env:REAL}"],
    )
    (problem, *_) = check_shape(one, "a", MemoryConfig)
    assert "stands beside a sandbox's secret" in str(problem)
