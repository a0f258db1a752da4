"""The peer: pycasbin's enforcer over roles within domains, patterns of names and actions. Knows nothing of MesChain.

It is measured where it is installed; MesChain does not ask for it.
"""

import importlib
import random
from typing import Any

from benchmarks.measured.clock import Stopwatch

_MODEL = """
[request_definition]
r = sub, dom, obj, act
[policy_definition]
p = sub, dom, obj, act
[role_definition]
g = _, _, _
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = g(r.sub, p.sub, r.dom) && r.dom == p.dom && keyMatch(r.obj, p.obj) && keyMatch(r.act, p.act)
"""


def check(tenants: int, grants: int, checks: int, seed: int) -> dict[str, Any]:
    """One enforcer with the grants of that many tenants, one policy each; making it is not timed."""
    casbin = importlib.import_module("casbin")
    model = casbin.Model()
    model.load_model_from_text(_MODEL)
    enforcer = casbin.Enforcer(model)
    drawn = random.Random(seed)
    for tenant in range(tenants):
        domain = f"tenant-{tenant}"
        names = [f"supplier-{drawn.randrange(50)}*" for _ in range(grants)]
        enforcer.add_policies([[f"role-{number}", domain, name, "catalog:*"] for number, name in enumerate(names)])
        enforcer.add_grouping_policies([["user", f"role-{number}", domain] for number in range(grants)])
    asked = [
        ("user", f"tenant-{drawn.randrange(tenants)}", f"supplier-{drawn.randrange(50)}", "catalog:sync")
        for _ in range(checks)
    ]
    enforcer.enforce(*asked[0])
    with Stopwatch() as watch:
        found = sum(enforcer.enforce(*request) for request in asked)
    return {**watch.told(), "checks": checks, "allowed": found}
