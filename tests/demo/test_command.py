"""The command line checks what it needs before it serves anything."""

import socket
from importlib.metadata import version

import pytest

import streamhtml
from streamhtml import __main__ as command


@pytest.fixture(autouse=True)
def no_server(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    served: list[object] = []
    monkeypatch.setattr("streamhtml.demo._serve.serve", lambda *given: served.append(given[0]))
    return served


def test_it_serves_the_demo_of_the_arguments(no_server: list[object]) -> None:
    given = ["demo", "--port", "0", "--framework", "flask", "--client", "htmx4", "--rate", "7.5"]

    assert command.main(given) == 0
    assert no_server == [command.Demo("flask", "htmx4", None, 7.5)]


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
        (["--framework", "flask", "--model", "m"], "flask and gunicorn and pygments and openai"),
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


@pytest.mark.parametrize("key", [None, ""])
def test_a_model_needs_a_key(
    key: str | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    if key is not None:
        monkeypatch.setenv("OPENAI_API_KEY", key)

    assert command.main(["demo", "--model", "gpt-5-mini"]) == 1
    assert "--model gpt-5-mini needs OPENAI_API_KEY" in capsys.readouterr().err


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
    assert all(word in said for word in ("fail ", "sleep ", "OPENAI_BASE_URL"))


def test_it_prints_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        command.main(["--version"])

    assert exit_.value.code == 0
    assert capsys.readouterr().out == f"streamhtml {version('streamhtml')}\n"
    assert streamhtml.__version__ == version("streamhtml")
