"""Every artifact has a key of its own."""

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from meschain.access.rules import check_slug
from tasks.naming import artifact_key

_SLUGS = st.from_regex(r"[ab]|[ab][ab-]{0,4}[ab]", fullmatch=True)


@given(st.lists(st.lists(_SLUGS, min_size=1, max_size=3), min_size=2, max_size=6))
def test_no_two_things_share_a_key(named):
    for one, other in product(named, named):
        assert (artifact_key(*one) == artifact_key(*other)) == (one == other)


def test_names_that_joined_would_be_alike():
    for one, other in ((("a", "b-c"), ("a-b", "c")), (("security", "a", "page"), ("security", "a-page"))):
        assert "-".join(one) == "-".join(other)
        assert artifact_key(*one) != artifact_key(*other)
        assert check_slug(artifact_key(*one), "an artifact")
