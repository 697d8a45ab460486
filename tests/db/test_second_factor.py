"""Codes, recovery codes, trusted devices: what opens a session besides the password, and what does not."""

import base64
import hashlib
import hmac
import os
import struct
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from app.core.db import Database, Target
from app.core.errors import Refused, SessionEnded
from app.services.security import second_factor
from tests.conftest import PASSWORD
from tests.db.test_sessions import NOTES, one, refused

Raw = psycopg.Connection[Any]
NOW = "SELECT floor(extract(epoch FROM clock_timestamp()) / 30)::bigint"


def code_of(secret: bytes, step: int) -> str:
    """What an authenticator shows: RFC 6238 by another hand than the server's."""
    digest = hmac.new(secret, struct.pack(">q", step), "sha1").digest()
    at = digest[19] & 15
    return f"{(struct.unpack('>I', digest[at : at + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"


@pytest.fixture
def person(admin: Raw) -> str:
    """A fresh viewer."""
    login = f"u_p{uuid.uuid4().hex[:12]}"
    admin.execute("SELECT sec.user_create(%s, 'Some Person', %s, '{viewer}')", (login, PASSWORD))
    return login


class Phone:
    """Somebody's authenticator, and the recovery codes on paper."""

    def __init__(self, admin: Raw, login: str, secret: bytes, paper: list[str]) -> None:
        self._admin, self.login, self.secret, self.paper = admin, login, secret, paper

    def code(self, ahead: int = 0) -> str:
        return code_of(self.secret, one(self._admin, NOW) + ahead)

    def unused(self) -> str:
        """A code now, as if the last one had been used some time ago."""
        self._admin.execute("UPDATE sec.totp SET last_step = 0 WHERE login = %s", (self.login,))
        return self.code()


def enrol(admin: Raw, connection: Raw, login: str) -> Phone:
    offer = one(connection, "SELECT sec.totp_begin()")
    secret = base64.b32decode(offer["secret"])
    paper = one(connection, "SELECT sec.totp_confirm(%s)", code_of(secret, one(admin, NOW) - 1))
    return Phone(admin, login, secret, paper)


@pytest.fixture
def phone(admin: Raw, raw_role: Callable[..., Raw], person: str) -> Phone:
    return enrol(admin, raw_role(person, ticket=True), person)


def test_our_sha1_and_codes_are_everybodys(admin: Raw) -> None:
    for length in (0, 1, 54, 55, 56, 63, 64, 65, 119, 120, 200):
        text = os.urandom(length)
        assert one(admin, "SELECT sec.sha1(%s)", text) == hashlib.sha1(text, usedforsecurity=False).digest()
    # RFC 6238, appendix B, the last six digits.
    for seconds, code in (
        (59, "287082"),
        (1111111109, "081804"),
        (1234567890, "005924"),
        (20000000000, "353130"),
    ):
        assert one(admin, "SELECT sec.totp_code(%s, %s)", b"12345678901234567890", seconds // 30) == code
    for length in range(1, 21):
        secret = os.urandom(length)
        assert one(admin, "SELECT sec.base32(%s)", secret) == base64.b32encode(secret).decode().rstrip("=")


def test_the_qr_code_carries_what_authenticators_expect(
    raw_role: Callable[..., Raw], admin: Raw, person: str
) -> None:
    admin.execute("UPDATE system.company SET name = 'Gießerei & Söhne'")
    offer = one(raw_role(person, ticket=True), "SELECT sec.totp_begin()")
    admin.execute("UPDATE system.company SET name = 'Werkbank'")
    issuer = "Werkbank%20Gie%C3%9Ferei%20%26%20S%C3%B6hne"
    assert offer["uri"] == (
        f"otpauth://totp/{issuer}:{person}?secret={offer['secret']}&issuer={issuer}&algorithm=SHA1&digits=6&period=30"
    )
    assert len(base64.b32decode(offer["secret"])) == 20


def test_a_code_opens_the_session_once_set_up(raw_role: Callable[..., Raw], phone: Phone) -> None:
    mine = raw_role(phone.login)
    assert refused(mine, "SELECT sec.session_open()") == ("ER401", "second_factor_needed")
    assert refused(mine, "SELECT sec.session_open('{}', '000000')") == ("ER401", "second_factor_wrong")
    assert one(mine, NOTES) == 0
    mine.execute("SELECT sec.session_open('{}', %s)", (phone.code(),))
    assert one(mine, NOTES) == 1
    assert one(mine, "SELECT sec.my_profile() #>> '{session,assurance}'") == "totp"


def test_clocks_may_be_half_a_minute_off_and_no_more(raw_role: Callable[..., Raw], phone: Phone) -> None:
    mine = raw_role(phone.login)
    for ahead in (-3, 3):
        assert (
            refused(mine, "SELECT sec.session_open('{}', %s)", phone.code(ahead))[1] == "second_factor_wrong"
        )
    mine.execute("SELECT sec.session_open('{}', %s)", (phone.code(1),))


def test_a_code_works_once(raw_role: Callable[..., Raw], phone: Phone) -> None:
    code = phone.code()
    raw_role(phone.login).execute("SELECT sec.session_open('{}', %s)", (code,))
    other = raw_role(phone.login)
    assert refused(other, "SELECT sec.session_open('{}', %s)", code) == ("ER401", "second_factor_wrong")


def test_a_code_works_once_on_six_connections_at_the_same_moment(
    raw_role: Callable[..., Raw], phone: Phone
) -> None:
    connections = [raw_role(phone.login) for _ in range(6)]
    code = phone.code()

    def attempt(connection: Raw) -> bool:
        try:
            connection.execute("SELECT sec.session_open('{}', %s)", (code,))
        except psycopg.Error:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(attempt, connections)) == 1


def test_neither_rollback_nor_savepoint_wins_a_sixth_guess(
    raw_role: Callable[..., Raw], phone: Phone
) -> None:
    mine = raw_role(phone.login)
    keys = []
    for guess in range(3):
        mine.execute("BEGIN")
        keys.append(refused(mine, "SELECT sec.session_open('{}', %s)", f"{guess:06d}")[1])
        mine.execute("ROLLBACK")
    mine.execute("BEGIN")
    for guess in range(3, 6):
        mine.execute("SAVEPOINT here")
        keys.append(refused(mine, "SELECT sec.session_open('{}', %s)", f"{guess:06d}")[1])
        mine.execute("ROLLBACK TO here")
    mine.execute("ROLLBACK")
    assert keys == ["second_factor_wrong"] * 5 + ["too_many_attempts"]
    # Now even the right one is none, here and at the other places where it is asked.
    assert refused(mine, "SELECT sec.session_open('{}', %s)", phone.unused())[1] == "too_many_attempts"
    assert refused(mine, "SELECT sec.session_open('{}', %s)", phone.paper[0])[1] == "too_many_attempts"


def test_six_connections_win_no_sixth_guess(raw_role: Callable[..., Raw], phone: Phone) -> None:
    connections = [raw_role(phone.login) for _ in range(6)]

    def attack(number: int) -> list[str | None]:
        return [
            refused(connections[number], "SELECT sec.session_open('{}', %s)", f"{number}{guess:05d}")[1]
            for guess in range(4)
        ]

    with ThreadPoolExecutor(6) as pool:
        keys = [key for found in pool.map(attack, range(6)) for key in found]
    assert set(keys) == {"second_factor_wrong", "too_many_attempts"}
    assert keys.count("second_factor_wrong") == 5


def test_after_the_lock_time_one_may_try_again(
    raw_role: Callable[..., Raw], admin: Raw, phone: Phone
) -> None:
    mine = raw_role(phone.login)
    for _ in range(6):
        refused(mine, "SELECT sec.session_open('{}', '000000')")
    number = one(admin, "SELECT id FROM sec.app_user WHERE login = %s", phone.login)
    counter = f"sec.att_{number}"
    # A quarter of an hour passes.
    admin.execute("SELECT setval(%s, pg_sequence_last_value(%s) - 15 * 1000)", (counter, counter))
    mine.execute("SELECT sec.session_open('{}', %s)", (phone.unused(),))


def test_a_recovery_code_stands_in_once(raw_role: Callable[..., Raw], admin: Raw, phone: Phone) -> None:
    assert len(set(phone.paper)) == 10
    typed = phone.paper[3].lower().replace("-", " ")
    raw_role(phone.login).execute("SELECT sec.session_open('{}', %s)", (typed,))
    other = raw_role(phone.login)
    assert refused(other, "SELECT sec.session_open('{}', %s)", typed)[1] == "second_factor_wrong"
    stored = admin.execute(
        "SELECT code_hash FROM sec.recovery_code WHERE login = %s", (phone.login,)
    ).fetchall()
    assert all(code.replace("-", "").encode() not in row[0] for row in stored for code in phone.paper)
    fresh = raw_role(phone.login)
    fresh.execute("SELECT sec.session_open('{}', %s)", (phone.code(),))
    new = one(fresh, "SELECT sec.recovery_codes_new()")
    assert not set(new) & set(phone.paper)
    late = raw_role(phone.login)
    assert refused(late, "SELECT sec.session_open('{}', %s)", phone.paper[5])[1] == "second_factor_wrong"
    late.execute("SELECT sec.session_open('{}', %s)", (new[0],))


def test_a_trusted_device_needs_no_code_for_a_while(
    role_dsn: Callable[[str], str], raw_role: Callable[..., Raw], admin: Raw, phone: Phone
) -> None:
    target, password = Target.from_dsn(role_dsn(phone.login))
    db = Database(target, password)
    with pytest.raises(SessionEnded) as needed:
        db.open()
    assert (needed.value.key, needed.value.params["days"]) == ("second_factor_needed", 30)
    db.open(phone.code())
    token = db.write(second_factor.trust_device, second_factor.TrustDevice("BUERO-04")).value
    db.close()
    again = Database(target, password)
    assert again.open(trust=token).assurance == "totp"
    again.close()
    # The token alone proves nothing anew: it neither prolongs itself nor allows what is critical.
    trusted = raw_role(phone.login)
    trusted.execute("SELECT sec.session_open(%s)", (Jsonb({"trust": token}),))
    assert refused(trusted, "SELECT sec.trusted_device_add('again')") == ("ER403", "confirmation_needed")
    assert refused(trusted, "SELECT sec.totp_begin()") == ("ER403", "confirmation_needed")
    # Nor does it belong to anybody else.
    stranger = enrol(admin, raw_role("quality", ticket=True), "u_quality")
    foreign = raw_role(stranger.login)
    opened = "SELECT sec.session_open(%s)"
    assert refused(foreign, opened, Jsonb({"trust": token}))[1] == "second_factor_needed"
    admin.execute("UPDATE sec.trusted_device SET ends = now() WHERE login = %s", (phone.login,))
    assert refused(trusted, opened, Jsonb({"trust": token}))[1] == "second_factor_needed"


def test_devices_are_listed_and_revoked(raw_role: Callable[..., Raw], phone: Phone) -> None:
    mine = raw_role(phone.login)
    mine.execute("SELECT sec.session_open('{}', %s)", (phone.code(),))
    tokens = {name: one(mine, "SELECT sec.trusted_device_add(%s)", name) for name in ("BUERO-04", "LAPTOP")}
    devices = one(mine, "SELECT sec.my_security()")["devices"]
    assert [device["name"] for device in devices] == ["BUERO-04", "LAPTOP"]
    mine.execute("SELECT sec.trusted_device_revoke(%s)", (devices[0]["id"],))
    other = raw_role(phone.login)
    lost = Jsonb({"trust": tokens["BUERO-04"]})
    assert refused(other, "SELECT sec.session_open(%s)", lost)[1] == "second_factor_needed"
    other.execute("SELECT sec.session_open(%s)", (Jsonb({"trust": tokens["LAPTOP"]}),))


def test_where_a_role_demands_it_there_is_no_way_around_setting_it_up(
    raw_role: Callable[..., Raw], admin: Raw, person: str
) -> None:
    admin.execute("UPDATE sec.role SET needs_second_factor = true WHERE name = 'viewer'")
    try:
        mine = raw_role(person, ticket=True)
        assert one(mine, "SELECT sec.my_profile() #>> '{session,assurance}'") == "enrol"
        assert one(mine, "SELECT sec.my_profile() -> 'roles'") == []
        assert one(mine, NOTES) == 0
        assert one(mine, "SELECT count(*) FROM catalog.product") == 0
        assert refused(mine, "SELECT sec.people()") == ("ER401", "second_factor_enrol")
        assert refused(mine, "SELECT sec.my_security()") == ("ER401", "second_factor_enrol")
        phone = enrol(admin, mine, person)
        assert one(mine, NOTES) == 1
        assert one(mine, "SELECT sec.my_profile() -> 'roles'") == ["viewer"]
        assert refused(mine, "SELECT sec.totp_remove()") == ("ER422", "second_factor_required")
        assert refused(raw_role(person), "SELECT sec.session_open()")[1] == "second_factor_needed"
        assert phone.paper
    finally:
        admin.execute("UPDATE sec.role SET needs_second_factor = false WHERE name = 'viewer'")


def test_setting_it_up_throws_out_who_knew_the_password_only(
    raw_role: Callable[..., Raw], admin: Raw, person: str
) -> None:
    thief = raw_role(person, ticket=True)
    enrol(admin, raw_role(person, ticket=True), person)
    assert one(thief, NOTES) == 0


def test_a_new_phone_counts_only_once_it_has_shown_a_code(raw_role: Callable[..., Raw], phone: Phone) -> None:
    mine = raw_role(phone.login)
    mine.execute("SELECT sec.session_open('{}', %s)", (phone.code(),))
    offer = one(mine, "SELECT sec.totp_begin()")
    assert refused(mine, "SELECT sec.totp_confirm('000000')") == ("ER422", "second_factor_wrong")
    raw_role(phone.login).execute("SELECT sec.session_open('{}', %s)", (phone.unused(),))
    mine.execute("SELECT sec.totp_confirm(%s)", (code_of(base64.b32decode(offer["secret"]), one(mine, NOW)),))
    assert refused(raw_role(phone.login), "SELECT sec.session_open('{}', %s)", phone.unused())[1] == (
        "second_factor_wrong"
    )


def test_an_administrator_resets_it_and_it_is_written_down(
    raw_role: Callable[..., Raw], admin: Raw, phone: Phone
) -> None:
    mine = raw_role(phone.login)
    mine.execute("SELECT sec.session_open('{}', %s)", (phone.code(),))
    reset = "SELECT sec.user_reset_second_factor(%s)"
    assert refused(raw_role("finance", ticket=True), reset, phone.login)[0] == "42501"
    boss = raw_role("administrator", ticket=True)
    admin.execute("UPDATE sec.session SET confirmed_at = NULL WHERE login = 'u_administrator'")
    assert refused(boss, reset, phone.login) == ("ER403", "confirmation_needed")
    boss.execute("SELECT sec.session_confirm(%s)", (PASSWORD,))
    assert refused(boss, reset, "u_administrator") == ("ER422", "not_for_oneself")
    boss.execute(reset, (phone.login,))
    assert one(mine, NOTES) == 0
    assert one(raw_role(phone.login, ticket=True), NOTES) == 1
    event = "SELECT by_login FROM audit.event WHERE kind = 'second_factor_reset' AND login = %s"
    assert one(admin, event, phone.login) == "u_administrator"


def test_confirming_wants_the_code_too(role_dsn: Callable[[str], str], phone: Phone) -> None:
    target, password = Target.from_dsn(role_dsn(phone.login))
    db = Database(target, password)
    db.open(phone.code())
    with pytest.raises(Refused) as refusal:
        db.confirm(PASSWORD)
    assert refusal.value.key == "second_factor_needed"
    db.confirm(PASSWORD, phone.unused())
    with pytest.raises(Refused) as refusal:
        db.confirm(PASSWORD, phone.code())
    assert refusal.value.key == "second_factor_wrong"
    db.close()


def test_nobody_reads_secrets(raw_role: Callable[..., Raw], phone: Phone) -> None:
    mine = raw_role(phone.login)
    mine.execute("SELECT sec.session_open('{}', %s)", (phone.code(),))
    for table in ("totp", "recovery_code", "trusted_device", "password_history"):
        assert refused(mine, f"SELECT * FROM sec.{table}")[0] == "42501"
    number = one(mine, "SELECT sec.my_profile() #>> '{session,id}'")
    assert number
    assert refused(mine, "SELECT last_value FROM sec.att_1")[0] in ("42501", "42P01")
    for function in (
        "totp_code('x', 1)",
        "guesses_clear('u_x', 'att')",
        "random_words(1)",
        "password_set('u_x', 'y')",
    ):
        assert refused(mine, f"SELECT sec.{function}")[0] == "42501"
