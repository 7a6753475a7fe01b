"""Whatever a client sends in its headers, it gets a format that it asks for, and no error."""

from collections.abc import Callable

from hypothesis import example, given
from hypothesis import strategies as st
from markupsafe import Markup

from streamhtml import Fragment, Patch
from streamhtml.formats import FORMATS, FormatRequest, Headers, create_format

TYPES = [
    *("text/html", "text/event-stream", "text/vnd.turbo-stream.html", "multipart/mixed"),
    *("multipart/parallel", "multipart/form-data", "multipart/*", "text/*", "*/*", "", " "),
]
WEIGHTS = ["", ";q=0", "; q=0.0", ";q=1", " ; Q=0.5", ";q=", ";q=x", ";boundary=x", ";;"]
RANGES = st.builds("".join, st.tuples(st.sampled_from(TYPES), st.sampled_from(WEIGHTS)))
ACCEPT = st.one_of(st.lists(RANGES, max_size=4).map(", ".join), st.text(max_size=20))
FLAGS = ["HX-Request", "HX-Boosted", "Turbo-Frame", "X-Turbo-Request-Id", "Datastar-Request"]
FLAGS += ["HX-History-Restore-Request"]
OTHERS = st.sampled_from([*FLAGS, "Sec-Fetch-Dest", "HX-Last-Part-ID", "Last-Event-ID"])
VALUES = st.one_of(
    st.sampled_from(
        ["true", "", " ", "1", "document", "empty", "m", "0", "7.0a1b2c3d", "finished"]
    ),
    st.text(max_size=20),
)
NAMES = st.one_of(st.sampled_from([*FORMATS, "HTML", "auto", "none", " multipart "]), st.text())

# What a client must have sent for a format that it can only read if it is made for it.
ASKED: dict[str, Callable[[Headers, set[str]], object]] = {
    "html": lambda headers, accepted: False,
    "htmx": lambda headers, accepted: False,
    "sse": lambda headers, accepted: "text/event-stream" in accepted,
    "multipart": lambda headers, accepted: (
        "multipart/mixed" in accepted and headers["HX-Request"].strip()
    ),
    "turbo": lambda headers, accepted: "text/vnd.turbo-stream.html" in accepted,
    "datastar": lambda headers, accepted: headers["Datastar-Request"].strip(),
}


def accepted_types(accept: str) -> set[str]:
    """Return what the header accepts, read without the library."""
    accepted = set()
    for each in accept.lower().split(","):
        name, *parameters = (word.strip() for word in each.split(";"))
        if not {"q=0", "q=0.0"} & set(parameters):
            accepted.add(name)
    return accepted


@given(
    st.fixed_dictionaries({}, optional={"Accept": ACCEPT, "Streaming-HTML": NAMES}),
    st.dictionaries(OTHERS, VALUES, max_size=4),
    st.sampled_from(["", "messages"]),
)
@example({"Accept": "multipart/mixed;q=0"}, {"HX-Request": "true"}, "")
@example({"Accept": "multipart/mixed"}, {"HX-Request": " "}, "")
def test_any_headers_get_a_format_that_was_asked_for(
    chosen: dict[str, str], others: dict[str, str], into: str
) -> None:
    headers = Headers({**chosen, **others})
    made = create_format("auto", FormatRequest(headers, into))
    (name,) = (name for name, each in FORMATS.items() if type(made) is each)
    if headers.get("Streaming-HTML", "").strip():
        assert name in {headers["Streaming-HTML"].strip().lower(), "whole"}
    elif name in ASKED:
        assert ASKED[name](headers, accepted_types(headers.get("Accept", "")))
    shell = Patch("append", Markup("<p id=m></p>"), made.into)
    for fragment in Fragment(0, (shell,)), Fragment(0), Fragment(1, (), "finished"):
        made.encode(fragment)
