"""What guard, address rules, terminals and badges bring to the window."""

from app.services.security.watch import ALARM, count_alarms
from app.views.core.actions import Action
from app.views.core.context import AppContext
from app.views.core.workspace import Tile, Workspace
from app.views.security import addresses, badges, devices, sign_ins
from app.views.security.watch_page import KEY, WatchPage

RAIL = "system"


def _opens(key: str, title: str, icon: str, right: str) -> Action:
    def run(ctx: AppContext) -> None:
        ctx.navigate.open_workspace(key)

    return Action(key, title, icon, run, right, "", RAIL)


WORKSPACES = (
    Workspace(KEY, "watch.title", "shield-alert", RAIL, "alarm_list", WatchPage),
    Workspace(sign_ins.KEY, "signins.title", "log-in", RAIL, "attempt_list", sign_ins.page),
    Workspace(addresses.KEY, "addresses.title", "network", RAIL, "address_rule_list", addresses.page),
    Workspace(devices.KEY, "devices.title", "keyboard", RAIL, "device_list", devices.page),
    Workspace(badges.KEY, "badges.title", "id-card", RAIL, "badge_list", badges.page),
)
ACTIONS = (
    _opens(KEY, "watch.action", "shield-alert", "alarm_list"),
    _opens(sign_ins.KEY, "signins.action", "log-in", "attempt_list"),
    _opens(addresses.KEY, "addresses.action", "network", "address_rule_list"),
    _opens(devices.KEY, "devices.action", "keyboard", "device_list"),
    _opens(badges.KEY, "badges.action", "id-card", "badge_list"),
    Action("security.pin", "badges.pin_action", "key-round", badges.open_pin, "", "", RAIL),
)
TILES = (
    Tile(
        "security.alarms",
        "watch.tile",
        "shield-alert",
        KEY,
        count_alarms,
        {},
        "alarm_list",
        "bad",
        badge=True,
        topics=(ALARM,),
    ),
)
