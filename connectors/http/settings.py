"""What the HTTP client needs to know; handed in by whoever builds it, never read from the environment here."""

from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, field_validator

Network = IPv4Network | IPv6Network


class HttpSettings(BaseModel):
    """Bounds and manners of the client. Times are seconds, sizes bytes, rates per second; per host where it says so."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    connect_timeout: float = Field(default=10.0, gt=0)
    read_timeout: float = Field(default=60.0, gt=0)
    """Longest silence of a server."""
    total_timeout: float = Field(default=1800.0, gt=0)
    """Longest duration of one exchange: every attempt, redirect, wait and the whole body together."""

    attempts: int = Field(default=4, ge=1)
    backoff_base: float = Field(default=0.5, gt=0)
    backoff_cap: float = Field(default=30.0, gt=0)
    retry_after_cap: float = Field(default=120.0, gt=0)
    retries_per_minute: float = Field(default=30.0, gt=0)
    """Retry budget of a host over all its callers, so that retries never multiply an outage."""

    rate: float = Field(default=10.0, gt=0)
    burst: int = Field(default=20, ge=1)
    """Requests per second and in one go, per host."""
    breaker_failures: int = Field(default=6, ge=1)
    breaker_cooldown: float = Field(default=30.0, gt=0)
    """So many failures in a row stop all calls to a host for so long; then a single call probes it."""

    max_bytes: int = Field(default=4 * 1024**3, gt=0)
    max_redirects: int = Field(default=5, ge=0)
    max_connections: int = Field(default=32, ge=1)

    allow_private: tuple[str, ...] = ()
    """What may be reached although it is not public: a host as written in the address (`feeds.lan`, `127.0.0.1`, `::1`)
    or, with a slash, a network that any name may lead into (`192.168.10.0/24`)."""
    ca_file: Path | None = None
    """PEM file with further certificate authorities to trust, for partners that run their own."""
    user_agent: str = "MesChain"

    @field_validator("allow_private")
    @classmethod
    def _tidy(cls, entries: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(str(ip_network(e.strip(), strict=False)) if "/" in e else bare_host(e) for e in entries)

    @property
    def private_hosts(self) -> frozenset[str]:
        """The hosts named in `allow_private`."""
        return frozenset(entry for entry in self.allow_private if "/" not in entry)

    @property
    def private_networks(self) -> tuple[Network, ...]:
        """The networks named in `allow_private`."""
        return tuple(ip_network(entry) for entry in self.allow_private if "/" in entry)


def bare_host(host: str) -> str:
    """The form of a host that names are compared in: lower case, no brackets, no closing dot."""
    return host.strip().strip("[]").rstrip(".").lower()
