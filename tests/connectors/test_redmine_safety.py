"""What Redmine's people copy and what they are shown, in one sync with two desks.

Redmine is a real one or a recording of one, as for its connector.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import ClassVar

from connectors.redmine import RedmineConnector
from syncline.sdk.connector import Wire
from tests.connectors.redmine_stage import Live, Recorded, live
from tests.connectors.redmine_world import RedmineWorld, opened
from tests.connectors.safety import Copies, Safety, Texts
from tests.connectors.test_redmine_only import SETTING
from tests.connectors.trackers import Tracker

KEY_FIELD = 1


class InRedmine(Safety[RedmineWorld]):
    tool = Tracker("issue", "textile", "subject", "description")

    def connector(self, world: RedmineWorld) -> AbstractAsyncContextManager[RedmineConnector]:
        return opened(world, internal_notes="plain")


class RedmineCopies(InRedmine, Copies[RedmineWorld]):
    async def makes(self, world: RedmineWorld, title: str, key: str) -> str:
        marker = [{"id": KEY_FIELD, "value": key}]
        issue = {"project_id": "app", "subject": title, "custom_fields": marker}
        made = await world.call("POST", "/issues.json", {"issue": issue})
        return str(made["issue"]["id"])


class RedmineTexts(InRedmine, Texts[RedmineWorld]):
    acting: ClassVar[Wire] = {
        "description": '"One":javascript:alert(1) <script>alert(1)</script>\n\n'
        '"two":data:text/html,alert(1) !javascript:alert(1)! {{include(three)}}'
        ' <a href="javascript:alert(1)">four</a>'
    }

    async def page(self, world: RedmineWorld, id: str) -> str:
        """As whoever passes by sees it: the interface's keys open no page."""
        await world.administer(SETTING.format(name="login_required", value="0"))
        await world.call("PUT", "/projects/app.json", {"project": {"is_public": True}})
        return await world.read(f"/issues/{id}")


class TestCopies(Recorded, RedmineCopies):
    pass


class TestCopiesLive(Live, RedmineCopies):
    pytestmark = live


class TestTexts(Recorded, RedmineTexts):
    pass


class TestTextsLive(Live, RedmineTexts):
    pytestmark = live
