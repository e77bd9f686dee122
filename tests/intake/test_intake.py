"""Intake on a real PostgreSQL: what is accepted is stored once, decided, and its answer is owed, in one commit."""

import asyncio

import pytest
from desks import DANA, EMAIL, SMS, WHATSAPP

from gateway.domain.channel import Channel, Endpoint, Provider
from gateway.domain.messages import ConsentSignal, ConsentWish, NumberChange, Sender, UnknownEvent, Verification
from gateway.domain.people import mailto, tel, wa


async def test_a_known_question_is_answered_in_hebrew_and_owed_on_the_same_channel(desk):
    await desk.hear("איך אני מאפס סיסמה?")

    [inbound] = await desk.rows("SELECT * FROM message WHERE direction = 'inbound'")
    [delivery] = await desk.rows("SELECT d.*, a.uri FROM delivery d JOIN address a ON a.id = d.address_id")
    assert inbound["decision_action"] == "answer"
    assert inbound["article_key"] == "password-reset"
    assert (delivery["uri"], delivery["channel"], delivery["status"]) == (str(DANA), "sms", "queued")
    assert "סיסמה" in delivery["text"]
    assert not await desk.rows("SELECT FROM service_case")


async def test_an_unknown_question_opens_a_case_and_tells_its_number(desk):
    await desk.hear("הכלב שלי אכל את השלט של הממיר ועכשיו הטלוויזיה מדברת סינית")

    [case] = await desk.rows("SELECT * FROM service_case")
    [reply] = await desk.replies()
    assert case["number"] in reply
    assert case["status"] == "open"
    [message] = await desk.rows("SELECT case_id FROM message WHERE direction = 'inbound'")
    assert message["case_id"] == case["id"]


async def test_sms_and_whatsapp_from_one_phone_are_one_conversation(desk):
    await desk.hear("שלום")
    await desk.hear("אני צריך עזרה עם משהו אחר לגמרי ומוזר", endpoint=WHATSAPP, name="דנה")

    assert len(await desk.rows("SELECT FROM conversation")) == 1
    assert {row["channel"] for row in await desk.rows("SELECT channel FROM message WHERE direction = 'inbound'")} == {
        "sms",
        "whatsapp",
    }
    [contact] = await desk.rows("SELECT name FROM contact")
    assert contact["name"] == "דנה"
    [window] = await desk.rows("SELECT * FROM address_window")
    assert window["last_inbound_at"] is not None


async def test_the_same_provider_id_is_stored_and_answered_once(desk):
    await asyncio.gather(*(desk.hear("מה שעות הפתיחה?", provider_id="SMsame") for _ in range(20)))

    assert len(await desk.rows("SELECT FROM message WHERE direction = 'inbound'")) == 1
    assert len(await desk.replies()) == 1
    assert len(await desk.rows("SELECT FROM raw_payload")) == 1


async def test_many_messages_of_one_person_in_one_batch_are_decided_one_after_another(desk):
    strange = ("משהו מוזר קרה לי אתמול בלילה", "ועוד דבר מוזר קרה לי הבוקר", "ולא תאמינו מה קרה עכשיו")
    await asyncio.gather(*(desk.hear(text) for text in strange))

    assert len(await desk.rows("SELECT FROM service_case")) == 1
    assert len(await desk.replies()) == 1, "a second acknowledgement within ten minutes"


async def test_after_stop_nothing_but_its_confirmation_is_owed(desk):
    await desk.hear("מה שעות הפתיחה?")
    await desk.hear("הסר")
    await desk.hear("מה שעות הפתיחה?")

    owed = await desk.rows("SELECT purpose, status FROM delivery WHERE status <> 'suppressed' ORDER BY id")
    assert [row["purpose"] for row in owed] == ["confirmation"]
    [address] = await desk.rows("SELECT opted_out FROM address")
    assert address["opted_out"] == ["any"]
    [entry] = await desk.rows("SELECT * FROM consent")
    assert (entry["state"], entry["message_id"] is not None) == ("opted_out", True)


async def test_start_lets_answers_through_again(desk):
    await desk.hear("הסר")
    await desk.hear("התחל")
    await desk.hear("מה שעות הפתיחה?")

    [address] = await desk.rows("SELECT opted_out FROM address")
    assert address["opted_out"] == []
    assert len(await desk.replies()) == 3


async def test_a_message_nobody_vouches_for_stays_a_contact_of_its_own(desk):
    dana = mailto("dana@example.com")
    await desk.hear("מה שעות הפתיחה?", sender=dana, endpoint=EMAIL, subject="שעות")
    await desk.hear("שלום", sender=dana, endpoint=EMAIL, verification=Verification.NONE, subject="מי אני")

    addresses = await desk.rows("SELECT contact_id, proven FROM address ORDER BY id")
    assert [row["proven"] for row in addresses] == [True, False]
    assert addresses[0]["contact_id"] != addresses[1]["contact_id"]


async def test_only_a_sender_somebody_vouches_for_gets_their_subject_back(desk):
    for number, verdict in enumerate(Verification):
        stranger = mailto(f"s{number}@example.net")
        await desk.hear("hi", sender=stranger, endpoint=EMAIL, verification=verdict, subject="Buy\r\nnow")

    subjects = [row["subject"] for row in await desk.rows("SELECT subject FROM message WHERE direction = 'outbound'")]
    assert [subject for subject in subjects if "Buy" in subject] == ["Re: Buy now"]


async def test_a_stop_nobody_vouches_for_stops_campaigns_only_and_can_be_undone(desk):
    dana = mailto("dana@example.com")
    await desk.hear("מה שעות הפתיחה?", sender=dana, endpoint=EMAIL)
    await desk.hear("הסר", sender=dana, endpoint=EMAIL, verification=Verification.UNALIGNED)

    [proven] = await desk.rows("SELECT opted_out FROM address WHERE proven")
    assert "marketing" in proven["opted_out"]
    assert not {"any", "reply"} & set(proven["opted_out"])
    assert all(row["reversible"] for row in await desk.rows("SELECT reversible FROM consent"))


async def test_strangers_together_get_no_more_than_sixty_answers_a_minute(desk):
    for number in range(70):
        stranger = mailto(f"stranger@shop{number}.example")
        await desk.hear("hello there", sender=stranger, endpoint=EMAIL, verification=Verification.NONE)

    assert len(await desk.rows("SELECT FROM message WHERE direction = 'inbound'")) == 70
    assert len(await desk.replies()) == 60


async def test_a_whatsapp_user_first_without_then_with_a_phone_is_one_contact(desk):
    hidden = wa("US.13491208655302741918")
    await desk.hear("שלום", sender=hidden, endpoint=WHATSAPP)
    await desk.hear("שוב שלום", sender=DANA, also=(hidden,), endpoint=WHATSAPP)

    assert len(await desk.rows("SELECT FROM conversation")) == 1
    assert len({row["contact_id"] for row in await desk.rows("SELECT contact_id FROM address")}) == 1


async def test_two_contacts_the_provider_names_as_one_are_merged_and_the_thread_goes_on(desk):
    hidden = wa("US.13491208655302741918")
    await desk.hear("שלום", sender=hidden, endpoint=WHATSAPP)
    await desk.hear("שלום")
    await desk.hear("זה אני", sender=DANA, also=(hidden,), endpoint=WHATSAPP)

    [merge] = await desk.rows("SELECT * FROM contact_merge")
    assert merge["actor"] == "gateway"
    assert len(await desk.rows("SELECT FROM conversation WHERE merged_into IS NULL")) == 1


async def test_a_changed_number_stays_the_same_person(desk):
    await desk.hear("שלום", endpoint=WHATSAPP)
    new = tel("+972509999999")
    await desk.take(NumberChange(endpoint=WHATSAPP.key, provider_id="change", old=DANA, new=new))
    await desk.hear("זה המספר החדש", sender=new, endpoint=WHATSAPP)

    assert len(await desk.rows("SELECT FROM conversation")) == 1


async def test_a_providers_word_on_consent_is_entered_and_obeyed(desk):
    await desk.hear("שלום")
    signal = ConsentSignal(
        endpoint=WHATSAPP.key, provider_id="p", sender=Sender(address=DANA), wish=ConsentWish.STOP_MARKETING
    )
    await desk.take(signal)

    [address] = await desk.rows("SELECT opted_out FROM address")
    assert address["opted_out"] == ["marketing"]


async def test_what_is_not_understood_is_kept_raw_with_what_is_wrong(desk):
    await desk.take(UnknownEvent(endpoint=SMS.key, provider_id="", reason="a field nobody knows"))
    await desk.hear("שלום", endpoint=Endpoint(channel=Channel.SMS, provider=Provider.TWILIO, address="+1999"))

    kept = await desk.rows("SELECT body, problem FROM raw_payload ORDER BY id")
    assert [row["body"][:9] for row in kept] == [b"raw bytes", b"raw bytes"]
    assert kept[0]["problem"] == "a field nobody knows"
    assert "+1999" in kept[1]["problem"]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("👍🏽", id="emoji only"),
        pytest.param("a\x00b", id="NUL"),
        pytest.param("\ud800 half a pair", id="lone surrogate"),
        pytest.param("\u202eabc\u2066שלום\u2069", id="mixed bidi"),
        pytest.param("מ" * 1_000_000, id="a million letters"),
        pytest.param("{{case_number}} {{x}}", id="looks like a template"),
    ],
)
async def test_odd_texts_are_stored_and_break_nothing(desk, text):
    await desk.hear(text)

    [stored] = await desk.rows("SELECT text FROM message WHERE direction = 'inbound'")
    assert stored["text"] == text.replace("\x00", "").replace("\ud800", "\ufffd")


async def test_a_poison_payload_fails_alone_and_is_kept_for_operations(desk, monkeypatch):
    from gateway.intake import round as intake_round

    honest = intake_round.decide

    def brittle(message, *rest):
        if "poison" in message.text:
            raise ZeroDivisionError("poison")
        return honest(message, *rest)

    monkeypatch.setattr(intake_round, "decide", brittle)
    people = [tel(f"+97250000000{number}") for number in range(9)]
    await asyncio.gather(
        *(desk.hear("poison" if n == 4 else "מה שעות הפתיחה?", sender=who) for n, who in enumerate(people))
    )

    assert len(await desk.rows("SELECT FROM message WHERE direction = 'inbound'")) == 8
    [kept] = await desk.rows("SELECT problem FROM raw_payload WHERE problem IS NOT NULL")
    assert "ZeroDivisionError" in kept["problem"]


async def test_an_agents_change_to_the_knowledge_base_counts_from_the_next_message(desk):
    await desk.hear("מה שעות הפתיחה?")
    await desk.pool.execute("UPDATE article_text SET answer = 'פתוח תמיד' WHERE answer <> ''")
    await desk.pool.execute("UPDATE knowledge_version SET version = version + 1")
    await desk.hear("מה שעות הפתיחה?", sender=tel("+972500000001"))

    assert "פתוח תמיד" in (await desk.replies())[-1]


async def test_a_repeated_word_of_the_provider_does_not_undo_a_later_choice(desk):
    stop = ConsentSignal(endpoint=SMS.key, provider_id="SM1:stop", sender=Sender(address=DANA), wish=ConsentWish.STOP)
    await desk.take(stop)
    await desk.hear("התחל")
    await desk.take(stop)

    [address] = await desk.rows("SELECT opted_out FROM address")
    assert address["opted_out"] == []
    assert len(await desk.rows("SELECT FROM consent WHERE state = 'opted_out'")) == 1


async def test_a_stop_from_the_phone_holds_for_the_whatsapp_id_of_the_same_hand(desk):
    hidden = wa("IL.365303091588096264")
    await desk.hear("שלום", sender=DANA, also=(hidden,), endpoint=WHATSAPP)
    await desk.hear("הסר")

    assert [row["opted_out"] for row in await desk.rows("SELECT opted_out FROM address")] == [["any"], ["any"]]
    await desk.hear("התחל", sender=hidden, endpoint=WHATSAPP)
    assert [row["opted_out"] for row in await desk.rows("SELECT opted_out FROM address")] == [[], []]


async def test_a_whatsapp_id_that_joins_an_opted_out_phone_is_opted_out_too(desk):
    hidden = wa("IL.365303091588096264")
    await desk.hear("הסר")
    await desk.hear("שלום", sender=DANA, also=(hidden,), endpoint=WHATSAPP)

    assert [row["opted_out"] for row in await desk.rows("SELECT opted_out FROM address")] == [["any"], ["any"]]


async def test_a_stop_from_one_phone_leaves_mail_and_other_phones_of_the_person_as_they_were(desk):
    await desk.hear("שלום")
    contact_id = await desk.pool.fetchval("SELECT contact_id FROM address")
    await desk.pool.execute(
        "INSERT INTO address (contact_id, uri) VALUES ($1, 'tel:+972500000002'), ($1, 'mailto:d@example.com')",
        contact_id,
    )
    await desk.hear("הסר")

    assert [row["uri"] for row in await desk.rows("SELECT uri FROM address WHERE opted_out <> '{}'")] == [str(DANA)]
