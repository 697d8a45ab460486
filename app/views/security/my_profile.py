"""My profile: what the house knows of me, what colleagues see of it, which roles are in force."""

from functools import partial
from typing import Any

from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from app.core import format as fmt
from app.core.i18n import LANGUAGES, t
from app.services.security import people
from app.services.security.people import Person, SetMyDetails
from app.views.core import roles
from app.views.core.buttons import Button
from app.views.core.checks import CheckBox
from app.views.core.context import AppContext
from app.views.core.detail import facts
from app.views.core.fields import Field
from app.views.core.inputs import ComboBox
from app.views.core.marks import Chip, Label
from app.views.core.operation import ReadOp, WriteOp
from app.views.core.surfaces import Card, clear_layout
from app.views.core.theme import px
from app.views.core.workspace import TabPage
from app.views.security.form_dialog import FormDialog
from app.views.security.portrait import FILES, Portrait, stored
from app.views.shell.guide import about, show_again

KEY = "security.profile"
SEEN = (
    ("show_phone", "profile.show_phone"),
    ("show_email", "profile.show_email"),
    ("show_photo", "profile.show_photo"),
)


class MyProfilePage(TabPage):
    """One page of cards: one round trip, and one more for the picture where there is one."""

    icon = "user"
    topics = frozenset({people.USERS})

    def __init__(self, ctx: AppContext, state: dict[str, Any]) -> None:
        super().__init__(ctx)
        del state
        self.setObjectName(KEY)
        self.portrait: Portrait | None = None
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        scroll = QScrollArea()
        scroll.setProperty("kit", "plain")
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.viewport().setAutoFillBackground(False)
        outer.addWidget(scroll)
        body = QWidget()
        body.setAutoFillBackground(False)
        body.setMaximumWidth(px("text_column") + px("step_card_w"))
        column = QVBoxLayout(body)
        column.setContentsMargins(px("gap_xl"), px("gap_xl"), px("gap_xl"), px("gap_xl"))
        column.setSpacing(px("gap_m"))
        column.addWidget(Label(t("profile.title"), "title"))
        self._cards = QVBoxLayout()
        self._cards.setSpacing(px("gap_m"))
        column.addLayout(self._cards)
        column.addStretch(1)
        scroll.setWidget(body)
        self.refresh()

    def title(self) -> str:
        """The word on the tab."""
        return t("profile.title")

    def refresh(self) -> None:
        """Read again."""
        ReadOp(self, self.ctx, people.my_details).replacing("profile").success(self._show).start()

    def _show(self, mine: Person) -> None:
        clear_layout(self._cards)
        for card in (
            self._person_card(mine),
            self._contact_card(mine),
            self._seen_card(mine),
            self._roles_card(),
        ):
            self._cards.addWidget(card)
        if mine.has_photo:
            op = ReadOp(self, self.ctx, people.photo, mine.login).replacing("photo")
            op.success(self._show_photo).failure(lambda _error: True).start()

    # -- the person ---------------------------------------------------------------------------------------------

    def _person_card(self, mine: Person) -> Card:
        card = Card()
        row = QHBoxLayout()
        row.setSpacing(px("gap_l"))
        self.portrait = Portrait(mine.person, px("touch_bar"))
        row.addWidget(self.portrait)
        words = QVBoxLayout()
        words.setSpacing(px("gap_xs"))
        words.addStretch(1)
        words.addWidget(Label(mine.person, "title", wrap=True))
        place = " · ".join(filter(None, (mine.position, mine.department, mine.site)))
        words.addWidget(Label(place or mine.login, "body", "text2", wrap=True))
        words.addStretch(1)
        row.addLayout(words, 1)
        if mine.has_photo:
            remove = Button("profile.photo_remove", None, "ghost", clicked=self._remove_photo)
            remove.setObjectName("action.photo_remove")
            row.addWidget(remove)
        choose = Button(
            "profile.photo_change" if mine.has_photo else "profile.photo", "image", clicked=self._ask_photo
        )
        choose.setObjectName("action.photo")
        row.addWidget(choose)
        card.body.addLayout(row)
        return card

    def _show_photo(self, content: bytes | None) -> None:
        if self.portrait is not None:
            self.portrait.show_photo(content)

    def _ask_photo(self) -> None:
        file, _ = QFileDialog.getOpenFileName(
            self, t("profile.photo").replace("&", ""), "", f"{t('kit.picture')} ({FILES})"
        )
        if file:
            self.take_photo(file)

    def take_photo(self, file: str) -> None:
        """Make a picture file one's own picture."""
        content = stored(file)
        if content is None:
            self.ctx.navigate.toast(t("profile.no_picture"), kind="warn")
        else:
            self._save(SetMyDetails(photo=content))

    def _remove_photo(self) -> None:
        self._save(SetMyDetails(remove_photo=True))

    # -- what is known ------------------------------------------------------------------------------------------

    def _contact_card(self, mine: Person) -> Card:
        card = Card(t("profile.about"))
        grid = card.body
        known = (
            ("people.login", mine.login),
            ("people.email", mine.email),
            ("people.department", mine.department),
            ("people.position", mine.position),
            ("people.site", mine.site),
            ("people.supervisor", mine.supervisor_person or ""),
        )
        grid.addWidget(facts([(t(key), value or fmt.NONE) for key, value in known]))
        grid.addWidget(Label(t("profile.kept_by_others"), "small", "text3", wrap=True))
        grid.addSpacing(px("gap_s"))
        row = QHBoxLayout()
        row.setSpacing(px("gap"))
        row.addWidget(Label(t("people.phone"), "small", "text2"))
        phone = Label(mine.phone or fmt.NONE, "small500")
        phone.setObjectName("profile.phone")
        row.addWidget(phone)
        change = Button("profile.change", "pencil", clicked=partial(self._change_phone, mine))
        change.setObjectName("action.phone")
        row.addWidget(change)
        row.addStretch(1)
        row.addWidget(Label(t("people.language"), "small", "text2"))
        spoken = ComboBox(t("people.language"), [(code, t(f"people.language.{code}")) for code in LANGUAGES])
        spoken.setObjectName("profile.language")
        spoken.set_value(mine.language)
        spoken.value_changed.connect(self._speak)
        row.addWidget(spoken)
        grid.addLayout(row)
        return card

    def _change_phone(self, mine: Person) -> None:
        FormDialog(
            self.ctx,
            t("profile.phone_title"),
            t("profile.phone_text"),
            (Field("phone", "people.phone", max_length=60, span=4),),
            lambda values: (people.set_my_details, SetMyDetails(phone=str(values["phone"] or ""))),
            lambda _none: self._saved(),
            icon="phone",
            yes="people.save",
            values={"phone": mine.phone},
            owner=self,
        ).open()

    def _speak(self, code: str) -> None:
        """Mails and the next workstation speak it, and this window."""
        op = WriteOp(self, self.ctx, people.set_my_details, SetMyDetails(language=code))
        op.success(lambda _none: self._switch(code)).start()

    def _switch(self, code: str) -> None:
        switch = getattr(self.window(), "switch_language", None)
        if callable(switch):
            switch(code)

    # -- what others see ----------------------------------------------------------------------------------------

    def _seen_card(self, mine: Person) -> Card:
        card = Card(
            t("profile.seen"), link="directory.title", link_clicked=partial(self._go, "security.directory")
        )
        card.body.addWidget(Label(t("profile.seen_what"), "small", "text2", wrap=True))
        row = QHBoxLayout()
        row.setSpacing(px("gap_xl"))
        for name, words in SEEN:
            box = CheckBox(words)
            box.setObjectName(f"profile.{name}")
            box.setChecked(getattr(mine, name))
            box.clicked.connect(lambda on, name=name: self._allow(name, on))
            row.addWidget(box)
        row.addStretch(1)
        card.body.addLayout(row)
        return card

    def _allow(self, name: str, on: bool) -> None:
        commands = {
            "show_phone": SetMyDetails(show_phone=on),
            "show_email": SetMyDetails(show_email=on),
            "show_photo": SetMyDetails(show_photo=on),
        }
        self._save(commands[name])

    # -- roles --------------------------------------------------------------------------------------------------

    def _roles_card(self) -> Card:
        card = Card(
            t("profile.roles"), link="my_roles.title", link_clicked=partial(self._go, "security.my_roles")
        )
        profile = self.ctx.profile
        for role, words in roles.in_force(profile):
            row = QHBoxLayout()
            row.setSpacing(px("gap_m"))
            row.addWidget(Chip("info" if role in profile.elevated else "accent", words))
            row.addWidget(Label(about(role), "small", "text2", wrap=True), 1)
            card.body.addLayout(row)
        if not profile.roles:
            card.body.addWidget(Label(t("profile.no_role"), "body", "text2", wrap=True))
        row = QHBoxLayout()
        row.setSpacing(px("gap"))
        for name, icon, run in (
            ("requests", "send", partial(self._go, "approvals.inbox", preset="asked")),
            ("security", "shield-check", partial(self._go, "security.mine")),
            ("guide", "book-open", partial(show_again, self.ctx)),
        ):
            button = Button(f"profile.to_{name}", icon, "ghost", clicked=run)
            button.setObjectName(f"action.to_{name}")
            row.addWidget(button)
        row.addStretch(1)
        card.body.addLayout(row)
        return card

    def _go(self, key: str, **state: Any) -> None:
        self.ctx.navigate.open_workspace(key, **state)

    # -- saving -------------------------------------------------------------------------------------------------

    def _save(self, command: SetMyDetails) -> None:
        op = WriteOp(self, self.ctx, people.set_my_details, command)
        op.success(lambda _none: self._saved()).failure(self._not_saved).start()

    def _saved(self) -> None:
        self.ctx.navigate.toast(t("people.saved"))
        self.refresh()

    def _not_saved(self, _error: BaseException) -> bool:
        self.refresh()  # what is ticked here is what holds
        return False
