"""Options divide into what may be shown and what is encrypted, and come together again."""

import json

import pytest
from pydantic import Field, SecretStr

from connectors.sources.discovery import source_kinds
from connectors.sources.protocol import SourceOptions, Validator, Validators, public_options, secrets


class Options(SourceOptions):
    """One of each."""

    place: str
    depth: int = 3
    password: SecretStr = Field(default=SecretStr(""), json_schema_extra={"secret": True})
    keys: dict[str, SecretStr] = Field(default={}, json_schema_extra={"secret": True})


WHOLE = Options(place="here", depth=5, password=SecretStr("pw-1"), keys={"X-Key": SecretStr("k-1")})


def test_public_and_secret_options_are_json_and_make_the_whole_again():
    public, secret = public_options(WHOLE), secrets(WHOLE)
    assert json.loads(json.dumps(public)) == {"place": "here", "depth": 5}
    assert json.loads(json.dumps(secret)) == {"password": "pw-1", "keys": {"X-Key": "k-1"}}
    assert Options(**public, **secret) == WHOLE


def test_what_is_not_set_is_stored_nowhere():
    assert (public_options(Options(place="a")), secrets(Options(place="a"))) == ({"place": "a"}, {})


def test_no_secret_in_the_representation_of_options():
    assert "pw-1" not in f"{WHOLE} {WHOLE!r} {WHOLE.model_dump_json()}"
    assert "k-1" not in f"{WHOLE} {WHOLE!r} {WHOLE.model_dump_json()}"


def test_options_are_frozen_and_know_no_others():
    with pytest.raises(ValueError, match="frozen"):
        WHOLE.depth = 7
    with pytest.raises(ValueError, match="Extra inputs") as caught:
        Options(place="a", pasword="pw-9")
    assert "pw-9" not in str(caught.value)


def _holds_secret(schema: object) -> bool:
    if isinstance(schema, dict):
        return schema.get("format") == "password" or any(map(_holds_secret, schema.values()))
    return isinstance(schema, list) and any(map(_holds_secret, schema))


@pytest.mark.parametrize("kind", source_kinds())
def test_every_source_marks_its_secrets_and_only_those(kind):
    fields = source_kinds()[kind].Options.model_json_schema()["properties"]
    for name, schema in fields.items():
        assert bool(schema.get("secret")) == _holds_secret(schema), name
        assert schema.get("description"), f"{name} needs words for the form"


def test_validators_can_be_stored_as_json():
    validators = Validators(documents={"http://h/f": Validator(etag='W/"1"', last_modified="Mon")})
    assert Validators.model_validate_json(validators.model_dump_json()) == validators
