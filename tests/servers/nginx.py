"""Run Debian's nginx in front of a server, with its own configuration on a free port."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.servers.process import Server, serving
from tests.servers.server_commands import free_port

# nginx is installed, or scripts/bootstrap has unpacked it.
_ROOTS = [Path("/"), Path(__file__).parents[2] / ".venv/nginx"]

# The compiled-in paths are only writable for root.
_TEMPORARY = "".join(
    f"{name}_temp_path {{folder}}/{name};\n"
    for name in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
)


@contextmanager
def nginx(
    site: str, upstream: Server, folder: Path, *, may_complain: bool = False
) -> Iterator[Server]:
    """Run nginx with a site until the block ends.

    Args:
        site: the file in ``sites-enabled``, with ``listen 80`` or ``listen 443 ssl`` and
            ``proxy_pass http://127.0.0.1:8000``.
        upstream: the server that replaces the one on port 8000.
        folder: the folder for everything that nginx reads and writes. It must not exist.
        may_complain: whether it may write to its error log.
    """
    root = next((root for root in _ROOTS if (root / "usr/sbin/nginx").exists()), None)
    assert root, "nginx is not installed: run scripts/bootstrap browser"
    folder.mkdir()
    port = free_port()
    tls = re.search("listen .*ssl", site) is not None
    if tls:
        _write_certificate(folder)
    configuration = folder / "nginx.conf"
    configuration.write_text(_with_paths((root / "etc/nginx/nginx.conf").read_text(), root, folder))
    moved_site = re.sub(r"listen \d+", f"listen 127.0.0.1:{port}", site)
    moved_site = moved_site.replace("http://127.0.0.1:8000", upstream.url)
    moved_site = re.sub(r"/etc/ssl/(certs|private)", str(folder), moved_site)
    (folder / "site").write_text(_TEMPORARY.format(folder=folder) + moved_site)
    command = [str(root / "usr/sbin/nginx"), "-p", str(folder), "-c", str(configuration)]
    # On a TLS port, nginx also answers plain HTTP, with an error.
    with serving(
        [*command, "-e", "stderr", "-g", "daemon off;"],
        url=f"http://127.0.0.1:{port}",
        may_complain=may_complain,
    ) as server:
        if tls:
            server.url = f"https://127.0.0.1:{port}"
        yield server


def _with_paths(text: str, root: Path, folder: Path) -> str:
    """Return the installed configuration with other paths to read and write."""
    changes = [
        # Only the current user can read the folder; and only root can choose a user.
        (r"^user .*;", "user root;" if os.geteuid() == 0 else ""),
        (r"^pid .*;", f"pid {folder}/pid;"),
        (r"error_log .*;", "error_log stderr;"),
        (r"access_log .*;", f"access_log {folder}/access.log;"),
        # Other configuration of this machine.
        (r"include /etc/nginx/(conf\.d|modules-enabled)/.*;", ""),
        (r"/etc/nginx/sites-enabled/\*", f"{folder}/site"),
        ("/etc/nginx/", f"{root / 'etc/nginx'}/"),
    ]
    for pattern, by in changes:
        text = re.sub(pattern, by, text, flags=re.MULTILINE)
    return text


def _write_certificate(folder: Path) -> None:
    """Write a self-signed certificate and its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(
        issuer_name=name,
        subject_name=name,
        public_key=key.public_key(),
        serial_number=1,
        not_valid_before=now - timedelta(days=1),
        not_valid_after=now + timedelta(days=1),
    )
    pem = serialization.Encoding.PEM
    (folder / "chat.pem").write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(pem))
    (folder / "chat.key").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
