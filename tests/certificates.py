"""Certificates for tests: a root, and what it signs."""

from __future__ import annotations

import subprocess
from pathlib import Path


class Certificates:
    """A root, a certificate of a server on this machine and one of a client, made by openssl: NAME.pem and NAME.key."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        self._openssl("req -x509 -newkey rsa:2048 -nodes -keyout root.key -out root.pem -days 2 -subj /CN=root")
        self.sign("server", "subjectAltName=DNS:localhost,IP:127.0.0.1")
        self.sign("client", "keyUsage=digitalSignature")

    def sign(self, name: str, extension: str) -> None:
        """A new pair with this name; an older one is replaced."""
        (self.folder / f"{name}.ext").write_text(extension)
        self._openssl(f"req -newkey rsa:2048 -nodes -keyout {name}.key -out {name}.csr -subj /CN={name}")
        self._openssl(
            f"x509 -req -in {name}.csr -CA root.pem -CAkey root.key -CAcreateserial -out {name}.pem -days 2"
            f" -extfile {name}.ext"
        )

    def encrypt(self, name: str) -> None:
        """Put the key of a pair behind a password."""
        self._openssl(f"pkcs8 -topk8 -in {name}.key -out {name}.locked -passout pass:word")
        self.path(f"{name}.locked").replace(self.path(f"{name}.key"))

    def path(self, name: str) -> Path:
        """Where the file with this name is."""
        return self.folder / name

    def __getitem__(self, name: str) -> bytes:
        return self.path(name).read_bytes()

    def _openssl(self, command: str) -> None:
        subprocess.run(["openssl", *command.split()], cwd=self.folder, check=True, capture_output=True)
