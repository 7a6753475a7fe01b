"""The command line: ``streamhtml demo`` serves a streaming chat page.

Modules are imported only when they are needed, so that an error message can name the packages that
are missing.
"""

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from importlib.util import find_spec
from tempfile import TemporaryDirectory
from typing import Final

from streamhtml import __version__
from streamhtml.demo._demo import CLIENTS, FRAMEWORKS, Demo, is_redis
from streamhtml.demo._model import PROVIDERS

_EPILOG: Final = """\
some messages get a special answer:
  fail          The source raises an error after 100 of 200 tokens. The page says so, and the log
                has the traceback.
  sleep         The source waits for 30 seconds. Reload the page, or open it in a second tab.
  weather       The answer has reasoning and tool calls.
  side by side  There are two answers, and one of them fails.
  long          All built-in answers come one after the other.

an answer goes on when its reader leaves, because a log keeps it:
  --log memory                          in this process; this is the default
  --log redis://127.0.0.1 --workers 2   in Redis, for several processes
  --log none                            nowhere: the answer ends when its reader leaves

--client multipart and --client turbo need a checkout, where make demo gets their scripts from npm
--client datastar loads Datastar from its CDN, so the browser must be able to reach it

--model asks a real model through the package of its provider:
  OPENAI_API_KEY=… streamhtml demo --model openai:gpt-5-mini
  ANTHROPIC_API_KEY=… streamhtml demo --model anthropic:claude-sonnet-5
  GEMINI_API_KEY=… streamhtml demo --model gemini:gemini-3-flash
  streamhtml demo --model ollama:qwen3
  OPENAI_BASE_URL=http://127.0.0.1:8080/v1 OPENAI_API_KEY=none streamhtml demo --model openai:NAME
"""

_NEEDS: Final = {
    "starlette": ("starlette", "python_multipart", "uvicorn", "pygments"),
    "django": ("django", "uvicorn", "pygments"),
    "flask": ("flask", "gunicorn", "pygments"),
    "plain": (),
    "htmx2": ("django_htmx",),
    "htmx4": ("django_htmx",),
    "sse2": ("django_htmx",),
    "sse4": ("django_htmx",),
    "multipart": (),
    "turbo": (),
    "datastar": (),
    "page": (),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status.

    Args:
        arguments: the arguments without the program's name; by default those of the process.
    """
    options = _parser().parse_args(arguments)
    demo = Demo(
        options.framework,
        options.client,
        options.model,
        options.rate,
        options.log,
        options.workers,
    )
    problem = _problem(demo)
    if problem:
        return _fail(problem)
    if demo.workers == 1:
        return _serve(demo, options.host, options.port)
    with TemporaryDirectory() as folder:
        shared = replace(demo, database=f"{folder}/conversations.sqlite3")
        return _serve(shared, options.host, options.port)


def _serve(demo: Demo, host: str, port: int) -> int:
    from streamhtml.demo import _serve

    try:
        listener = _serve.listen(host, port)
    except OSError as error:
        reason = (error.strerror or str(error)).partition(" (")[0]
        return _fail(
            f"cannot listen on {host} port {port}: {reason}; choose another port, or --port 0 "
            "for a free one"
        )
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("streamhtml").setLevel(logging.INFO)
    line = f"streamhtml demo: {_serve.url(listener)} ({demo.framework}, {demo.client})"
    with listener, suppress(KeyboardInterrupt):
        _serve.serve(demo, listener, lambda: print(line, flush=True))
    return 0


def _problem(demo: Demo) -> str:
    """Return why the demo cannot run and what to do about it; ``""`` if it can."""
    needed = [*_NEEDS[demo.framework], *_NEEDS[demo.client]]
    missing = [name for name in needed if find_spec(name) is None]
    if missing:
        return f"{' and '.join(missing)} not installed; run pip install 'streamhtml[demo]'"
    if (files := demo.npm_files) and not files.exists():
        return (
            f"--client {demo.client} needs {files}, which no Python package contains; in a "
            f"checkout, make demo ARGS='--client {demo.client}' gets it from npm"
        )
    if problem := _log_problem(demo):
        return problem
    return _model_problem(demo.model) if demo.model else ""


def _log_problem(demo: Demo) -> str:
    """Return why the log cannot be used and what to do about it; ``""`` if it can."""
    if not is_redis(demo.log):
        if demo.workers == 1:
            return ""
        return (
            f"--workers {demo.workers} needs a log that all of them reach; add "
            "--log redis://127.0.0.1, or leave out --workers"
        )
    if find_spec("redis") is None:
        return f"--log {demo.log} needs redis; run pip install 'streamhtml[redis]'"
    from redis import Redis, RedisError

    try:
        with Redis.from_url(demo.log, socket_timeout=5) as redis:
            redis.ping()
    except (RedisError, ValueError) as error:
        return f"--log {demo.log} does not answer: {error}; redis-server starts one on this machine"
    return ""


def _model_problem(model: str) -> str:
    """Return why this model cannot be asked and what to do about it; ``""`` if it can."""
    provider = PROVIDERS[model.partition(":")[0]]
    if not provider.is_installed():
        return f"--model {model} needs {provider.package}; run pip install {provider.package}"
    if provider.keys and not any(map(os.environ.get, provider.keys)):
        return (
            f"--model {model} needs {' or '.join(provider.keys)} in the environment (a local "
            "server may accept any value); leave out --model for the built-in answers"
        )
    return ""


def _fail(problem: str) -> int:
    print(f"streamhtml demo: {problem}", file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="streamhtml")
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(title="commands", required=True)
    demo = commands.add_parser(
        "demo",
        help="serve a chat page",
        description="Serve a chat page that shows each answer while it is written.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    defaults = Demo()
    add = demo.add_argument
    add(
        "--framework",
        choices=FRAMEWORKS,
        default=defaults.framework,
        help="the framework of the views; by default %(default)s",
    )
    add(
        "--client",
        choices=CLIENTS,
        default=defaults.client,
        help="what reads the answer in the browser; by default %(default)s",
    )
    add("--host", default="127.0.0.1", help="the address to listen on; by default %(default)s")
    add(
        "--port",
        type=_port,
        default=8000,
        help="the port; by default %(default)s; 0 for a free one",
    )
    add(
        "--model",
        type=_model,
        metavar="PROVIDER:NAME",
        help=f"a model to ask, instead of the built-in answers: {', '.join(PROVIDERS)}",
    )
    add(
        "--rate",
        type=_rate,
        default=defaults.rate,
        help="tokens per second of the built-in answers; by default %(default)g; 0 for no pause",
    )
    add(
        "--log",
        type=_log,
        default=defaults.log,
        metavar="LOG",
        help="what keeps answers: memory (the default), a URL such as redis://127.0.0.1, or none",
    )
    add(
        "--workers",
        type=_workers,
        default=defaults.workers,
        help="how many processes; by default %(default)s",
    )
    return parser


def _log(value: str) -> str:
    if value not in ("memory", "none") and not is_redis(value):
        raise argparse.ArgumentTypeError(
            f"{value} is not a log; use memory, none, or the URL of a Redis, such as redis://127.0.0.1"
        )
    return value


def _workers(value: str) -> int:
    if not value.isdecimal() or int(value) < 1:
        raise argparse.ArgumentTypeError(f"{value} is not a number of processes; use 1 or more")
    return int(value)


def _model(value: str) -> str:
    provider, _, name = value.partition(":")
    if provider not in PROVIDERS or not name:
        raise argparse.ArgumentTypeError(
            f"{value} is not a model; use {':NAME, '.join(PROVIDERS)}:NAME"
        )
    return value


def _port(value: str) -> int:
    port = int(value)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"{value} is not a port; use 0 to 65535")
    return port


def _rate(value: str) -> float:
    rate = float(value)
    if not 0 <= rate < float("inf"):
        raise argparse.ArgumentTypeError(f"{value} is not a rate; use 0 or more tokens per second")
    return rate


if __name__ == "__main__":
    sys.exit(main())
