"""The one settings tree: MESCHAIN_HOME and MESCHAIN_<GROUP>__<FIELD>. The only module that reads the environment.

It also knows where things lie below the data folder (`home`). It opens nothing: engines and lakes are opened elsewhere.
"""

import difflib
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from commerce.errors import Permanent

PREFIX, DELIMITER = "MESCHAIN_", "__"
PRIVATE = 0o700
_PART = re.compile(r"[a-z0-9][a-z0-9-]*")
_PREFECT = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",  # also: "database is locked" at start when it is on
    "PREFECT_SERVER_EPHEMERAL_ENABLED": "false",  # a missing server shall be an error, not a second server
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs,orphans",
    # One write a second instead of one for each state of a task: its SQLite answers 503 to whoever writes meanwhile.
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
    "PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY": "false",
    "PREFECT_TELEMETRY_ENABLE_RESOURCE_METRICS": "false",
    "PREFECT_LOGGING_EXTRA_LOGGERS": "meschain,warehouse,connectors",  # what they say stands in the run's log
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    "PREFECT_LOGGING_COLORS": "false",
}
"""Prefect settings that are the same in every installation."""
_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  compared with, not listened on


def _database_url(url: str) -> str:
    if url and (not re.match(r"(sqlite:///.|postgres(ql)?(\+psycopg)?://.)", url) or ":memory:" in url):
        raise ValueError("not the address of a database that can be used here")
    return url


def _postgresql_url(driver: str = "") -> AfterValidator:
    def check(url: str) -> str:
        if url and not re.match(rf"postgres(ql)?({re.escape(driver)})?://.", url):
            raise ValueError("not the address of a PostgreSQL database")
        return url

    return AfterValidator(check)


def _absolute(path: Path) -> Path:
    return path.expanduser().absolute()  # not resolved: a link to a folder stays the name the user gave


def _reachable(host: str) -> str:
    """The host as it stands in an address by which this machine reaches it."""
    host = _ANYWHERE.get(host, host)
    return f"[{host}]" if ":" in host else host


def _home(path: Path) -> Path:
    if "?" in str(_absolute(path)):
        raise ValueError("a question mark in a folder's name would cut the store's address short")
    return _absolute(path)


class _Group(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class StoreSettings(_Group):
    """The operational store."""

    url: Annotated[str, AfterValidator(_database_url)] = Field(
        default="",
        repr=False,
        description="sqlite:///PATH or postgresql://USER:PASSWORD@HOST/DATABASE; empty: store.sqlite below home",
    )


class LakeSettings(_Group):
    """The lakes, one per tenant."""

    catalog_url: Annotated[str, _postgresql_url()] = Field(
        default="",
        repr=False,
        description="postgresql://USER:PASSWORD@HOST/DATABASE for the lakes' catalogs; "
        "empty: one SQLite file per tenant below home",
    )
    data_path: str = Field(
        default="", description="folder or s3://BUCKET/PREFIX for the lakes' files; empty: the folder lake below home"
    )
    memory_limit: str = Field(
        default="256MB",
        pattern=r"^\d+(\.\d+)? ?[KMGT]i?B$",
        description="memory DuckDB may take in one process, such as 512MB or 2GB; an ordinary sync takes 128MB of it",
    )
    threads: int = Field(default=2, ge=1, le=1024, description="threads DuckDB may use in one process, at least 1")


class PrefectSettings(_Group):
    """The Prefect server that keeps the flow runs."""

    api_url: str = Field(
        default="",
        pattern=r"^(https?://\S+)?$",
        description="http(s)://HOST:PORT/api of a Prefect server that runs already; empty: one is started",
    )
    host: str = Field(default="127.0.0.1", min_length=1, description="address the started Prefect server listens on")
    port: int = Field(
        default=4200, ge=1, le=65535, description="port the started Prefect server listens on, 1 to 65535"
    )
    auth: SecretStr = Field(
        default=SecretStr(""), description="USER:PASSWORD that the Prefect server asks for; empty: it asks for none"
    )
    database_url: Annotated[str, _postgresql_url("+asyncpg")] = Field(
        default="",
        repr=False,
        description="postgresql://USER:PASSWORD@HOST/DATABASE (with the extension pg_trgm) for the started Prefect "
        "server; empty: a SQLite file below home",
    )
    runs_at_once: int = Field(
        default=4, ge=1, le=64, description="flow runs, and syncs among them, that one flow runner executes at once"
    )


class HttpSettings(_Group):
    """How feeds and rates of exchange are fetched over HTTP."""

    timeout_seconds: float = Field(
        default=30.0, gt=0, le=3600, description="seconds without a byte after which a request is given up"
    )
    max_bytes: int = Field(default=4 * 1024**3, gt=0, description="bytes after which a download is refused, above 0")
    allow_private_addresses: bool = Field(
        default=False, description="true or false: whether loopback and private network addresses may be asked"
    )
    tcmb: str = Field(default="https://www.tcmb.gov.tr/kurlar", description="where Türkiye's central bank's lie")
    ecb: str = Field(default="https://www.ecb.europa.eu/stats/eurofxref", description="where those of the euro lie")


class ApiSettings(_Group):
    """The API and its console."""

    host: str = Field(default="127.0.0.1", min_length=1, description="address the API listens on")
    port: int = Field(default=8080, ge=1, le=65535, description="port the API listens on, 1 to 65535")
    public_url: str = Field(
        default="",
        pattern=r"^(https?://[^\s/]+)?$",
        description="http(s)://HOST[:PORT] under which people reach the API; empty: where it listens",
    )
    cors_origins: str = Field(
        default="",
        pattern=r"^(https?://[^\s/,]+(,https?://[^\s/,]+)*)?$",
        description="http(s)://HOST[:PORT] of pages elsewhere that may use the API, divided by commas; empty: none",
    )
    max_body_bytes: int = Field(default=1024**2, ge=1024, description="bytes after which a request is refused")
    rate_per_minute: int = Field(default=600, ge=1, description="requests a minute of one user or API key")
    rate_per_minute_tenant: int = Field(default=6000, ge=1, description="requests a minute of one tenant")
    trusted_proxies: str = Field(
        default="",
        description="addresses or networks (CIDR), divided by commas, whose X-Forwarded-For is believed; empty: none",
    )


class VaultSettings(_Group):
    """The keys that encrypt the secrets of suppliers and channels."""

    key: SecretStr = Field(
        default=SecretStr(""),
        description="Fernet key (32 bytes, URL-safe base64), or several divided by commas: "
        "the first encrypts, all decrypt; empty: the file vault.key below home, made when first needed",
    )


class RawSettings(_Group):
    """Feed files kept as they were received."""

    keep_days: int = Field(default=90, ge=1, description="days a raw feed file is kept, at least 1")


class SnapshotSettings(_Group):
    """Earlier states of the lakes."""

    keep_days: int = Field(default=30, ge=1, description="days a snapshot of a lake is kept, at least 1")


class Settings(BaseSettings):
    """Everything that can be set. Empty addresses and paths are filled in, all local paths are absolute.

    The folder methods make what they name (mode 0700) when it is not there.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter=DELIMITER, env_ignore_empty=True, frozen=True, extra="forbid"
    )

    home: Annotated[Path, AfterValidator(_home)] = Field(
        default=Path(".meschain"), description="data folder: everything MesChain writes lies below it"
    )
    store: StoreSettings = Field(default_factory=StoreSettings, description=str(StoreSettings.__doc__))
    lake: LakeSettings = Field(default_factory=LakeSettings, description=str(LakeSettings.__doc__))
    prefect: PrefectSettings = Field(default_factory=PrefectSettings, description=str(PrefectSettings.__doc__))
    http: HttpSettings = Field(default_factory=HttpSettings, description=str(HttpSettings.__doc__))
    api: ApiSettings = Field(default_factory=ApiSettings, description=str(ApiSettings.__doc__))
    vault: VaultSettings = Field(default_factory=VaultSettings, description=str(VaultSettings.__doc__))
    raw: RawSettings = Field(default_factory=RawSettings, description=str(RawSettings.__doc__))
    snapshots: SnapshotSettings = Field(default_factory=SnapshotSettings, description=str(SnapshotSettings.__doc__))

    @model_validator(mode="after")
    def _fill_in(self) -> Self:
        url = self.store.url or f"sqlite:///{self.home / 'store.sqlite'}"
        path = self.lake.data_path or str(self.home / "lake")
        path = path if "://" in path else str(_absolute(Path(path)))
        # The tree is frozen for everyone else; these two defaults depend on home and can only be known here.
        object.__setattr__(self, "store", self.store.model_copy(update={"url": url}))
        object.__setattr__(self, "lake", self.lake.model_copy(update={"data_path": path.rstrip("/")}))
        return self

    @property
    def prefect_url(self) -> str:
        """Address of the Prefect server's API: the one that is given, or the one that is started here."""
        return self.prefect.api_url or f"http://{_reachable(self.prefect.host)}:{self.prefect.port}/api"

    @property
    def api_url(self) -> str:
        """Where the API answers on this machine."""
        return f"http://{_reachable(self.api.host)}:{self.api.port}"

    @property
    def public_url(self) -> str:
        """Where people reach the API and its console."""
        return self.api.public_url or self.api_url

    @property
    def vault_key_file(self) -> Path:
        """Where the vault's keys lie when MESCHAIN_VAULT__KEY is empty; the file need not exist."""
        return self.home / "vault.key"

    def raw_dir(self, tenant: str, supplier: str) -> Path:
        """Folder of a supplier's feed files as received."""
        return private_dir(self._below("raw", tenant, supplier))

    def delta_dir(self, tenant: str) -> Path:
        """Folder of a tenant's staged deltas, one file per run."""
        return private_dir(self._below("delta", tenant))

    def reports_dir(self, tenant: str, run: str) -> Path:
        """Folder of the reports of one run."""
        return private_dir(self._below("reports", tenant, run))

    def locks_dir(self) -> Path:
        """Folder of the lock files."""
        return private_dir(self._below("locks"))

    def logs_dir(self) -> Path:
        """Folder of the logs of the processes that are started in the background."""
        return private_dir(self._below("logs"))

    def lake_dir(self, tenant: str) -> Path:
        """Folder of a tenant's lake catalog (`catalog.sqlite`)."""
        return private_dir(self._below("lake", tenant))

    def lake_data_path(self, tenant: str) -> str:
        """Folder or object-store prefix of a tenant's lake files; a local one is made."""
        path = f"{self.lake.data_path}/{self._below('lake', tenant).name}/data"
        return path if "://" in path else str(private_dir(Path(path)))

    def child_environment(self) -> dict[str, str]:
        """The environment for every process started here: ours, with exactly these settings, and Prefect kept in home.

        Prefect settings of whoever started us are left out: they could lead to another server, or out of home.
        """
        inherited = {name: text for name, text in os.environ.items() if not name.startswith((PREFIX, "PREFECT_"))}
        temporary = private_dir(self._below("tmp"))
        return inherited | self._variables() | self._prefect_variables() | {"TMPDIR": str(temporary)}

    def enter(self) -> None:
        """Make the child's environment this process's own: for a process that is to import Prefect."""
        environment = self.child_environment()
        for name in os.environ.keys() - environment.keys():
            del os.environ[name]
        os.environ.update(environment)

    def _variables(self) -> dict[str, str]:
        """These settings as environment variables; empty ones are left out."""
        variables = {variable_of("home"): str(self.home)}
        for name in Settings.model_fields.keys() - {"home"}:
            for field, value in getattr(self, name):
                text = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
                if text:
                    variables[variable_of(name, field)] = text
        return variables

    def _prefect_variables(self) -> dict[str, str]:
        """Prefect's own settings: where its server is, everything it writes below home, nothing sent to anybody."""
        home, auth = private_dir(self._below("prefect")), self.prefect.auth.get_secret_value()
        database = re.sub(r"^postgres(ql)?(\+asyncpg)?:", "postgresql+asyncpg:", self.prefect.database_url)
        page = self.prefect_url.removesuffix("/api")
        variables = {
            "PREFECT_HOME": str(home),
            "PREFECT_PROFILES_PATH": str(home / "profiles.toml"),
            "PREFECT_API_URL": self.prefect_url,
            "PREFECT_API_AUTH_STRING": auth,
            "PREFECT_SERVER_API_AUTH_STRING": auth,
            "PREFECT_SERVER_API_HOST": self.prefect.host,
            "PREFECT_SERVER_API_PORT": str(self.prefect.port),
            # The page itself needs no permission; any other page in the same browser shall have none.
            "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": f"{page},http://localhost:{self.prefect.port}",
            "PREFECT_SERVER_DATABASE_CONNECTION_URL": database or f"sqlite+aiosqlite:///{home / 'prefect.db'}",
            "PREFECT_SERVER_UI_STATIC_DIRECTORY": str(home / "ui"),
        }
        return {name: text for name, text in variables.items() if text} | _PREFECT

    def _below(self, *parts: str) -> Path:
        for part in parts:
            if not _PART.fullmatch(part):  # names reach paths only through here: no "..", no separator
                raise Permanent(f"{part!r} cannot name a folder; expected small letters, digits and dashes")
        return self.home.joinpath(*parts)


def private_dir(path: Path) -> Path:
    """Make `path` and whatever is missing above it, readable by its owner only; give it back."""
    if path.is_dir():
        return path
    if path != path.parent:
        private_dir(path.parent)
    try:
        path.mkdir(mode=PRIVATE, exist_ok=True)
    except OSError as error:
        raise Permanent(
            f"folder {path} cannot be made: {error.strerror}; set MESCHAIN_HOME to a folder you may write, or make room"
        ) from error
    return path


def load_settings() -> Settings:
    """Read the settings from the environment, anew at every call.

    Raises Permanent naming every variable that is wrong and what was expected of it. Values that may hold a secret
    are not repeated.
    """
    problems = list(_unknown_variables(os.environ))
    if problems:
        raise Permanent("; ".join(problems))
    try:
        return Settings()
    except ValidationError as error:
        raise Permanent("; ".join(_problem(detail) for detail in error.errors())) from None
    except SettingsError as error:  # a whole group given as one variable that is not JSON
        raise Permanent(f"{error}; set single fields instead, as {PREFIX}<GROUP>{DELIMITER}<FIELD>") from None


def list_variables() -> dict[str, FieldInfo]:
    """Every environment variable with its field (description, default, annotation), in order."""
    variables: dict[str, FieldInfo] = {}
    for name, field in Settings.model_fields.items():
        group = field.annotation
        if isinstance(group, type) and issubclass(group, _Group):
            variables |= {variable_of(name, inner): info for inner, info in group.model_fields.items()}
        else:
            variables[variable_of(name)] = field
    return variables


def list_given() -> frozenset[str]:
    """The variables of ours that the environment gives; an empty one counts as not given."""
    return frozenset(name.upper() for name, text in os.environ.items() if text and name.upper().startswith(PREFIX))


def variable_of(*path: str) -> str:
    """Environment variable of a setting: `variable_of("store", "url")` is MESCHAIN_STORE__URL."""
    return PREFIX + DELIMITER.join(path).upper()


def _unknown_variables(environment: Mapping[str, str]) -> Iterator[str]:
    known = [*list_variables(), *(variable_of(name) for name in Settings.model_fields)]
    for name in sorted(environment):
        if not name.upper().startswith(PREFIX) or name.upper() in known:
            continue
        similar = difflib.get_close_matches(name.upper(), known, n=1, cutoff=0.8)
        if similar or DELIMITER in name:  # others may use the prefix for their own ends, but not in the form of ours
            hint = f"did you mean {similar[0]}?" if similar else f"known are {', '.join(list_variables())}"
            yield f"{name} is not a setting; {hint}"


def _problem(detail: ErrorDetails) -> str:
    name = variable_of(*map(str, detail["loc"][:2]))
    message = detail["msg"].removeprefix("Value error, ")
    field = list_variables().get(name)
    if field is None:
        return f"{name}: {message}"
    shown = "" if field.repr is False or field.annotation is SecretStr else f" (it is {detail['input']!r})"
    return f"{name} cannot be used{shown}: {message}; expected: {field.description}"
