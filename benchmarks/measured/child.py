"""The fresh process of one measurement: `python -m benchmarks.measured.child MODULE:FUNCTION ARGUMENTS`.

Calls the function with the arguments (a JSON object) and prints what it gives, a JSON object, as the last line, with
the largest resident memory of the process. Imports are done before the function begins, which times itself.
"""

import importlib
import json
import sys

from benchmarks.measured.clock import peak_mb


def main() -> None:
    """Run the function that the command line names."""
    module, _, name = sys.argv[1].partition(":")
    function = getattr(importlib.import_module(module), name)
    result = function(**json.loads(sys.argv[2]))
    result.setdefault("peak_mb", peak_mb())
    print(json.dumps(result))


if __name__ == "__main__":
    main()
