"""The record form: loads, checks, saves, merges, remembers what is typed; a capability declares the rest.

A subclass sets ``spec`` and overrides what it needs of: `save_call`, `heading`, `actions`, `chain`, `notices`,
`cards`, `extend`, `shown`, `value_changed`, `line_changed`, `check`, `defaults`, `editable`.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import uuid4

from PySide6.QtCore import QTimer

from app.core.changes import Changes, Result
from app.core.drafts import pack, unpack
from app.core.errors import AppError, Conflict
from app.core.i18n import language, t
from app.views.core import values
from app.views.core.context import AppContext
from app.views.core.form_model import (
    FormRecord,
    FormValues,
    Mine,
    Notice,
    as_record,
    changed_keys,
    differences,
    is_dirty,
    line_sets,
    lines_of,
    merged,
    mine_of,
    pack_form,
    unpack_form,
)
from app.views.core.form_view import FormView
from app.views.core.lines import stored_lines
from app.views.core.merging import MINE, OPEN, Place
from app.views.core.operation import ReadOp, WriteOp
from app.views.core.side_cards import name_of
from app.views.core.tasks import FILE

DRAFT_MS = 500


class FormPage(FormView):
    """A form over one record.  ``record_id`` None is a new one; ``state`` may carry preset values and a draft."""

    def __init__(
        self, ctx: AppContext, record_id: int | None, state: Mapping[str, Any] | None = None
    ) -> None:
        state = dict(state or {})
        self._preset: dict[str, Any] = dict(state.get("preset") or {})
        self._preset_packed: dict[str, Any] | None = None
        self._token = str(state.get("token") or uuid4().hex)
        self._draft_in = unpack(state["draft"]) if state.get("draft") else None
        self._restored = bool(state.get("restored"))
        self._saving = False
        self._after_save: list[Callable[[], None]] = []
        self._on_its_way = Mine()  # what the running save was given
        super().__init__(ctx, record_id)
        self._draft_timer = QTimer(self)
        self._draft_timer.setSingleShot(True)
        self._draft_timer.setInterval(DRAFT_MS)
        self._draft_timer.timeout.connect(self._write_draft)
        if record_id is None:
            QTimer.singleShot(0, self, self._start_new)
        else:
            self.refresh()

    # -- TabPage ------------------------------------------------------------------------------------------------

    def title(self) -> str:
        """The short name of the record."""
        if not self.ready and self.record.id is not None:
            return t(self.spec.title)
        return self.tab_title()

    def take_focus(self) -> None:
        """A new record begins in its first field; an existing one is looked at first."""
        first = next((box for box in self.boxes.values() if not box.read_only), None)
        if self.record.id is None and first is not None:
            first.focus()
        else:
            super().take_focus()

    def identity(self) -> str:
        """A record is open once."""
        return f"{self.spec.topic}:{self.record.id if self.record.id is not None else 'new:' + self._token}"

    def state(self) -> dict[str, Any]:
        """The record's id and, when something is typed, what was typed over what."""
        state = self.state_untyped()
        if self.dirty():
            state["draft"] = pack(pack_form(self.record, self.mine()))
        elif self._draft_in is not None:
            state["draft"] = pack(self._draft_in)
        return state

    def state_untyped(self) -> dict[str, Any]:
        """The record's id, for a new one what it began with."""
        state: dict[str, Any] = {"id": self.record.id, "token": self._token}
        if self.record.id is None and self._preset:
            if self._preset_packed is None:  # an invoice may begin with thousands of lines
                self._preset_packed = pack(self._preset)
            state["preset"] = self._preset_packed
        return state

    def refresh(self) -> None:
        """Read the record again; what is typed stays."""
        if self.record.id is None:
            return
        op = ReadOp(self, self.ctx, self.spec.load, self.record.id, language())
        op.replacing("load").success(self._loaded).failure(self._load_failed).start()

    def save(self, then: Callable[[], None] | None = None) -> None:
        """Check and save; ``then`` runs when the record is saved (at once when nothing is to save)."""
        if self._saving or not self.ready:
            return
        self.settle()
        dirty = self.record.id is None or self.dirty()
        if (dirty or (then is not None and self.marked_wrong)) and not self.validate():
            return
        if not dirty:
            if then is not None:
                then()
            return
        if then is not None:
            self._after_save.append(then)
        self._send()

    def discard(self) -> None:
        """Forget what is typed, the draft too."""
        self._draft_timer.stop()
        self._draft_in = None
        key = self.identity()
        self.ctx.tasks.run(FILE, self.ctx.tasks, lambda: self.ctx.drafts.drop(key), _nothing)

    def on_changes(self, changes: Changes) -> None:
        """Somebody changed this record: read it again; when something is typed, say so and offer to merge."""
        if self.record.id is None or self._saving:
            return
        if any(change.topic != self.spec.topic or change.id in (None, self.record.id) for change in changes):
            self.refresh()

    def reload(self) -> None:
        """Throw away what is typed and show the record as it is now."""
        self.discard()
        self.drop_notice("changed")
        self.drop_notice("restored")
        if self.record.id is None:
            self._start_new()
        else:
            self.ready = False
            self.refresh()

    def merge(self) -> None:
        """Read the record and merge it with what is typed; then save."""
        assert self.record.id is not None
        self.settle()
        if not self.validate():
            self._after_save.clear()
            return
        op = ReadOp(self, self.ctx, self.spec.load, self.record.id, language())
        op.success(self._merge_with).start()

    # -- posting ------------------------------------------------------------------------------------------------

    def post(
        self,
        fn: Callable[[Any, Any], Result[Any]],
        command: Callable[[FormRecord], Any],
        done: Callable[[Any], object] | None = None,
        failed: Callable[[BaseException], object] | None = None,
    ) -> None:
        """Save what is typed, then post: ``command`` builds the command from the saved record.

        All buttons of the head rest meanwhile; afterwards the record is read again.
        """

        def go() -> None:
            op = WriteOp(self, self.ctx, fn, command(self.record)).disabling(*self.head.buttons())
            op.success(partial(self._posted, done)).waiting(self._waiting)
            op.failure(lambda error: self._post_failed(error, failed)).start()

        self.save(go)

    def _posted(self, done: Callable[[Any], object] | None, value: Any) -> None:
        self.refresh()
        if done is not None:
            done(value)

    def _post_failed(self, error: BaseException, failed: Callable[[BaseException], object] | None) -> object:
        if isinstance(error, Conflict):
            self.put_notice(Notice("changed", "warn", t("form.changed_elsewhere"), t("form.post_stale"), ()))
            self.refresh()
            return True
        return failed(error) if failed is not None else False

    # -- loading ------------------------------------------------------------------------------------------------

    def _start_new(self) -> None:
        preset = {**self.defaults(), **unpack(self._preset)}
        words = {key: preset.pop(f"{key}_words") for key in list(self.boxes) if f"{key}_words" in preset}
        lines = preset.pop("lines", ())
        tables = {key: [dict(line) for line in preset.pop(key, ())] for key in self.tables}
        empty: dict[str, Any] = {
            item.key: False if item.kind == "check" else None for item in self.spec.fields
        }
        base = FormRecord(values={**empty, **preset}, words=words)
        self._show(base, Mine(dict(base.values), [dict(line) for line in lines], words, tables=tables))

    def _loaded(self, answer: Any) -> None:
        theirs = self._read(answer)
        mine = mine_of(theirs)
        if self.dirty():
            if theirs.row_version != self.record.row_version:
                self._offer_merge(theirs)
                return  # what is typed stays on what it was typed over
            mine = self.mine()
        else:
            self.drop_notice("changed")
        wrong = {key: box.error for key, box in self.boxes.items() if box.error and self.dirty()}
        self._show(theirs, mine)
        for key, words in wrong.items():
            self.boxes[key].set_error(words)  # what is typed is still wrong

    def _read(self, answer: Any) -> FormRecord:
        """What the loader gave; the last change by a person's name."""
        record = as_record(answer, self.spec)
        return replace(record, changed_by=name_of(self.ctx, record.changed_by))

    def _offer_merge(self, theirs: FormRecord) -> None:
        fact = t("form.changed_elsewhere", who=theirs.changed_by or t("form.somebody"))
        actions = (("form.reload", self.reload), ("form.merge", self.merge))
        self.put_notice(Notice("changed", "info", fact, t("form.changed_elsewhere_what"), actions))

    def _load_failed(self, error: BaseException) -> object:
        if isinstance(error, AppError) and not self.ready:
            self.show_missing(error)
            return True
        return False

    def _show(self, base: FormRecord, mine: Mine) -> None:
        """Show a record; a draft that waits for it is put over it."""
        draft, self._draft_in = self._draft_in, None
        if draft is not None:
            old, mine = unpack_form(draft)
            if old.row_version != base.row_version:
                # Saved by somebody meanwhile: what is typed stays on what it was typed over, so that saving merges.
                base = replace(old, id=base.id, raw=base.raw)
        self.show_record(base, mine)
        if draft is not None and self._restored:
            self._restored = False
            discard = (("form.discard", self.reload),)
            self.put_notice(Notice("restored", "info", t("form.restored"), t("form.restored_what"), discard))

    def typed(self) -> None:
        """Keep the draft, half a second after the last change."""
        if self.dirty():
            self._draft_timer.start()
        else:
            self.discard()

    def _write_draft(self) -> None:
        if self.ready and self.dirty():
            self.ctx.tasks.run(FILE, self.ctx.tasks, self._draft_job(), _nothing)

    def _draft_job(self) -> Callable[[], None]:
        key = self.identity()
        payload = {"topic": self.spec.topic, "titles": self.titles(), **self.state()}
        drafts = self.ctx.drafts
        return lambda: drafts.put(key, payload)

    # -- saving -------------------------------------------------------------------------------------------------

    def _send(self) -> None:
        mine = self.mine()
        lines = stored_lines(mine.lines, self.spec.lines.stored) if self.spec.lines else []
        keys = changed_keys(self.spec, self.record, mine)
        tables = {
            key: stored_lines(lines_of(mine, key), own.stored) for key, own in line_sets(self.spec) if key
        }
        form = FormValues(self.record.id, self.record.row_version, mine.values, lines, keys, tables)
        fn, command = self.save_call(form)
        self._saving, self._on_its_way = True, mine
        self._draft_timer.stop()
        draft_key = self.identity()
        op = WriteOp(self, self.ctx, fn, command).disabling(*self.head.buttons()).before(self._draft_job())
        op.success(partial(self._saved, draft_key)).failure(self._save_failed).waiting(self._waiting)
        op.finally_(self._save_over).start()

    def _saved(self, draft_key: str, value: Any) -> None:
        record_id = value if isinstance(value, int) else getattr(value, "id", None) or _from_mapping(value)
        self._saving = False
        self.ctx.tasks.run(FILE, self.ctx.tasks, lambda: self.ctx.drafts.drop(draft_key), _nothing)
        for key in ("changed", "restored", "waiting", "refused"):
            self.drop_notice(key)
        self.record = FormRecord(id=record_id or self.record.id)
        self.ready = False
        op = ReadOp(self, self.ctx, self.spec.load, self.record.id, language())
        op.replacing("load").success(self._shown_after_save).start()

    def _shown_after_save(self, answer: Any) -> None:
        """Show what was saved, and over it what was typed while the save was on its way: it may take long."""
        sent, now, theirs = self._on_its_way, self.mine(), self._read(answer)
        base = replace(theirs, values=sent.values, lines=sent.lines, tables=sent.tables)
        if is_dirty(self.spec, base, now):
            # New lines that were sent are among theirs, with their ids.
            for lines, known in (
                (now.lines, sent.lines),
                *((now.tables[k], sent.tables[k]) for k in now.tables),
            ):
                lines[:] = [line for line in lines if line.get("id") is not None or line not in known]
            found = differences(self.spec, base, now, theirs)
            mine = merged(
                self.spec, now, theirs, found, {item.place: MINE for item in found if item.outcome == OPEN}
            )
            self.show_record(theirs, replace(mine, raw=now.raw))
            self.typed()
        else:
            self._loaded(answer)
        if not self._after_save:
            self.ctx.navigate.toast(t("form.saved"))
        self._run_after_save()

    def _run_after_save(self) -> None:
        after, self._after_save = self._after_save, []
        for then in after:
            then()

    def _save_failed(self, error: BaseException) -> object:
        then, self._after_save = self._after_save, []
        if isinstance(error, Conflict) and self.record.id is not None:
            self._after_save = then
            self.merge()
            return True
        if isinstance(error, AppError):
            params = error.params
            field = dict(self.spec.constraints).get(error.key) or params.get("field") or params.get("column")
            if field in self.boxes:
                self.boxes[field].set_refused(values.error_text(error))
                self.boxes[field].focus()
                return True
        return False

    def _save_over(self) -> None:
        self._saving = False
        self.head.show_state(self.dirty())

    def _waiting(self) -> None:
        self.put_notice(
            Notice("waiting", "warn", t("form.server_away"), t("form.server_away_what"), (), "server-off")
        )

    def _merge_with(self, answer: Any) -> None:
        theirs = self._read(answer)
        mine = self.mine()
        found = differences(self.spec, self.record, mine, theirs)

        def apply(chosen: Mapping[Place, str]) -> None:
            self.drop_notice("changed")
            self.show_record(theirs, merged(self.spec, mine, theirs, found, chosen))
            if self.dirty():
                self._send()
            else:
                self.discard()
                self._run_after_save()

        if any(item.outcome == OPEN for item in found):
            from app.views.core.merge_dialog import MergeDialog

            MergeDialog.ask(self, self.heading()[0], theirs, mine, found, apply, self._given_up)
        else:
            who = theirs.changed_by or t("form.somebody")
            self.ctx.navigate.toast(t("form.merged_by_itself", who=who), kind="info")
            apply({})

    def _given_up(self) -> None:
        self._after_save.clear()
        self.head.show_state(self.dirty())


def _nothing(_future: object) -> None:
    """Nobody waits for this answer."""


def _from_mapping(value: Any) -> Any:
    return value.get("id") if isinstance(value, Mapping) else None
