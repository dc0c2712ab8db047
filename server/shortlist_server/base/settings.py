"""Settings: every setting of a server with its default, checked as a whole before anything starts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from shortlist_core.addresses import is_loopback, split
from shortlist_core.device import Device
from shortlist_core.errors import InvalidArgumentError, Violation
from shortlist_core.nearest import did_you_mean
from shortlist_server.base.tenants import Tenant, check_apart

LogLevel = Literal["debug", "info", "warning", "error"]


class Settings(BaseModel):
    """The settings of a server. `Settings.of` reports mistakes in words for the person who made them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bundles: Path = Path()
    """Folder of the bundles. Its stable bundle is served, and its canary and shadow. Always given but with tenants."""
    wait_for_bundle: bool = False
    """Whether a server starts without a bundle, and serves as soon as the first one is published."""
    state: str = ""
    """URL of the store of live users, such as `sqlite:state.sqlite`. Always given but with tenants."""
    tenants: Mapping[str, Tenant] = {}
    """The tenants by name, each with bundles and a store of its own; none: the server is not shared."""
    tenant: str = ""
    """The tenant that these settings are for, which the server itself sets; empty: the whole server."""
    address: str = "127.0.0.1:50051"
    """Host and port to listen on; port 0 takes a free one."""
    insecure: bool = False
    """Whether the server may speak plain text on an address that other machines reach."""
    tls_cert: Path | None = None
    """PEM file of the server's certificate, followed by the intermediate certificates; None: plain text."""
    tls_key: Path | None = None
    """PEM file of the certificate's private key, not encrypted."""
    tls_client_ca: Path | None = None
    """PEM file of the CA that signs the clients' certificates (mTLS); None: clients need no certificate."""
    metrics_address: str | None = None
    """Host and port of the page of metrics; port 0 takes a free one; None: nothing is counted."""
    metrics_folder: Path | None = None
    """Folder in which a worker counts for its supervisor, which shows the page; None: this process shows the page."""
    token_file: Path | None = None
    """File of the bearer tokens of those who may call; None: everybody may call."""
    share_port: bool = False
    """Whether other processes listen on the same port (SO_REUSEPORT); the supervisor's workers do."""
    listen_when_loaded: bool = False
    """Whether a process listens once its bundles are loaded, not before; so do workers beside others that serve."""
    grace_seconds: float = Field(30.0, ge=0)
    """How long accepted calls have to finish when the server drains."""
    drain_delay_seconds: float = Field(0.5, ge=0)
    """How long a draining server keeps answering NOT_SERVING and UNAVAILABLE even if idle, so that balancers notice."""
    answer_reserve_seconds: float = Field(0.004, ge=0)
    """Part of every caller's deadline that is kept for sending the answer, or the error, back."""
    heartbeat_seconds: float = Field(15.0, gt=1)
    """How long a worker may give no sign of life before its supervisor replaces it."""
    max_pending: int = Field(256, ge=64)
    """Most pending recommendations; further requests are refused. A full batch of 64 must fit."""
    max_pending_writes: int = Field(512, ge=1)
    """Most pending calls that write to the store, such as WriteEvents; further calls are refused."""
    max_pending_reads: int = Field(64, ge=1)
    """Most pending calls that read from the store, such as ListItems; further calls are refused."""
    max_batch: int = Field(16, ge=1)
    """Most requests that share one model call. With more, the requests that come next would wait longer."""
    reuse_seconds: float = Field(5.0, ge=0)
    """How long the response cache gives an answer again to an identical request; 0: no response cache.

    A request is identical if everything that its answer is made of is equal, other users' actions aside.
    """
    stream_window: int = Field(16, ge=1)
    """Most messages of one stream that are answered at the same time."""
    max_message_bytes: int = Field(16 * 1024 * 1024, ge=1024)
    """Largest message received or sent. gRPC itself answers RESOURCE_EXHAUSTED for a larger one."""
    max_bytes_in_flight: int = Field(256 * 1024 * 1024, ge=1024 * 1024)
    """Most bytes that all calls under way hold together: requests, answers not yet read, streams. More are refused."""
    receive_seconds: float = Field(20.0, gt=0)
    """How long a caller may take to send a request."""
    send_seconds: float = Field(20.0, gt=0)
    """How long a caller may take to read a response."""
    stream_idle_seconds: float = Field(600.0, gt=0)
    """How long a stream may go without a message."""
    max_connections: int = Field(4_096, ge=1)
    """Most connections at the same time; further ones are closed."""
    max_streams_per_connection: int = Field(1_024, ge=1)
    """Most calls under way on one connection; a client with more calls waits on its side."""
    max_connection_age_seconds: float = Field(1_800.0, gt=0)
    """Age at which a client is asked to connect anew, so that balancers can spread connections again."""
    max_connection_idle_seconds: float = Field(900.0, gt=0)
    """How long a connection may be without a call before it is closed; clients connect anew when they need to."""
    bundle_poll_seconds: float = Field(0.5, gt=0)
    """How often a process looks for changed labels in the folder of bundles."""
    catalog_poll_seconds: float = Field(0.1, gt=0)
    """How often a process looks for catalogue changes that other processes wrote."""
    max_fresh_items: int = Field(10_000, ge=0)
    """Most new items, which callers have written and the serving bundle does not contain; further ones are refused."""
    keep_events_seconds: float | None = Field(None, gt=0)
    """How long live events are kept after they happened; None: for good."""
    max_user_events: int | None = Field(None, ge=1)
    """Most live events that are kept of a user, the newest, and as many impressions; None: all."""
    expiry_sweep_seconds: float = Field(600.0, gt=0)
    """Pause between two looks at all users for events that have expired."""
    canary_window_seconds: int = Field(300, ge=1)
    """Time span of the requests by which a canary is judged."""
    canary_least_requests: int = Field(100, ge=1)
    """Fewest requests on the canary, within the window and in one process, by which it is judged."""
    canary_least_callers: int = Field(3, ge=1)
    """Fewest callers who must have seen a canary fail before it is taken off; all of its callers, if they are fewer."""
    canary_error_rate: float = Field(0.02, ge=0, le=1)
    """A canary is taken off when its share of errors exceeds stable's by more than this."""
    canary_degraded_rate: float = Field(0.05, ge=0, le=1)
    """A canary is taken off when its share of degraded answers exceeds stable's by more than this."""
    device: Device = Device.AUTO
    """Device that the ranker computes on."""
    log_key: str = Field("", pattern="^([0-9a-fA-F]{2}){0,64}$", repr=False)
    """Secret with which logs hash user ids, as hexadecimal digits. Without one, whoever guesses an id can tell it."""
    log_level: LogLevel = "info"
    """Least severity that is logged. At `debug` every call is logged."""

    @classmethod
    def of(cls, **values: object) -> Settings:
        """Settings with these values. Raises InvalidArgumentError, which names every value that is not allowed."""
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise InvalidArgumentError([_violation(wrong) for wrong in error.errors()]) from None

    @model_validator(mode="after")
    def _whose(self) -> Self:
        if not self.tenants:
            if missing := [name for name in ("bundles", "state") if name not in self.model_fields_set]:
                raise ValueError(f"{' and '.join(missing)} must be given where there are no tenants")
            return self
        if self.bundles != Path() or self.state:
            raise ValueError("where there are tenants, each has bundles and state of its own: leave out the server's")
        if self.token_file is None:
            raise ValueError("--tenants needs --token-file: a call belongs to the tenant of its token")
        check_apart(self.tenants)
        return self

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

    def of_each(self) -> dict[str, Settings]:
        """The settings of each tenant by its name; without tenants these settings, under an empty name."""
        return {
            name: self.model_copy(update={**tenant.model_dump(exclude_none=True), "tenants": {}, "tenant": name})
            for name, tenant in self.tenants.items()
        } or {"": self}

    @property
    def log_fields(self) -> dict[str, str]:
        """What a log line says of whom these settings are for; nothing without tenants."""
        return {"tenant": self.tenant} if self.tenant else {}

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
        """Whether only this machine reaches the page of metrics; true where there is none."""
        return self.metrics_address is None or is_loopback(split(self.metrics_address)[0])

    @property
    def host(self) -> str:
        """The address without its port and brackets."""
        return split(self.address)[0]


def _violation(wrong: ErrorDetails) -> Violation:
    """A mistake in words: the setting, what was given, and the nearest that is allowed."""
    name, given = ".".join(map(str, wrong["loc"])), wrong["input"]
    if wrong["type"] == "extra_forbidden":
        return Violation(name, f"there is no such setting{did_you_mean(name, Settings.model_fields)}")
    if wrong["type"] == "literal_error" and name == "log_level":
        allowed = ", ".join(get_args(LogLevel))
        return Violation(name, f"{given!r} is none of {allowed}{did_you_mean(str(given), get_args(LogLevel))}")
    return Violation(name or "settings", wrong["msg"].removeprefix("Value error, "))
