"""TLS certificates of the server: checked before anything starts, and read again when their files change."""

from __future__ import annotations

import ssl
from pathlib import Path

import grpc
import structlog

from shortlist_bundle.files import identity
from shortlist_core.errors import DataError
from shortlist_server.base.settings import Settings

log = structlog.get_logger(__name__)

Stamp = tuple[tuple[int, int, int] | None, ...]


def credentials(settings: Settings) -> grpc.ServerCredentials | None:
    """The server's TLS credentials, with client certificates required where a CA is set; None for plain text.

    Raises DataError where the files cannot be used.
    """
    if settings.tls_cert is None or settings.tls_key is None:
        return None
    certificates = Certificates(settings.tls_cert, settings.tls_key, settings.tls_client_ca)
    return grpc.dynamic_ssl_server_credentials(
        certificates.read(),
        certificates.changed,  # type: ignore[arg-type]  # the stubs do not know that None means no change
        require_client_authentication=settings.tls_client_ca is not None,
    )


class Certificates:
    """A certificate chain, its key and optionally the clients' CA, as PEM files that may be renewed at any time."""

    def __init__(self, chain: Path, key: Path, client_ca: Path | None = None) -> None:
        self._chain, self._key, self._client_ca = chain, key, client_ca
        self._seen: Stamp = ()

    def read(self) -> grpc.ServerCertificateConfiguration:
        """The configuration of the files as they are now.

        Raises DataError, with a message of one line, where files are missing or do not fit together.
        """
        self._seen = self._stamp()
        self._check()
        roots = self._client_ca.read_bytes() if self._client_ca else None
        return grpc.ssl_server_certificate_configuration([(self._key.read_bytes(), self._chain.read_bytes())], roots)

    def changed(self) -> grpc.ServerCertificateConfiguration | None:
        """The configuration of the files if they changed since the last look, else None. gRPC asks at every connection.

        Files that do not fit together are ignored, as while one of them is replaced and the other is not yet. The
        server then keeps the configuration that it has.
        """
        try:
            if self._stamp() == self._seen:
                return None
            configuration = self.read()
        except (OSError, DataError) as error:
            log.warning("certificates_not_renewed", why=str(error))
            return None
        log.info("certificates_renewed", certificate=str(self._chain))
        return configuration

    def _stamp(self) -> Stamp:
        """What tells the files from those that may replace them."""
        return tuple(map(identity, filter(None, (self._chain, self._key, self._client_ca))))

    def _check(self) -> None:
        """Raise DataError for unusable files. Python's ssl says what is wrong; gRPC would only say it cannot listen."""
        for path in filter(None, (self._chain, self._key, self._client_ca)):
            try:
                path.read_bytes()
            except OSError as error:
                raise DataError(f"cannot read {path}: {error.strerror}") from None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        try:
            context.load_verify_locations(self._chain)
        except ssl.SSLError:
            raise DataError(f"{self._chain} holds no certificate in PEM form") from None
        try:
            context.load_cert_chain(self._chain, self._key, password="")  # without one, ssl asks at the terminal
        except ssl.SSLError as error:
            if error.reason == "KEY_VALUES_MISMATCH":
                raise DataError(f"the key {self._key} is not that of the certificate {self._chain}") from None
            raise DataError(f"{self._key} holds no unencrypted private key in PEM form") from None
        try:
            if self._client_ca:
                context.load_verify_locations(self._client_ca)
        except ssl.SSLError:
            raise DataError(f"{self._client_ca} holds no certificate in PEM form") from None
