"""Into the queue of mails and out of it; accounts, texts, passwords."""

from typing import Any

from sqlalchemy.orm import Session

from app.core.changes import NO_CHANGES, Result, changed
from app.core.db import call_api, posting
from app.models.mail import MailAccount, MailTemplate
from app.services import records
from app.services.mail import commands
from app.services.records import Saved

MESSAGE, ACCOUNT, TEMPLATE, RECEIVED = "mail.message", "mail.account", "mail.template", "mail.received"


@posting
def queue(session: Session, command: commands.QueueMails) -> Result[tuple[int, ...]]:
    """Put mails into the queue, all or none; gives their numbers.

    Refused mail_address_invalid, mail_nobody, mail_too_large, mail_account_not_sending.
    """
    contents: list[bytes] = []
    mails = [_described(one, contents) for one in command.mails]
    answer = call_api(
        session,
        "mail_queue",
        p_command=command.command,
        p_account_id=command.account_id,
        p_mails=mails,
        p_contents=tuple(contents),
    )
    return _told(answer)


def _described(mail: commands.Mail, contents: list[bytes]) -> dict[str, Any]:
    files: list[dict[str, Any]] = []
    for file in mail.files:
        if file.issued_id is not None:
            files.append({"issued_id": file.issued_id})
        elif file.attachment_id is not None:
            files.append({"attachment_id": file.attachment_id})
        else:
            contents.append(file.content or b"")
            files.append({"name": file.name, "mime": file.mime, "content": len(contents)})
    return {
        "kind": mail.kind,
        "topic": mail.topic,
        "record_id": mail.record_id,
        "to": list(mail.to),
        "cc": list(mail.cc),
        "bcc": list(mail.bcc),
        "subject": mail.subject,
        "body": mail.body,
        "files": files,
    }


@posting
def act(session: Session, command: commands.ActOnMails) -> Result[tuple[int, ...]]:
    """Try again, hold, cancel, or send by another account; gives the mails it happened to."""
    given: dict[str, Any] = {"p_command": command.command, "p_ids": tuple(command.ids)}
    if command.action == "again":
        answer = call_api(session, "mail_again", **given)
    elif command.action == "move":
        answer = call_api(session, "mail_manage", **given, p_account_id=command.account_id)
    else:
        answer = call_api(session, "mail_cancel", **given, p_hold=command.action == "hold")
    return _told(answer)


def _told(answer: dict[str, Any]) -> Result[tuple[int, ...]]:
    ids = tuple(int(one) for one in answer["ids"])
    return Result(ids, changed(*((MESSAGE, one) for one in ids)))


def save_account(session: Session, command: commands.SaveAccount) -> Result[Saved]:
    """Keep an account; a new one is the house's unless it names its owner.  Raises Invalid, Duplicate mail_account_…"""
    values = command.values if command.id is not None else {"owner": "", **command.values}
    record = records.save(session, MailAccount, command.id, command.row_version, values)
    return Result(Saved(record.id, record.row_version), changed((ACCOUNT, record.id)))


def save_template(session: Session, command: commands.SaveTemplate) -> Result[Saved]:
    """Keep a text.  Raises Invalid mail_template_placeholder, Duplicate mail_template_once."""
    record = records.save(session, MailTemplate, command.id, command.row_version, command.values)
    return Result(Saved(record.id, record.row_version), changed((TEMPLATE, record.id)))


@posting
def set_secret(session: Session, command: commands.SetSecret) -> Result[bool]:
    """Keep the sealed password of an account."""
    answer = call_api(
        session,
        "mail_secret_set",
        p_account_id=command.account_id,
        p_sealed=command.sealed,
        p_key_id=command.key_id,
    )
    return Result(bool(answer["value"]), changed((ACCOUNT, command.account_id)))


@posting
def note_check(session: Session, command: commands.NoteCheck) -> Result[bool]:
    """Tell how an account was found; True when that was new."""
    answer = call_api(session, "mail_checked", p_account_id=command.account_id, p_error=command.error[:300])
    new = bool(answer["value"])
    return Result(new, changed((ACCOUNT, command.account_id)) if new else NO_CHANGES)


@posting
def claim(session: Session, command: commands.ClaimMail) -> Result[dict[str, Any]]:
    """The next mail to send, or when to ask again."""
    answer = call_api(session, "mail_claim", p_accounts=tuple(command.accounts), p_seconds=command.seconds)
    return Result(answer, changed((MESSAGE, int(answer["mail"]["id"]))) if answer["mail"] else NO_CHANGES)


@posting
def progress(session: Session, command: commands.MailProgress) -> Result[bool]:
    """Tell what becomes of a mail; False when it is not ours any more."""
    answer = call_api(
        session,
        "mail_progress",
        p_mail=command.mail_id,
        p_fence=command.fence,
        p_state=command.state,
        p_reason=command.reason,
        p_detail=command.detail,
        p_refused=[{"address": address, "words": words} for address, words in command.refused],
    )
    return Result(bool(answer["value"]), changed((MESSAGE, command.mail_id)))


@posting
def begin_fetch(session: Session, command: commands.BeginFetch) -> Result[dict[str, Any]]:
    """The account to read, with its sealed password; none when somebody else reads it."""
    answer = call_api(session, "mail_fetch_begin", p_account_id=command.account_id, p_seconds=command.seconds)
    return Result(answer, NO_CHANGES)


@posting
def end_fetch(session: Session, command: commands.EndFetch) -> Result[bool]:
    """The folder has been read."""
    answer = call_api(session, "mail_fetch_end", p_account_id=command.account_id, p_fence=command.fence)
    return Result(bool(answer["value"]), NO_CHANGES)


@posting
def note_received(session: Session, command: commands.NoteReceived) -> Result[bool]:
    """A mail was looked at; False when somebody else reads the folder by now."""
    answer = call_api(
        session,
        "mail_fetched",
        p_account_id=command.account_id,
        p_fence=command.fence,
        p_uid_validity=command.uid_validity,
        p_uid=command.uid,
        p_sender=command.sender,
        p_subject=command.subject,
        p_state=command.state,
        p_files=list(command.files),
        p_detail=command.detail,
    )
    return Result(bool(answer["value"]), changed((RECEIVED, command.uid)))
