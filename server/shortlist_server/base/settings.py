"""Every setting of a server with its default, checked as a whole before anything starts."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from shortlist_core.addresses import is_loopback, split
from shortlist_core.device import Device
from shortlist_core.errors import InvalidArgumentError, Violation

LogLevel = Literal["debug", "info", "warning", "error"]


class Settings(BaseModel):
    """How to serve. `Settings.of` reports mistakes in words for the person who made them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bundles: Path
    """Where the bundles are; the current one is served."""
    state: str
    """URL of the store of live users, such as `sqlite:state.sqlite`."""
    address: str = "127.0.0.1:50051"
    """Host and port to listen on; port 0 takes a free one."""
    insecure: bool = False
    """Whether plain text may be spoken on an address that other machines reach."""
    tls_cert: Path | None = None
    """PEM file of the server's certificate, followed by those between it and the root; None: plain text."""
    tls_key: Path | None = None
    """PEM file of that certificate's private key, not encrypted."""
    tls_client_ca: Path | None = None
    """PEM file of whoever signs the certificates that clients must show (mTLS); None: they need none."""
    metrics_address: str | None = None
    """Host and port of the page of metrics; port 0 takes a free one; None: nothing is counted and nobody listens."""
    metrics_folder: Path | None = None
    """Where this process counts for a supervisor, which has the page; None: the page is this process's own."""
    token_file: Path | None = None
    """Bearer tokens of those who may call; None: everybody may."""
    share_port: bool = False
    """Whether other processes listen on the same port (SO_REUSEPORT); the supervisor's workers do."""
    grace_seconds: float = Field(30.0, ge=0)
    """How long accepted calls have to finish when the server drains."""
    drain_delay_seconds: float = Field(0.5, ge=0)
    """How long a draining server goes on saying NOT_SERVING and UNAVAILABLE, so that balancers notice, if idle."""
    answer_reserve_seconds: float = Field(0.004, ge=0)
    """Part of every caller's deadline that is kept for the way back of the answer, or of the error."""
    max_pending: int = Field(256, ge=64)
    """Recommendations in work or waiting, above which new ones are refused; a full batch of 64 must fit."""
    max_pending_writes: int = Field(64, ge=1)
    """Batches of events in work or waiting, above which new ones are refused."""
    max_batch: int = Field(16, ge=1)
    """Most requests that share one model call: a larger one would keep those who come next waiting for longer."""
    reuse_seconds: float = Field(5.0, ge=0)
    """How long an answer may be given again where the same is asked and nothing that it is made of has changed but what
    other users do; 0: every answer is made anew.
    """
    stream_window: int = Field(16, ge=1)
    """Messages of one stream that are worked on at the same time."""
    max_message_bytes: int = Field(16 * 1024 * 1024, ge=1024)
    """Largest message taken or sent; gRPC itself answers RESOURCE_EXHAUSTED above it."""
    max_streams_per_connection: int = Field(1_024, ge=1)
    """Calls under way on one connection; a client with more waits on its side."""
    max_connection_age_seconds: float = Field(1_800.0, gt=0)
    """After about this long a client is asked to connect anew, so that balancers get to spread it again."""
    bundle_poll_seconds: float = Field(0.5, gt=0)
    """How often a process looks whether another bundle is current or a label has changed."""
    catalog_poll_seconds: float = Field(0.1, gt=0)
    """How often a process looks whether another one has changed the catalogue."""
    max_fresh_items: int = Field(10_000, ge=0)
    """Items that callers have written and the serving bundle does not contain, above which no more are taken."""
    canary_window_seconds: int = Field(300, ge=1)
    """How far back the requests lie by which a canary is judged."""
    canary_least_requests: int = Field(100, ge=1)
    """On the canary within the window, in one process; with fewer it is not judged."""
    canary_error_rate: float = Field(0.02, ge=0, le=1)
    """A canary whose share of errors lies further than this above stable's is taken off."""
    canary_degraded_rate: float = Field(0.05, ge=0, le=1)
    """The same of degraded answers."""
    device: Device = Device.AUTO
    """What the ranker computes on."""
    log_level: LogLevel = "info"
    """Least severity that is logged. At `debug` every call is."""

    @classmethod
    def of(cls, **values: object) -> Settings:
        """Settings with these values; InvalidArgumentError names every one that cannot be."""
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            wrong = [
                Violation(".".join(map(str, each["loc"])) or "settings", each["msg"].removeprefix("Value error, "))
                for each in error.errors()
            ]
            raise InvalidArgumentError(wrong) from None

    @model_validator(mode="after")
    def _port_in_range(self) -> Self:
        for name, address in (("address", self.address), ("metrics_address", self.metrics_address)):
            try:
                if address is not None:
                    split(address)
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from None
        return self

    @model_validator(mode="after")
    def _whole_pair(self) -> Self:
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError("--tls-cert and --tls-key go together: give both or neither")
        if self.tls_client_ca is not None and not self.tls:
            raise ValueError("--tls-client-ca needs --tls-cert and --tls-key")
        return self

    @model_validator(mode="after")
    def _loopback_unless_safe(self) -> Self:
        if not (self.tls or self.insecure or self.loopback):
            raise ValueError(
                f"{self.address} can be reached by other machines: give --tls-cert and --tls-key, "
                "or say --insecure if the network around it is trusted"
            )
        if not (self.insecure or self.metrics_loopback):
            raise ValueError(
                f"{self.metrics_address} can be reached by other machines, and metrics are plain text: say --insecure "
                "if the network around it is trusted; --address speaks TLS all the same where --tls-cert is given"
            )
        return self

    @property
    def tls(self) -> bool:
        """Whether the server speaks TLS, and nothing else."""
        return self.tls_cert is not None

    @property
    def loopback(self) -> bool:
        """Whether only this machine reaches the address."""
        return is_loopback(self.host)

    @property
    def metrics_loopback(self) -> bool:
        """Whether nobody but this machine reaches the metrics."""
        return self.metrics_address is None or is_loopback(split(self.metrics_address)[0])

    @property
    def host(self) -> str:
        """The address without its port and brackets."""
        return split(self.address)[0]
