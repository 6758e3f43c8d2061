"""What people do with a customer's request in all the tools, and what each of these has to show."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

from deployments.real import servers
from deployments.real.everywhere import LABEL, REAL, SEED, Everywhere, plain
from deployments.real.office import Office
from deployments.real.people import wait
from deployments.real.rich_text import PLAIN, document, replaced
from deployments.real.sides import Shown
from syncline.sandbox.company import Company

PASSES = 3
"""The most passes that concurrent edits on all sides may take."""
FIRST, TITLE = "Export loses umlauts", "Export: encoding, says Jira"
REMARKS = {
    "We look into it.": "desk",
    "Seen in the log of Monday.": "tracker",
    "They may leave us.": "support",
    "Found the encoder.": "jira",
    "Their contract ends in March.": "office",
}
QUIET = 3.2
"""Seconds after which nothing in a tool counts as having just happened."""
IN_PROGRESS = {
    "desk": ("open", None),
    "tracker": ("In Progress", "Urgent"),
    "support": ("open", "urgent"),
    "jira": ("In Progress", "Highest"),
    "office": ("In Progress", "Urgent"),
}
DONE = {
    "desk": "resolved",
    "tracker": "Resolved",
    "support": "solved",
    "jira": "Done",
    "office": "Done",
}

Expect = Callable[[bool, str, Any], None]


class Telling:
    """The steps; `say` tells, `step` begins one, `expect` ends the story where it is not so."""

    def __init__(
        self,
        one: Everywhere,
        say: Callable[[str], None],
        step: Callable[[str], None],
        expect: Expect,
    ) -> None:
        self.one, self.say, self.step, self.expect = one, say, step, expect
        self.many = f"{len(one.sides)} tools"

    async def tell(self, *, short: bool) -> None:
        """The whole story; a short one leaves out what other tests of the gate try as well."""
        await self.create()
        await self.edit()
        await self.close()
        if self.one.office is not None:
            await self.opportunity(self.one.office)
        await self.restart()
        await self.delete()
        if not short:
            await self.block()
        await self.nothing()

    async def found(self, title: str) -> dict[str, Shown]:
        """The one record of this title on every side."""
        shown = await self.one.all()
        named = {n: [one for one in shown[n] if one.title == title] for n in shown}
        if any(len(records) != 1 for records in named.values()):
            self.expect(False, f"{title!r} is in each tool once", named)
        return {name: records[0] for name, records in named.items()}

    async def create(self) -> None:
        self.step(f"A customer writes to Request Tracker; {self.many} are kept in step.")
        self.one.desk.create(
            FIRST,
            "<p>Since <b>Monday</b>.</p><p>Only in CSV.</p>",
            "cora@customer.test",
            CustomFields={"Labels": [LABEL]},
        )
        report = await self.one.one_pass()
        made, others = report.counts.get("created"), len(self.one.sides) - 1
        self.expect(made == others, f"the ticket was made in the {others} others", report)

    async def edit(self) -> None:
        self.step(f"People work on it in {self.many} at once.")
        one, ids = self.one, {n: s.id for n, s in (await self.found(FIRST)).items()}
        one.desk.edit(ids["desk"], CustomFields={"Labels": [LABEL, "export"]}, Owner="bob")
        one.desk.say(ids["desk"], "<p>We look into it.</p>", public=True)
        one.tracker.status(ids["tracker"], "In Progress")
        one.tracker.edit(ids["tracker"], subject="Export: umlauts, says Redmine")
        one.tracker.note(ids["tracker"], "Seen in the log of Monday.", private=True)
        await one.support.edit(ids["support"], "Leila Haddad", priority="urgent")
        await one.support.say(ids["support"], "Leila Haddad", "They may leave us.", public=False)
        await one.jira.edit(ids["jira"], "Jonas Weber", summary=TITLE)
        await one.jira.say(ids["jira"], "Jonas Weber", "Found the encoder.", public=False)
        if (office := one.office) is not None:
            office.edit(
                "project.task",
                ids["office"],
                name="Export: umlauts, says Odoo",
                tag_ids=[[4, office.tag("regression")]],
                date_deadline="2027-03-01 12:00:00",
            )
            office.note("project.task", ids["office"], "Their contract ends in March.")
        passes, quiet = await one.until_quiet(self.say, PASSES)
        self.expect(
            passes <= PASSES, f"the edits of all were everywhere after {passes} passes", quiet
        )
        await self.in_step()
        await self.remarks(ids)

    async def in_step(self) -> None:
        """All show what was decided."""
        shown = await self.found(TITLE)
        self.expect(bool(shown), "all show the title, which Jira decides", shown)
        told = {name: (one.status, one.priority) for name, one in shown.items()}
        wanted = {name: IN_PROGRESS[name] for name in shown}
        self.expect(told == wanted, "Redmine's status and Zendesk's priority", told)
        labels = {name: tuple(one.labels) for name, one in shown.items()}
        everyone = ["export", *(["regression"] if self.one.office else []), LABEL]
        self.expect(
            set(labels.values()) == {tuple(everyone)}, f"the labels {', '.join(everyone)}", labels
        )
        issue = self.one.tracker.show(shown["tracker"].id)
        whose = issue["assigned_to"]["name"]
        self.expect(whose == "Bob Example", "Redmine, whom Request Tracker gave it to", whose)
        if (office := self.one.office) is not None:
            (task,) = [t for t in office.tasks() if t["name"] == TITLE]
            self.expect(len(task["user_ids"]) == 1, "and Odoo too", task)
            due = (issue["due_date"], self.one.desk.show(shown["desk"].id)["Due"][:10])
            self.expect(due == ("2027-03-01",) * 2, "both the day that Odoo set", due)

    async def remarks(self, ids: dict[str, str]) -> None:
        """Each remark is everywhere once, and a copy is internal."""
        wanted = {text: side for text, side in REMARKS.items() if side in ids}
        said = {name: await side.said(ids[name]) for name, side in self.one.sides.items()}
        times = Counter(
            text
            for told in said.values()
            for _, body in told
            for text in wanted
            if text in plain(body)
        )
        self.expect(
            times == dict.fromkeys(wanted, len(ids)),
            f"each of {len(wanted)} remarks is in each tool once",
            said,
        )
        public = {
            (name, text)
            for name, told in said.items()
            for shown, body in told
            for text in wanted
            if shown and text in plain(body)
        }
        self.expect(public == {("desk", "We look into it.")}, "and no copy is public", public)
        if self.one.postmaster is not None:
            mailed = self.one.postmaster.mails("syncline")
            self.expect(mailed == [], "Odoo mailed nobody what Syncline wrote", mailed)

    async def close(self) -> None:
        self.step("The developer closes it in Jira.")
        issue = (await self.found(TITLE))["jira"].id
        await self.one.jira.edit(issue, "Jonas Weber", status="In Review")
        await self.one.jira.edit(issue, "Mei Tanaka", status="Done", resolution="Done")
        await self.one.one_pass()
        shown = {name: one.status for name, one in (await self.found(TITLE)).items()}
        self.expect(shown == {n: DONE[n] for n in shown}, "it is closed everywhere", shown)

    async def opportunity(self, office: Office) -> None:
        self.step("A customer asks Zendesk for more; Odoo has an account of that customer.")
        one, title = self.one, "Sign in with our own accounts"
        customer = next(p for p in Company.made(SEED, 0).people if p.role == "customer")
        account = office.create("res.partner", name=customer.account, is_company=True)
        office.create("res.partner", name=customer.name, email=customer.email, parent_id=account)
        await one.support.make(
            customer.name, subject=title, description="For 40 people.", tags=f"{LABEL}, customer"
        )
        await one.one_pass("everywhere")
        await one.one_pass("requests")
        fields = ("name", "partner_id")
        (lead,) = office.rows("crm.lead", fields=fields)
        self.expect(
            lead["name"] == title and customer.name in lead["partner_id"][1],
            "it is an opportunity of that customer",
            lead,
        )
        (row,) = office.rows("res.partner", ["id", "=", account], fields=("opportunity_count",))
        self.expect(row["opportunity_count"] == 1, "which the account's page counts", row)
        office.edit("crm.lead", lead["id"], name="Single sign-on")
        await one.one_pass("requests")
        await one.one_pass("everywhere")
        times = await one.times("Single sign-on")
        self.expect(
            set(times.values()) == {1}, f"the salesperson's words for it are in {self.many}", times
        )

    async def restart(self) -> None:
        tool = "odoo" if self.one.office is not None else "redmine"
        self.step(f"{tool.title()} is restarted while a pass writes, and then Syncline.")
        one, state = self.one, ["--root", str(self.one.root)]
        titles = [f"Request {number}" for number in range(4)]
        for title in titles:
            fields = {"Labels": [LABEL]}
            one.desk.create(title, "<p>One of many.</p>", "cora@customer.test", CustomFields=fields)
        again: list[asyncio.Task[int]] = []

        async def strike() -> None:
            """Down when the first write is sent, and up again some time during the others."""
            await asyncio.to_thread(servers.main, ["stop", tool, *state])
            begun = asyncio.to_thread(servers.main, ["start", tool, *state])
            again.append(asyncio.create_task(begun))

        report = await one.one_pass(meanwhile=strike)
        written = sum(asked["write"] for asked in report.requests.values())
        put_off = report.counts.get("retried") or report.stopped
        self.expect(bool(again), "it was stopped when the pass began to write", report)
        how = "was put off" if put_off else "waited until it was back"
        self.say(f"     {written} writes; what it was to get {how}")
        await asyncio.gather(*again)
        await one.syncline_anew()
        passes, quiet = await one.until_quiet(self.say, PASSES)
        self.expect(passes <= PASSES, f"it took {passes} more passes", quiet)
        shown = {name: [r.title for r in found] for name, found in (await one.all()).items()}
        counts = {name: [found.count(title) for title in titles] for name, found in shown.items()}
        self.expect(
            all(set(times) == {1} for times in counts.values()),
            f"each of {len(titles)} tickets is in each of {self.many} once",
            counts,
        )

    async def delete(self) -> None:
        where = "office" if self.one.office is not None else "tracker"
        name = "Odoo" if where == "office" else "Redmine"
        self.step(f"One is deleted in {name}. The others stay; the link to it is cut.")
        shown = await self.found("Request 3")
        if self.one.office is not None:
            self.one.office.delete("project.task", shown["office"].id)
        else:
            self.one.administrator.delete(shown["tracker"].id)
        await self.one.one_pass(full=True)
        report = await self.one.one_pass(full=True)
        self.expect(report.counts.get("deleted") == 1, "a second look confirmed it", report)
        self.one.desk.edit(shown["desk"].id, Subject="Still wanted")
        await self.one.one_pass()
        left = await self.one.times("Still wanted")
        wanted = {n: int(n != where) for n in left}
        self.expect(left == wanted, "edits reach the others, and it is not made again", left)

    async def block(self) -> None:
        """A description with what Textile cannot show, edited in Redmine and then in Jira."""
        self.step("A description that Redmine cannot show whole is edited there, then in Jira.")
        one, ids = self.one, {n: s.id for n, s in (await self.found(TITLE)).items()}
        written = document()
        one.describe(ids["jira"], written)
        await one.one_pass()
        textile = one.tracker.show(ids["tracker"])["description"]
        edited = textile.replace(PLAIN, f"{PLAIN} *Always.*")
        one.tracker.edit(ids["tracker"], description=edited)
        await one.one_pass()
        (issue,) = [i for i in await one.jira.records() if i["id"] == ids["jira"]]
        shown = issue["fields"]["description"]
        pairs = zip(written["content"], shown["content"], strict=True)
        changed = [before for before, after in pairs if before != after]
        block = [{"type": "paragraph", "content": [{"type": "text", "text": PLAIN}]}]
        self.expect(changed == block, "Redmine's edit changed its own block of Jira's", shown)
        one.describe(ids["jira"], replaced(shown, "Always.", "Always, since Monday."))
        await one.one_pass()
        now = one.tracker.show(ids["tracker"])["description"]
        wanted = textile.replace(PLAIN, f"{PLAIN} *Always, since Monday.*")
        self.expect(now == wanted, "and Jira's edit its own block of Redmine's Textile", now)

    async def nothing(self) -> None:
        self.step("Nothing happens, so nothing is written.")
        for sync in ("everywhere", "requests") if self.one.office else ("everywhere",):
            await self.one.one_pass(sync)
            await asyncio.to_thread(wait, QUIET)
            await self.one.one_pass(sync)
            report = await self.one.one_pass(sync)
            asked = {side: dict(n) for side, n in report.requests.items()}
            # Those of the fakes were moved on: there, what was done seems to be of just now.
            self.expect(
                all(n["read"] == 1 for side, n in asked.items() if side in REAL),
                f"{sync}: each real server was asked once",
                asked,
            )
            written = sum(n["write"] for n in asked.values())
            self.expect(written == 0, "and nothing was written anywhere", asked)
            self.expect(report.links == report.agreed, f"all {report.links} links agree", report)
