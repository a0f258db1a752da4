"""A connection that is tried by its flow: the outcome tells what came; doubts and failures are told in a sentence."""

from meschain.catalog.runs import list_runs


def outcome(state):
    import asyncio  # noqa: PLC0415  only here

    return asyncio.run(state.aresult())


def test_what_came_is_the_outcome_and_nothing_is_changed(shop, run):
    from flows.test_connection import try_connection  # noqa: PLC0415  after Prefect's settings

    path = shop.write("toys", [f"{n},50" for n in range(10, 90)])
    tried = run(try_connection, "toys")
    told = outcome(tried)
    assert (tried.name, told["bytes"], told["format"]) == ("Completed", path.stat().st_size, "delimited")
    assert (len(told["rows"]), told["rows"][0]["list_price"], told["profile_version"]) == (20, "10.5000", 0)
    assert "20 rows shown" in tried.message
    path.write_text("a;b\n1;2\n")
    assert run(try_connection, "toys").name == "Doubtful"
    path.unlink()
    gone = run(try_connection, "toys")
    assert (gone.name, "\n" in gone.message) == ("Failed", False)
    assert list_runs(shop.catalog) == []
    assert shop.ask("SELECT count(*) FROM core.offers") == [(0,)]
