import pytest

from notetaker.model.time_zones import MATCHES, find, matching


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        (" berlin ", "Europe/Berlin"),
        ("New York", "America/New_York"),
        ("america/new_york", "America/New_York"),
        ("utc", "UTC"),
        ("Louisville", "America/Kentucky/Louisville"),
        ("Europe", None),
        ("", None),
        ("../zone", None),
    ],
)
def test_a_time_zone_is_found_by_its_name_or_its_city(typed: str, name: str | None) -> None:
    assert find(typed) == name


def test_zones_are_offered_by_what_has_been_typed_so_far() -> None:
    assert matching("lond") == ["Europe/London"]
    assert matching("york") == ["America/New_York"]
    assert matching("europe/")[0] == "Europe/Amsterdam"
    assert len(matching("")) == MATCHES
    assert matching("Gotham") == []
