from dataclasses import replace

import pytest

from notetaker.model.minutes import Item, Kind
from notetaker.notes.minutes.check import check
from tests.notes.minutes.builders import part

PART = part("""
    Ana: So um what does the new motor cost?
    Ben: About twenty-five euros, and Monika says that they can deliver on Friday.
    Ana: Okay, then we take the new motor.
    Ben: I'll order it tomorrow.
    Cem: Yeah.
    Ana: Could you please tell the customers about the delay?
    Cem: Sure.
    Ben: The old motor was from ACME by the way.
""")


def reasons(
    kind: Kind, text: str, *cites: str, owner: str | None = None, due: str | None = None
) -> list[str]:
    return [reason for _, reason in check(PART, [Item(kind, text, cites, owner, due)]).fallen]


@pytest.mark.parametrize(
    ("text", "cites"),
    [
        ("The new motor is used from now on.", ("2",)),
        ("The motor costs 25 euros.", ("1",)),
        ("The motor costs twenty-five euros and comes on Friday.", ("1",)),
        ("Monika can deliver on Friday.", ("1",)),
        ("Ana takes the new motor.", ("2",)),
        ("The old motor was from ACME.", ("7",)),
    ],
)
def test_what_was_said_holds(text: str, cites: tuple[str, ...]) -> None:
    assert reasons(Kind.POINT, text, *cites) == []


@pytest.mark.parametrize(
    ("text", "cites", "reason"),
    [
        ("We take the new motor.", (), "It cites no line."),
        ("We take the new motor.", ("9",), "It cites 9, which is not a line of this part."),
        ("We take the new motor.", ("2", "2"), "It cites a line twice."),
        ("New motor, good.", ("2",), "It has fewer than 5 words."),
        ("The motor costs 26 euros now.", ("1",), "The number 26 is in none of the lines that it cites."),
        ("The motor costs 25 euros now.", ("2",), "The number 25 is in none of the lines that it cites."),
        (
            "They deliver the motor on Monday.",
            ("1",),
            "The date monday is in none of the lines that it cites.",
        ),
        ("For Petra we take the motor.", ("2",), "The name for is in none of the lines that it cites."),
        ("We take the motor for Petra.", ("2",), "The name petra is in none of the lines that it cites."),
        ("We take the motor for Cem.", ("2",), "The name cem is in none of the lines that it cites."),
        ("The garden fence is painted green.", ("2",), "It shares no word with the lines that it cites."),
        ("We do not take the new motor.", ("2",), "It says the opposite of the lines that it cites."),
        (
            "The motor needs a stronger garden fence in summer.",
            ("2",),
            "It shares too few words with the lines that it cites.",
        ),
    ],
)
def test_what_nobody_said_falls(text: str, cites: tuple[str, ...], reason: str) -> None:
    if text.startswith("For Petra"):  # the first word of a sentence is no name
        reason = reason.replace("name for", "name petra")
    assert reasons(Kind.POINT, text, *cites) == [reason]


LOST = part("""
    Ana: So we lost the contract with Acme because of the rounding.
    Ben: Then somebody must finish off the offer for the hospital.
""")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Globex lost the contract with Acme.", "globex"),
        ("Globex's contract with Acme is lost.", "globex"),
        ("The contract is lost. Globex lost it with Acme.", "globex"),
        ("Acme and the hospital lost the contract.", None),
        ("Participants lost the contract with Acme.", None),
        ("Contracts with Acme were lost.", None),
        ("Finalise the offer for the hospital.", None),
        ("Sadly we lost the contract with Acme.", None),
        ("Losing Acme was because of rounding.", None),
    ],
)
def test_a_name_that_begins_a_sentence_was_said_too(text: str, name: str | None) -> None:
    fallen = [reason for _, reason in check(LOST, [Item(Kind.POINT, text, ("0", "1"))]).fallen]
    assert fallen == ([f"The name {name} is in none of the lines that it cites."] if name else [])


def test_how_sentences_begin_in_other_languages_is_not_known() -> None:
    spoken = replace(part("Ana: Also wir haben den Vertrag mit Acme verloren."), language="de")
    text = "Leider ist der Vertrag mit Acme verloren."
    assert check(spoken, [Item(Kind.POINT, text, ("0",))]).fallen == ()


@pytest.mark.parametrize(
    ("language", "said", "true", "false"),
    [
        (
            "ja",
            "では新しいバージョンを来月の一日に公開することに決めました。",
            "新しいバージョンを来月の一日に公開する。",
            "予算を来年まで凍結する方針を確認した。",
        ),
        ("zh", "我们决定下周五发布新版本。", "下周五发布新版本。", "公司将在北京租用办公室。"),
        ("th", "เราตัดสินใจเปิดร้านใหม่ในวันศุกร์", "เปิดร้านใหม่ในวันศุกร์", "ประชุมครั้งหน้าที่กรุงเทพ"),
        (
            "de",
            "Also die Berichte prüfen wir vor den Sitzungen.",
            "Wir prüfen jeden Bericht vor einer Sitzung.",
            "Der Zaun bekommt im Sommer eine neue Farbe.",
        ),
    ],
)
def test_what_was_said_holds_in_any_writing(language: str, said: str, true: str, false: str) -> None:
    spoken = replace(part(f"Ana: {said}"), language=language)
    items = [Item(Kind.POINT, text, ("0",)) for text in (true, false)]
    assert check(spoken, items).kept == (items[0],)


def test_a_name_as_it_is_spelled_holds_where_it_was_misheard() -> None:
    spoken = replace(
        part("Ana: We move the billing service to cooper netties in March."),
        spellings=("Kubernetes", "Grafana"),
    )

    def fallen(text: str) -> list[str]:
        return [reason for _, reason in check(spoken, [Item(Kind.DECISION, text, ("0",))]).fallen]

    assert fallen("The billing service moves to Kubernetes in March.") == []
    assert fallen("The billing service moves to Grafana in March.") == [
        "The name grafana is in none of the lines that it cites."
    ]


def test_an_owner_is_one_of_the_people_and_has_to_do_with_it() -> None:
    task = "Order the new motor from them."
    assert reasons(Kind.ACTION, task, "2", "3", owner="Ben", due="tomorrow") == []
    assert reasons(Kind.ACTION, task, "2", "3", owner="Dora") == ["Dora is not a person of this meeting."]
    assert reasons(Kind.ACTION, task, "2", "3", owner="Cem") == [
        "The lines that it cites neither name Cem nor are theirs."
    ]
    assert reasons(Kind.ACTION, "Tell the customers about the delay.", "5", owner="Cem") == []


def test_who_is_asked_answers_nearby() -> None:
    english = """
        Ana: Could you send the offer to the hospital?
        Ben: Will do.
        Ana: Great.
        Ana: Next.
        Cem: Yes.
    """
    action = Item(Kind.ACTION, "Send the offer to the hospital.", ("0",), "Ben")
    assert check(part(english), [action, replace(action, text="Ben is to send the offer.")]).fallen == ()
    assert check(part(english), [replace(action, owner="Cem")]).kept == ()

    german = """
        Ana: Kannst du das Angebot an das Krankenhaus schicken?
        Ben: Mach ich.
        Ana: Gut.
        Ana: Weiter.
        Cem: Ja.
    """
    spoken = replace(part(german), language="de")
    action = Item(Kind.ACTION, "Das Angebot an das Krankenhaus schicken.", ("0",), "Ben")
    assert check(spoken, [action]).fallen == ()
    assert check(spoken, [replace(action, owner="Cem")]).kept == ()


def test_a_due_date_that_nobody_named_falls() -> None:
    assert reasons(Kind.ACTION, "Order the new motor from them.", "2", "3", due="by Tuesday") == [
        "The date tuesday is in none of the lines that it cites."
    ]


@pytest.mark.parametrize(
    ("due", "reason"),
    [
        ("tomorrow", None),
        ("by tomorrow", None),
        ("next week", "The date next is in none of the lines that it cites."),
        ("before Christmas", "The date christmas is in none of the lines that it cites."),
        ("as soon as possible", "The date as is in none of the lines that it cites."),
    ],
)
def test_a_due_date_is_in_the_words_that_were_spoken(due: str, reason: str | None) -> None:
    fallen = reasons(Kind.ACTION, "Order the new motor from them.", "2", "3", due=due)
    assert fallen == ([reason] if reason else [])


@pytest.mark.parametrize(
    ("language", "said", "text", "due"),
    [
        (
            "de",
            "Ich schicke bis Freitag den Bericht an die Kundin.",
            "Den Bericht an die Kundin schicken.",
            "bis Freitag",
        ),
        (
            "ja",
            "来週の金曜日までにレポートを送ります。",
            "来週の金曜日までにレポートを送る。",
            "来週の金曜日",
        ),
    ],
)
def test_a_due_date_is_checked_in_any_language(language: str, said: str, text: str, due: str) -> None:
    spoken = replace(part(f"Ana: {said}"), language=language)
    good = Item(Kind.ACTION, text, ("0",), "Ana", due)
    assert check(spoken, [good]).fallen == ()
    assert check(spoken, [replace(good, due="Dienstag")]).kept == ()


def test_what_holds_stays_in_order() -> None:
    good = Item(Kind.DECISION, "We take the new motor then.", ("2",))
    bad = Item(Kind.DECISION, "We take 99 new motors then.", ("2",))
    checked = check(PART, [bad, good])
    assert checked.kept == (good,)
    assert [item for item, _ in checked.fallen] == [bad]
