"""What servers have set, on SQLite and PostgreSQL."""

from notetaker.model.guild_settings import GuildSettings
from notetaker.model.vocabulary import Entry
from notetaker.store.store import Store
from tests.store.examples import MEETING

ONE, OTHER = 2**62 + 1, 2**62 + 2
DEFAULTS = GuildSettings(language="de", time_zone="Europe/Berlin")


def test_a_server_has_the_operators_settings_until_it_sets_its_own(store: Store) -> None:
    assert store.guild_settings(ONE, DEFAULTS) == DEFAULTS
    store.set_for_guild(ONE, "language", "fr")
    store.set_for_guild(ONE, "record_bots", True)
    store.set_for_guild(ONE, "language", "en")
    assert store.guild_settings(ONE, DEFAULTS) == GuildSettings(
        language="en", time_zone="Europe/Berlin", record_bots=True, own=frozenset({"language", "record_bots"})
    )
    assert store.guild_settings(OTHER, DEFAULTS) == DEFAULTS
    store.set_for_guild(ONE, "language", None)
    store.set_for_guild(ONE, "record_bots", None)
    assert store.guild_settings(ONE, DEFAULTS) == DEFAULTS


def test_a_setting_that_is_as_the_operators_stays_the_servers_own(store: Store) -> None:
    store.set_for_guild(ONE, "language", "de")
    assert store.guild_settings(ONE, GuildSettings(language="fr")).language == "de"


def test_a_setting_of_a_newer_release_is_left_alone(store: Store) -> None:
    store.set_for_guild(ONE, "shoe_size", 42)
    assert store.guild_settings(ONE, DEFAULTS) == DEFAULTS


def test_of_entries_about_the_same_the_last_one_counts(store: Store) -> None:
    store.add_vocabulary(ONE, [Entry("Zyx"), Entry("kubernetes"), Entry("Kubernetes", "Cooper  Netties")])
    store.add_vocabulary(ONE, [Entry("Kubernetes"), Entry("K8s", "cooper netties")])
    store.add_vocabulary(OTHER, [Entry("Vire")])
    assert store.vocabulary(ONE) == [Entry("K8s", "cooper netties"), Entry("Kubernetes"), Entry("Zyx")]
    store.remove_vocabulary(ONE, [Entry("ZYX"), Entry("nothing"), Entry("K8s", "Cooper Netties")])
    assert store.vocabulary(ONE) == [Entry("Kubernetes")]
    assert store.vocabulary(OTHER) == [Entry("Vire")]


def test_who_has_met_in_a_server_is_known(store: Store) -> None:
    store.add_meeting(MEETING)
    store.name_speaker(MEETING.id, 5, "Ada")
    assert store.has_met(MEETING.guild_id, 5)
    assert not store.has_met(MEETING.guild_id, 6)
    assert not store.has_met(MEETING.guild_id + 1, 5)
