"""Price rules as a person writes them: as YAML, and an example to begin with. Pure."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, cast

import yaml

from meschain.pricing.rules import parse_rules
from meschain.web.console.language import N_
from meschain.web.console.written import Faults, read_yaml

EXAMPLE = N_(
    """\
# Rules are tried from the top; the first one that fits an offer makes its price.
# when: channels, suppliers, brands, categories (lists), cost_from, cost_below, desi_from, desi_below.
# price: markup (rate), margin (rate), profit (amount) or list_price (rate). Rates are in per cent.
# floor: what a sale has to earn at least. Without one, a sale may lose nothing.
- name: heavy parcels
  when: {desi_from: 10}
  price: {kind: margin, rate: 20}
  floor: {profit: 25}
- name: everything else
  price: {kind: margin, rate: 15}
  floor: {profit: 10, margin_rate: 5}
  rounding: {step: 1, ending: 0.90}
  largest_step_rate: 10
"""
)


class _Writer(yaml.SafeDumper):
    """Writes numbers as numbers, whatever their digits."""


def _number(writer: yaml.SafeDumper, value: Decimal) -> yaml.ScalarNode:
    text = f"{value:f}"
    return writer.represent_scalar(f"tag:yaml.org,2002:{'float' if '.' in text else 'int'}", text)


_Writer.add_representer(Decimal, _number)
_Writer.add_multi_representer(tuple, lambda writer, value: writer.represent_list(value))


def write_rules(rules: Sequence[Mapping[str, Any]]) -> str:
    """Stored rules as YAML; what is as usual is left out."""
    told = [rule.model_dump(exclude_defaults=True) for rule in parse_rules(rules)]
    written: str = yaml.dump(told, Dumper=_Writer, allow_unicode=True, sort_keys=False, default_flow_style=None)
    return written


def read_rules(body: str) -> list[dict[str, Any]]:
    """The rules that are written there; raises Faults if it is no list. What they say is judged elsewhere."""
    found = read_yaml(body, "a list of price rules")
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise Faults(("expected a list of rules, each beginning with `- name:`",))
    return cast("list[dict[str, Any]]", found)
