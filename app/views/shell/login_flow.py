"""What stands between a right password and the window: another password, a second factor to be set up."""

from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from app.core.config import ServerProfile
from app.core.errors import AppError
from app.views.core.errors import show_error
from app.views.core.tasks import FILE, READ, TaskManager

if TYPE_CHECKING:
    from app.views.shell.login import LoginWindow


def enrol(window: "LoginWindow", tasks: TaskManager, db: Any, server: ServerProfile) -> None:
    """A role demands a second factor that is not there yet: until it is, this person can do nothing."""
    from app.views.core.enrol import EnrolDialog

    def resumed(future: "Future[Any]") -> None:
        error = future.exception()
        if error is None:
            window.enter((db, future.result()), server)
        elif isinstance(error, AppError):
            show_error(window, None, error)
        else:
            raise error

    def done(set_up: bool) -> None:
        if set_up:
            tasks.run(READ, window, db.resume, resumed, slot="open")
        else:
            tasks.run(FILE, tasks, db.close, lambda _future: None)

    EnrolDialog(window, db, tasks, done, required=True).open()


def must_change(window: "LoginWindow", tasks: TaskManager, server: ServerProfile) -> None:
    """The password is right, and opens nothing but the way to another one."""
    from app.views.shell.login_dialogs import MustChangeDialog

    def opened(found: tuple[Any, Any]) -> None:
        window.password.setText(dialog.part.first.text())
        window.enter(found, server)

    def changed(password: str) -> None:
        window.password.setText(password)
        window.sign_in()

    dialog = MustChangeDialog(window, tasks, server, window.user.text().strip(), window.password.text())
    dialog.opened.connect(opened)
    dialog.changed.connect(changed)
    dialog.open()


def forgotten(window: "LoginWindow", tasks: TaskManager, server: ServerProfile) -> None:
    """A code by mail, and another password."""
    from app.views.shell.login_dialogs import ForgottenDialog

    def done(password: str) -> None:
        window.user.setText(dialog.login.text().strip())
        window.password.setText(password)
        window.sign_in()

    dialog = ForgottenDialog(window, tasks, server, window.user.text().strip())
    dialog.done.connect(done)
    dialog.open()


def register(window: "LoginWindow", tasks: TaskManager, server: ServerProfile) -> None:
    """Ask for a login, and wait for somebody's answer."""
    from app.views.shell.register_dialog import RegisterDialog

    RegisterDialog(window, tasks, server).open()
