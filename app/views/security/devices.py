"""Terminals: registered, renamed, locked; their password is shown once."""

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.core.i18n import language, t
from app.services.inventory.reads import WarehouseRow, warehouses
from app.services.security.devices import (
    DEVICE,
    DeviceCommand,
    DeviceRow,
    SaveDevice,
    list_devices,
    lock_device,
    new_device_password,
    save_device,
    unlock_device,
)
from app.views.core.checks import CheckBox
from app.views.core.context import AppContext
from app.views.core.errors import ask
from app.views.core.fields import Field
from app.views.core.list_page import ListPage
from app.views.core.list_spec import Empty, ListAction, ListSpec, Preset
from app.views.core.marks import Label
from app.views.core.operation import ReadOp, WriteOp
from app.views.core.table_model import Column
from app.views.core.theme import px
from app.views.security.form_dialog import FormDialog, SecretDialog, plain

KEY = "security.devices"
STATUS = {
    "active": ("ok", "devices.status.active"),
    "locked": ("bad", "devices.status.locked"),
    "suspended": ("warn", "devices.status.suspended"),
    "left": ("neutral", "devices.status.left"),
}
LOGIN = Field("login", "devices.login", required=True, max_length=42, span=2, help="devices.login.help")
FIELDS = (
    Field("name", "devices.name", required=True, max_length=200, span=2),
    Field("place", "devices.place", max_length=100, span=2),
    Field("department", "devices.department", max_length=100, span=2),
)


class DeviceDialog(FormDialog):
    """The form of a terminal, with the warehouses it stands for."""

    def __init__(self, ctx: AppContext, row: DeviceRow | None, done: Callable[[Any], object]) -> None:
        self._checks: dict[int, CheckBox] = {}

        def save(values: Any) -> Any:
            chosen = tuple(key for key, box in self._checks.items() if box.isChecked())
            return save_device, SaveDevice(
                row.login if row else str(values["login"]),
                str(values["name"]),
                str(values["place"] or ""),
                str(values["department"] or ""),
                chosen,
                language(),
                new=row is None,
            )

        super().__init__(
            ctx,
            plain("devices.edit" if row else "devices.new"),
            t("devices.text"),
            FIELDS if row else (LOGIN, *FIELDS),
            save,
            done,
            icon="keyboard",
            yes="devices.save" if row else "devices.register",
            values={"name": row.name, "place": row.place, "department": row.department}
            if row
            else {"login": "t_"},
        )
        self._row = row
        self.body.addWidget(Label(t("devices.warehouses"), "small500", "text2"))
        self._ground = QWidget()
        self._list = QVBoxLayout(self._ground)
        self._list.setContentsMargins(0, 0, 0, 0)
        self._list.setSpacing(px("gap_xs"))
        self.body.addWidget(self._ground)
        self.yes.setEnabled(False)
        ReadOp(self, ctx, warehouses).success(self._offer).start()

    def _offer(self, rows: Sequence[WarehouseRow]) -> None:
        for row in rows:
            box = CheckBox("devices.warehouse", code=row.code, name=row.name.replace("&", "&&"))
            box.setObjectName(f"field.warehouse.{row.code}")
            box.setChecked(self._row is None or row.id in self._row.warehouses)
            self._checks[row.id] = box
            self._list.addWidget(box)
        self.yes.setEnabled(True)
        QTimer.singleShot(0, self, self.place)  # what was added counts only once it is shown


def _edit(ctx: AppContext, rows: list[Any]) -> None:
    row: DeviceRow | None = rows[0] if rows else None

    def done(password: Any) -> None:
        if password:
            _show_secret(ctx, str(password))
        else:
            ctx.navigate.toast(t("devices.saved"))

    DeviceDialog(ctx, row, done).open()


def _show_secret(ctx: AppContext, password: str) -> None:
    SecretDialog(ctx, t("devices.password_title"), t("devices.password_text"), password).open()


def _password(ctx: AppContext, rows: list[Any]) -> None:
    row: DeviceRow = rows[0]

    def go() -> None:
        op: WriteOp[str] = WriteOp(ctx.tasks, ctx, new_device_password, DeviceCommand(row.login))
        op.success(lambda password: _show_secret(ctx, password)).start()

    ask(
        ctx.tasks,
        t("devices.new_password_title", name=row.name),
        t("devices.new_password_text"),
        "devices.new_password_yes",
        go,
        icon="key-round",
    )


def _lock(ctx: AppContext, rows: list[Any]) -> None:
    row: DeviceRow = rows[0]
    FormDialog(
        ctx,
        t("devices.lock_title", name=row.name),
        t("devices.lock_text"),
        (Field("reason", "devices.reason", required=True, max_length=200, span=4),),
        lambda values: (lock_device, DeviceCommand(row.login, str(values["reason"]))),
        lambda _value: ctx.navigate.toast(t("devices.locked", name=row.name)),
        icon="lock",
        yes="devices.lock",
    ).open()


def _unlock(ctx: AppContext, rows: list[Any]) -> None:
    row: DeviceRow = rows[0]
    op: WriteOp[None] = WriteOp(ctx.tasks, ctx, unlock_device, DeviceCommand(row.login))
    op.success(lambda _value: ctx.navigate.toast(t("devices.unlocked", name=row.name))).start()


SPEC = ListSpec(
    key=KEY,
    title="devices.title",
    icon="keyboard",
    columns=(
        Column("name", "devices.name", "bold", width=220, stretch=True, filter="contains"),
        Column("login", "devices.login", width=130, filter="prefix"),
        Column("place", "devices.place", width=150, filter="contains"),
        Column("department", "devices.department", width=140, filter="contains"),
        Column(
            "status",
            "devices.status",
            "chip",
            width=120,
            filter="choice",
            choices=tuple((key, words) for key, (_kind, words) in STATUS.items()),
            chips=STATUS,
        ),
        Column("operator", "devices.operator", width=150, filter="contains"),
        Column("last_seen", "devices.last_seen", "date_time", width=148),
        Column("address", "devices.address", width=130, filter="prefix"),
    ),
    fetch=list_devices,
    topics=frozenset({DEVICE, "sec.session"}),
    presets=(
        Preset("active", "devices.preset.active"),
        Preset("locked", "devices.preset.locked"),
        Preset("all", "kit.list.all"),
    ),
    primary=ListAction(
        "new",
        "devices.new",
        lambda ctx, _rows: _edit(ctx, []),
        "plus",
        right="device_register",
        shortcut="Ctrl+N",
    ),
    row_actions=(
        ListAction("edit", "devices.edit", _edit, "pencil", right="device_change"),
        ListAction("password", "devices.new_password", _password, "key-round", right="device_password"),
        ListAction(
            "lock",
            "devices.lock",
            _lock,
            "lock",
            right="device_lock",
            danger=True,
            when=lambda row: row.status == "active",
        ),
        ListAction(
            "unlock",
            "devices.unlock",
            _unlock,
            "lock-open",
            right="device_unlock",
            when=lambda row: row.status == "locked",
        ),
    ),
    empty=Empty(
        "devices.empty.title",
        "devices.empty.text",
        steps=(
            ("devices.empty.step1", "devices.empty.step1_text"),
            ("devices.empty.step2", "devices.empty.step2_text"),
            ("devices.empty.step3", "devices.empty.step3_text"),
        ),
    ),
    open=lambda ctx, row: _edit(ctx, [row]) if ctx.profile.can("device_change") else None,
    sort="name",
)


def page(ctx: AppContext, state: dict[str, Any]) -> ListPage:
    """The list."""
    return ListPage(ctx, SPEC, state)
