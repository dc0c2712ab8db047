"""The gateway's probes: it lives, and the server behind it serves."""

from __future__ import annotations

from gateway_process import Run


def test_a_gateway_is_ready_while_its_server_serves(serve: Run, put_before: Run) -> None:
    server = serve()
    gateway = put_before(server.address)
    assert [(gateway.get(path).status_code, gateway.get(path).text) for path in ("/livez", "/readyz")] == [
        (200, "ok\n"),
        (200, "ok\n"),
    ]
    server.popen.kill()
    server.popen.wait()
    ready = gateway.get("/readyz")
    assert (ready.status_code, ready.text) == (503, f"the server at {server.address} is UNREACHABLE\n")
    assert gateway.get("/livez").status_code == 200
