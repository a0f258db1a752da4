"""What a process that was killed has left of a folder goes with the next draft of the same kind, whatever its name."""

from pathlib import Path

import pytest

from commerce.errors import Permanent
from meschain.operations.folder import Draft, drafted


def test_a_draft_that_somebody_removes_gets_no_name(tmp_path: Path) -> None:
    root = tmp_path / "draft"
    with pytest.raises(Permanent, match="was removed"):
        Draft(root).write("a", "b")
    assert not root.exists()


def test_a_draft_that_was_left_goes_and_those_of_others_stay(tmp_path: Path) -> None:
    with drafted(tmp_path / "kept-2026-11-27", "backup of one") as draft:
        draft.write("vault.key", "secret")
        (left,) = tmp_path.iterdir()
        left.rename(tmp_path / "aside")  # as a kill would leave it
        left.mkdir()
    left = tmp_path / left.name
    (tmp_path / "aside").rename(left)
    with drafted(tmp_path / "other", "backup of another") as draft:
        draft.write("a", "b")
    assert (left / "vault.key").exists()
    with drafted(tmp_path / "kept-2026-11-28", "backup of one") as draft:
        draft.write("a", "b")
        assert not left.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept-2026-11-27", "kept-2026-11-28", "other"]
