"""The servers of the old system: where they are, how they are spoken to, the password, whether they answer."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from decimal import Decimal
from typing import Any, cast

from PySide6.QtWidgets import QWidget

from app.core import format as fmt
from app.core.errors import AppError, Invalid
from app.core.i18n import t
from app.services.images.probe import ServiceTest, test_service
from app.services.legacy import reads, secrets, writes
from app.services.legacy.addresses import fault
from app.services.legacy.browse import ConnectionTest, test_connection
from app.services.legacy.commands import SaveServer, SetPassword
from app.services.legacy.lists import ServerRow, list_servers
from app.services.legacy.reads import ServerForm
from app.services.legacy.state import SERVER
from app.services.security.keys import Unlocked
from app.views.core.context import AppContext
from app.views.core.fields import Field
from app.views.core.form_model import (
    FormAction,
    FormSpec,
    FormValues,
    Notice,
    Section,
    labels_of,
)
from app.views.core.form_parts import Fact, FactsCard
from app.views.core.forms import FormPage
from app.views.core.list_page import ListPage
from app.views.core.list_spec import Empty, ListAction, ListSpec
from app.views.core.side_cards import StoryCards
from app.views.core.table_model import Column
from app.views.core.tasks import READ
from app.views.core.values import error_text
from app.views.core.vault import UnlockDialog, keyring_of, offer_keys, with_keyring
from app.views.legacy.side import server_chip
from app.views.security.form_dialog import FormDialog

KEY = "legacy.servers"
INSERT, UPDATE, SECRET = "legacy.server:insert", "legacy.server:update", "legacy_secret_set"
LEAD = "legacy_lease"
KINDS = {"4d": "legacy.server.kind.4d", "images": "legacy.server.kind.images"}


def _spec(_ctx: AppContext) -> ListSpec:
    return ListSpec(
        key=KEY,
        title="legacy.servers.title",
        icon="server",
        fetch=list_servers,
        topics=frozenset({SERVER}),
        columns=(
            Column("title", "legacy.server.title", "bold", 180, stretch=True, filter="contains"),
            Column("kind", "legacy.server.kind", width=150, text=lambda row: t(KINDS[row.kind])),
            Column("base_url", "legacy.server.base_url", width=230, filter="contains"),
            Column(
                "status",
                "legacy.column.state",
                "chip",
                150,
                value=lambda row: server_chip(row)[1],
                tone=lambda row: server_chip(row)[0],
                sortable=False,
            ),
            Column("is_active", "legacy.server.is_active", "yes_no", 84),
            Column("is_test", "legacy.server.is_test", "yes_no", 84),
            Column("verify_tls", "legacy.server.verify_tls", "yes_no", 110, hidden=True),
            Column("timeout_s", "legacy.server.timeout_s", "number", 110, hidden=True),
            Column("sessions_opened", "legacy.server.sessions_opened", "number", 120),
            Column("last_contact_at", "legacy.server.last_contact_at", "date_time", 148),
            Column("code", "legacy.server.code", "code", 90, hidden=True),
        ),
        primary=ListAction(
            "new",
            "legacy.server.new",
            lambda ctx, _rows: ctx.navigate.new_record(SERVER),
            "plus",
            INSERT,
            "Ctrl+N",
        ),
        open=lambda ctx, row: ctx.navigate.open_record(SERVER, cast("ServerRow", row).id),
        empty=Empty(
            "legacy.empty.title",
            "legacy.empty.text",
            tuple((f"legacy.empty.step{n}.title", f"legacy.empty.step{n}.text") for n in (1, 2, 3)),
        ),
        sort="title",
    )


def page(ctx: AppContext, state: dict[str, Any]) -> ListPage:
    """The list of servers."""
    return ListPage(ctx, _spec(ctx), state)


def _code(value: Any, _everything: Mapping[str, Any]) -> Invalid | None:
    words = str(value or "")
    fits = words.replace("_", "").isalnum() and words.isascii() and words == words.lower()
    return None if fits else Invalid("legacy_server_code", column="code")


def _address(value: Any, _everything: Mapping[str, Any]) -> Invalid | None:
    wrong = fault(str(value or ""))
    return None if wrong is None else Invalid(wrong, column="base_url")


class ServerPage(FormPage):
    """Address, TLS, time-outs; the password is set by itself and never shown."""

    topics = frozenset({SERVER})
    spec = FormSpec(
        topic=SERVER,
        title="legacy.server.type",
        icon="server",
        sections=(
            Section(
                (
                    Field("title", "legacy.server.title", required=True, max_length=120, span=2),
                    Field(
                        "kind",
                        "legacy.server.kind",
                        "choice",
                        required=True,
                        choices=tuple(KINDS.items()),
                    ),
                    Field("code", "legacy.server.code", required=True, max_length=20, validate=_code),
                    Field(
                        "base_url",
                        "legacy.server.base_url",
                        required=True,
                        max_length=300,
                        span=2,
                        help="legacy.server.base_url_hint",
                        validate=_address,
                    ),
                    Field(
                        "timeout_s",
                        "legacy.server.timeout_s",
                        "number",
                        required=True,
                        places=0,
                        minimum=Decimal(1),
                        maximum=Decimal(600),
                        unit="s",
                    ),
                    Field(
                        "username",
                        "legacy.server.username",
                        max_length=120,
                        help="legacy.server.username_hint",
                    ),
                    Field(
                        "media_url",
                        "legacy.server.media_url",
                        max_length=300,
                        span=4,
                        help="legacy.server.media_url_hint",
                    ),
                    Field("is_active", "legacy.server.is_active", "check"),
                    Field("is_test", "legacy.server.is_test", "check"),
                )
            ),
            Section(
                (
                    Field("verify_tls", "legacy.server.verify_tls", "check"),
                    Field(
                        "ca_file",
                        "legacy.server.ca_file",
                        "multiline",  # certificates have lines
                        max_length=20_000,
                        span=3,
                        help="legacy.server.ca_file_hint",
                    ),
                ),
                "legacy.server.section.tls",
            ),
        ),
        load=reads.get_server,
        update_right=UPDATE,
        create_right=INSERT,
        constraints=(
            ("legacy_server_url", "base_url"),
            ("legacy_server_code", "code"),
            ("server_code_key", "code"),
            ("uq_server_code", "code"),
            ("legacy_server_timeout", "timeout_s"),
            ("uq_server_active", "is_active"),
        ),
    )

    @property
    def server(self) -> ServerForm | None:
        """The server as it is stored, None for a new one."""
        return cast("ServerForm | None", self.record.raw)

    def heading(self) -> tuple[str, tuple[str, str] | None]:
        """Its title, and how it was last found."""
        server = self.server
        if server is None:
            return t("legacy.server.new_title"), None
        return server.title, server_chip(cast("Any", server))

    def defaults(self) -> Mapping[str, Any]:
        """A 4D server in use, checked by its certificate."""
        return {
            "kind": "4d",
            "verify_tls": True,
            "is_active": True,
            "is_test": False,
            "timeout_s": Decimal(60),
        }

    def cards(self) -> Sequence[QWidget]:
        """How it stands, notes, history."""
        self.status = FactsCard(t("legacy.server.card"))
        self.status.setObjectName("card.server")
        self.story = StoryCards(self, self.ctx, SERVER, labels_of(self.spec))
        return (self.status, *self.story.cards)

    def actions(self) -> Sequence[FormAction]:  # type: ignore[override]  # QWidget's own are not used here
        """Password, key, test."""

        def stored(page: "ServerPage") -> bool:
            return page.server is not None

        return (
            FormAction(
                "test",
                "legacy.server.test_connection",
                "plug",
                ServerPage.test,
                "secondary",
                right=LEAD,
                visible=stored,
            ),
            FormAction(
                "password",
                "legacy.server.set_password",
                "key-round",
                ServerPage.ask_password,
                "secondary",
                right=SECRET,
                visible=stored,
            ),
            FormAction("key", "legacy.server.set_up_key", "lock", ServerPage.set_up_key, "menu", right=LEAD),
        )

    def shown(self) -> None:
        """Facts from the last contact."""
        server = self.server
        self.status.setVisible(server is not None)
        if server is not None:
            facts = [
                Fact(
                    t("legacy.server.last_contact_at"),
                    fmt.date_time(server.last_contact_at) if server.last_contact_at else fmt.NONE,
                ),
                Fact(t("legacy.server.last_status"), server_chip(cast("Any", server))[1]),
            ]
            if server.kind == "4d":
                facts.append(Fact(t("legacy.server.sessions_opened"), fmt.number(server.sessions_opened)))
            if server.blocked_until is not None:
                facts.append(Fact(t("legacy.server.blocked_until"), fmt.date_time(server.blocked_until)))
            self.status.set_facts(facts)
            self.story.show(server.id, server.title)
        self._kind_shown()

    def value_changed(self, key: str) -> None:
        """An image service has an address for its pictures, and looks different itself."""
        super().value_changed(key)
        if key == "kind":
            self._kind_shown()

    def _kind_shown(self) -> None:
        try:
            images = self.boxes["kind"].value() == "images"
        except ValueError:
            images = False
        self.boxes["media_url"].setVisible(images)
        self.boxes["base_url"].set_hint(
            t("legacy.server.base_url_hint_images" if images else "legacy.server.base_url_hint")
        )

    def save_call(self, form: FormValues) -> tuple[Callable[[Any, Any], Any], SaveServer]:
        """What was changed."""
        keys = form.changed if form.id is not None else form.values
        values = {key: form.values[key] for key in keys}
        if "timeout_s" in values:
            values["timeout_s"] = int(values["timeout_s"])
        return writes.save_server, SaveServer(
            form.id, form.row_version if form.id is not None else None, values
        )

    # -- password and key ---------------------------------------------------------------------------------------

    def ask_password(self) -> None:
        """Open the keys, then ask for the password; it leaves this client encrypted."""
        with_keyring(self, self.ctx, secrets.KEY_NAME, self._type_password)

    def _type_password(self, found: Unlocked) -> None:
        server = self.server
        if server is None:
            return
        keyring = keyring_of(found)

        def save(values: Mapping[str, Any]) -> Any:
            sealed, key_id = secrets.seal_password(keyring, server.id, str(values["password"]))
            return writes.set_password, SetPassword(server.id, sealed, key_id)

        dialog = FormDialog(
            self.ctx,
            t("legacy.server.password_title", server=server.title),
            t("legacy.server.password_text"),
            (Field("password", "legacy.server.password", "secret", required=True, span=4),),
            save,
            lambda _none: self.ctx.navigate.toast(t("legacy.server.password_kept")),
            icon="key-round",
            yes="legacy.server.password_yes",
            owner=self,
        )
        dialog.open()

    def set_up_key(self) -> None:
        """Make the house's key for the old system, or open it; without it this client cannot share the session."""
        UnlockDialog(self, self.ctx, secrets.KEY_NAME, self._key_open).open()  # anew: who waits may be new

    def _key_open(self, found: Unlocked) -> None:
        """The key is there; colleagues who may lead and do not have it yet can be given it."""
        self.ctx.navigate.toast(t("legacy.server.key_ready"))
        offer_keys(self, found, waits="legacy.server.waits", given="legacy.server.given")

    # -- test ---------------------------------------------------------------------------------------------------

    def test(self) -> None:
        """Ask the server something small; a 4D server by the session the house has already."""
        server = self.server
        if server is None:
            return
        db = self.ctx.db
        self.drop_notice("probe")

        def done(future: "Future[ConnectionTest | ServiceTest]") -> None:
            error = future.exception()
            if error is not None and not isinstance(error, AppError):
                raise error
            found = None if error is not None else future.result()
            problem = error if found is None else found.error
            if isinstance(problem, AppError) or found is None:
                words = error_text(problem) if isinstance(problem, AppError) else ""
                notice = Notice("probe", "bad", t("legacy.probe.failed"), words)
            else:
                notice = Notice("probe", "ok", t("legacy.probe.ok", ms=fmt.number(found.ms)), _found(found))
            self.refresh()
            self.put_notice(notice)

        def ask() -> ConnectionTest | ServiceTest:
            if server.kind == "images":
                return test_service(db, server.id)
            return test_connection(db, server.code)

        self.ctx.tasks.run(READ, self, ask, done, label=t("legacy.probe.running"))


def _found(found: ConnectionTest | ServiceTest) -> str:
    """What the server has, in its own words."""
    if isinstance(found, ServiceTest):
        return t("legacy.probe.pictures", n=found.pictures, count=fmt.number(found.pictures))
    return t("legacy.probe.tables", n=found.tables, count=fmt.number(found.tables))
