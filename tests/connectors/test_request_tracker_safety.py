"""What Request Tracker's people copy and what they are shown, in one sync with two desks.

Request Tracker is a real one or a recording of one, as for its connector.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import ClassVar

from connectors.request_tracker import RequestTrackerConnector
from syncline.sdk.connector import Wire
from tests.connectors.request_tracker_stage import Live, Recorded, live, server
from tests.connectors.request_tracker_world import RequestTrackerWorld, opened
from tests.connectors.safety import ACTING, Copies, Safety, Texts
from tests.connectors.trackers import Tracker

__all__ = ["server"]


class InRequestTracker(Safety[RequestTrackerWorld]):
    tool = Tracker("ticket", "html", "Subject", "Content", ", create_only: true")

    def connector(
        self, world: RequestTrackerWorld
    ) -> AbstractAsyncContextManager[RequestTrackerConnector]:
        return opened(world)


class RequestTrackerCopies(InRequestTracker, Copies[RequestTrackerWorld]):
    async def makes(self, world: RequestTrackerWorld, title: str, key: str) -> str:
        return await world.create({"Subject": title, "CustomFields": {"ExternalKey": key}})


class RequestTrackerTexts(InRequestTracker, Texts[RequestTrackerWorld]):
    acting: ClassVar[Wire] = {"Content": ACTING, "ContentType": "text/html"}

    async def page(self, world: RequestTrackerWorld, id: str) -> str:
        """What RT puts into a ticket's page once that is open."""
        return await world.read(f"/Helpers/TicketHistory?id={id}")


class TestCopies(Recorded, RequestTrackerCopies):
    pass


class TestCopiesLive(Live, RequestTrackerCopies):
    pytestmark = live


class TestTexts(Recorded, RequestTrackerTexts):
    pass


class TestTextsLive(Live, RequestTrackerTexts):
    pytestmark = live
