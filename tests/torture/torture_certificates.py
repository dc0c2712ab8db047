"""Certificates that are renewed under load: each time new clients come and calls go on, nothing fails, and the next
connection is shown the new certificate.
"""

from __future__ import annotations

import ssl
import threading
from pathlib import Path

import grpc
import server_fakes as fakes
from certificates import Certificates
from served import served
from torture_overload import RECOMMEND, REQUESTS
from waiting import eventually

TITLE = "Certificates renewed under load"
FULL = {"renewals": 100, "clients": 8}
SHORT = {"renewals": 2, "clients": 4}

NAMES = "subjectAltName=DNS:localhost,IP:127.0.0.1"


def torture(folder: Path, seed: int, renewals: int, clients: int) -> list[str]:
    """So many renewals. AssertionError where a call fails, or a new certificate is not shown."""
    fakes.publish(folder / "bundles")
    certificates = Certificates(folder / "certificates")
    arguments = ("--tls-cert", str(certificates.path("server.pem")), "--tls-key", str(certificates.path("server.key")))
    over, answered, failed = threading.Event(), [0] * clients, list[str]()
    with served(folder / "bundles", *arguments, "--log-level", "error") as server:
        trusted = grpc.ssl_channel_credentials(certificates["root.pem"])
        host, _, port = server.address.rpartition(":")

        def call(client: int) -> None:
            """Clients of even numbers connect anew for every call."""
            while not over.is_set():
                with grpc.secure_channel(server.address, trusted, [("grpc.use_local_subchannel_pool", 1)]) as channel:
                    for _ in range(1 if client % 2 == 0 else 100):
                        try:
                            channel.unary_unary(RECOMMEND)(bytes.fromhex(REQUESTS[0]), timeout=30)
                            answered[client] += 1
                        except grpc.RpcError as error:
                            failed.append(str(error))

        threads = [threading.Thread(target=call, args=(client,)) for client in range(clients)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(renewals):
                before = ssl.get_server_certificate((host, int(port)))
                certificates.sign("server", NAMES)
                eventually(lambda before=before: ssl.get_server_certificate((host, int(port))) != before)  # type: ignore[misc]
        finally:
            over.set()
            for thread in threads:
                thread.join()
    assert not failed, failed[:3]
    assert min(answered)
    return [f"{renewals} renewals, {clients} clients: {sum(answered):,} calls answered, 0 failed"]
