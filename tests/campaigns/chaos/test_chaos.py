"""The campaign runs for real, with as few faults as can be; `scripts/chaos` has all of them."""

from pathlib import Path

from tests.campaigns.chaos.campaign import Campaign
from tests.campaigns.chaos.report import failures
from tests.campaigns.chaos.window import Result

ONLY = "closed with 4006|closed with 4015|SIGTERM"


async def test_faults_are_survived_and_the_books_balance(tmp_path: Path) -> None:
    shown: list[Result] = []
    campaign = Campaign(1, 0.0, 1, ONLY, tmp_path, shown.append, rest_s=1.0)
    report = await campaign.run()
    assert failures(report) == []
    assert report.results == shown
    found = {result.fault.name: result for result in report.results}
    assert len(found) == 3
    assert all(result.as_expected and result.lost_though_received == 0 for result in shown)
    lost_session, resumed, restarted = (
        found[name] for name in ("closed with 4006", "closed with 4015", "SIGTERM and start")
    )
    assert 0.0 < lost_session.without_audio_s < 3.0
    assert lost_session.lost_without_session > 0
    assert (resumed.without_audio_s, resumed.lost_without_session) == (0.0, 0)
    assert restarted.without_audio_s > 0.0
    assert report.laps == len(report.rests) == 1
