"""The command line checks what it needs before it serves anything."""

import socket
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pytest

import streamhtml
from streamhtml import __main__ as command
from streamhtml.demo import _model
from streamhtml.demo._demo import FROM_NPM


@pytest.fixture(autouse=True)
def no_server(monkeypatch: pytest.MonkeyPatch) -> list[command.Demo]:
    served: list[command.Demo] = []
    monkeypatch.setattr("streamhtml.demo._serve.serve", lambda *given: served.append(given[0]))
    return served


def test_it_serves_the_demo_of_the_arguments(no_server: list[command.Demo]) -> None:
    given = ["--framework", "flask", "--client", "htmx4", "--rate", "7.5", "--log", "none"]

    assert command.main(["demo", "--port", "0", *given]) == 0
    assert no_server == [command.Demo("flask", "htmx4", None, 7.5, "none")]


def test_ctrl_c_is_not_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*given: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("streamhtml.demo._serve.serve", interrupt)

    assert command.main(["demo", "--port", "0"]) == 0


@pytest.mark.parametrize(
    ("arguments", "missing"),
    [
        (["--framework", "starlette"], "starlette and python_multipart and uvicorn and pygments"),
        (
            ["--framework", "django", "--client", "htmx2"],
            "django and uvicorn and pygments and django_htmx",
        ),
        (["--framework", "flask"], "flask and gunicorn and pygments"),
    ],
)
def test_it_names_the_packages_that_are_not_installed(
    arguments: list[str],
    missing: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(command, "find_spec", lambda name: None)

    assert command.main(["demo", *arguments]) == 1
    assert capsys.readouterr().err == (
        f"streamhtml demo: {missing} not installed; run pip install 'streamhtml[demo]'\n"
    )


@pytest.mark.parametrize("client", FROM_NPM)
def test_it_says_where_to_get_what_no_python_package_contains(
    client: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(FROM_NPM, client, tmp_path / "dist")

    assert command.main(["demo", "--port", "0", "--client", client]) == 1
    said = capsys.readouterr().err
    assert f"--client {client} needs {tmp_path}/dist" in said
    assert f"make demo ARGS='--client {client}' gets it from npm" in said


@pytest.mark.parametrize("key", [None, ""])
@pytest.mark.parametrize(
    ("model", "keys"),
    [
        ("openai:gpt-5-mini", "OPENAI_API_KEY"),
        ("anthropic:claude-sonnet-5", "ANTHROPIC_API_KEY"),
        ("gemini:gemini-3-flash", "GEMINI_API_KEY or GOOGLE_API_KEY"),
    ],
)
def test_a_model_needs_a_key(
    model: str,
    keys: str,
    key: str | None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(_model.Provider, "is_installed", lambda provider: True)
    for name in keys.split(" or "):
        monkeypatch.delenv(name, raising=False)
        if key is not None:
            monkeypatch.setenv(name, key)

    assert command.main(["demo", "--port", "0", "--model", model]) == 1
    assert f"--model {model} needs {keys} in the environment" in capsys.readouterr().err


@pytest.mark.parametrize("model", ["ollama:qwen3:8b", "openai:gpt-5-mini"])
def test_a_model_is_asked(
    model: str, no_server: list[command.Demo], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_model.Provider, "is_installed", lambda provider: True)
    monkeypatch.setenv("OPENAI_API_KEY", "none")

    assert command.main(["demo", "--port", "0", "--model", model]) == 0
    assert no_server == [command.Demo(model=model)]


@pytest.mark.parametrize(("name", "package"), [("ollama", "ollama"), ("gemini", "google-genai")])
def test_it_names_the_package_of_a_model(
    name: str, package: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = replace(_model.PROVIDERS[name], module="streamhtml_missing.module")
    monkeypatch.setitem(_model.PROVIDERS, name, missing)

    assert command.main(["demo", "--port", "0", "--model", f"{name}:m"]) == 1
    assert capsys.readouterr().err == (
        f"streamhtml demo: --model {name}:m needs {package}; run pip install {package}\n"
    )


@pytest.mark.parametrize("model", ["gpt-5-mini", "openai:", "qwen3:8b", ""])
def test_a_model_without_a_provider_is_refused(
    model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exit_:
        command.main(["demo", f"--model={model}"])

    assert exit_.value.code == 2
    assert "use openai:NAME, anthropic:NAME, ollama:NAME, gemini:NAME" in capsys.readouterr().err


def test_several_workers_need_a_redis(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["demo", "--workers", "2"]) == 1
    assert "--workers 2 needs a log that all of them reach" in capsys.readouterr().err


@pytest.mark.parametrize(
    "url", ["redis://127.0.0.1:1", "unix:///missing/redis.sock", "redis://x:y"]
)
def test_a_redis_that_does_not_answer_is_an_error(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["demo", "--log", url]) == 1
    assert f"--log {url} does not answer: " in capsys.readouterr().err


def test_it_names_the_package_of_redis(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = command.find_spec
    monkeypatch.setattr(command, "find_spec", lambda name: None if name == "redis" else found(name))

    assert command.main(["demo", "--log", "redis://127.0.0.1"]) == 1
    expected = "--log redis://127.0.0.1 needs redis; run pip install 'streamhtml[redis]'"
    assert capsys.readouterr().err == f"streamhtml demo: {expected}\n"


@pytest.mark.parametrize(
    ("option", "value"), [("--log", "postgres://x"), ("--log", ""), ("--workers", "0")]
)
def test_other_logs_and_numbers_are_refused(
    option: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exit_:
        command.main(["demo", f"{option}={value}"])

    assert exit_.value.code == 2
    assert f"{value} is not a" in capsys.readouterr().err


def test_several_workers_share_a_database(
    no_server: list[command.Demo], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "_log_problem", lambda demo: "")

    assert command.main(["demo", "--port=0", "--workers=2", "--log=redis://127.0.0.1"]) == 0
    assert no_server[0].database.endswith(".sqlite3")


def test_a_port_that_is_in_use_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        assert command.main(["demo", "--port", str(port)]) == 1
        assert capsys.readouterr().err == (
            f"streamhtml demo: cannot listen on 127.0.0.1 port {port}: Address already in use; "
            "choose another port, or --port 0 for a free one\n"
        )


@pytest.mark.parametrize(
    ("option", "value"),
    [("--port", "65536"), ("--port", "-1"), ("--rate", "-1"), ("--rate", "inf"), ("--rate", "nan")],
)
def test_numbers_out_of_range_are_refused(
    option: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exit_:
        command.main(["demo", f"{option}={value}"])

    assert exit_.value.code == 2
    assert f"{value} is not a" in capsys.readouterr().err


def test_the_help_explains_the_special_prompts(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(["demo", "--help"])

    said = capsys.readouterr().out
    assert all(word in said for word in ("fail ", "sleep ", "side by side ", "OPENAI_BASE_URL"))


def test_it_prints_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        command.main(["--version"])

    assert exit_.value.code == 0
    assert capsys.readouterr().out == f"streamhtml {version('streamhtml')}\n"
    assert streamhtml.__version__ == version("streamhtml")
