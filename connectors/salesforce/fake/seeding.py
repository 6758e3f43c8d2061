"""The sandbox's org, made from the company that all tools share.

Staff are users, customers contacts of their account, and each case is a case written in the past,
as an import with the permission to set audit fields leaves it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from connectors.salesforce.fake.org import Org, Row, stamp
from connectors.salesforce.fake.rules import Rules
from syncline.sandbox import Case, Company, Employee

_STATUSES = {
    "todo": "New",
    "in_progress": "Working",
    "blocked": "Escalated",
    "done": "Closed",
    "cancelled": "Closed",
}
_PRIORITIES = {"urgent": "High", "high": "High", "medium": "Medium", "low": "Low", "none": "Low"}
_BETWEEN = timedelta(hours=1)  # from one comment of a case to the next


def seed(org: Org, rules: Rules, company: Company) -> None:
    """Fill an empty org."""
    ids: dict[str, str] = {}
    for one in company.people:
        if one.role != "customer":
            user: Row = {"Name": one.name, "Email": one.email}
            ids[one.email] = rules.create("User", user, "")["Id"]
    admin = next(iter(ids.values()))
    for account in company.accounts:
        values: Row = {"Name": account.name, "Website": f"https://www.{account.domain}"}
        values |= {"AnnualRevenue": account.annual_revenue, "Type": "Customer - Direct"}
        ids[account.name] = rules.create("Account", values, admin)["Id"]
    for one in company.people:
        if one.role == "customer":
            ids[one.email] = rules.create("Contact", _contact(one, ids), admin)["Id"]
    for case in company.cases:
        _case(org, rules, case, ids, admin)


def _contact(one: Employee, ids: dict[str, str]) -> Row:
    first, _, last = one.name.rpartition(" ")
    contact: Row = {"FirstName": first, "LastName": last, "Email": one.email}
    return contact | {"AccountId": ids.get(one.account or "")}


def _case(org: Org, rules: Rules, case: Case, ids: dict[str, str], admin: str) -> None:
    values: Row = {"Subject": case.title, "Description": "\n\n".join(case.paragraphs)}
    values |= {"Status": _STATUSES[case.status], "Priority": _PRIORITIES[case.priority]}
    values |= {"ContactId": ids[case.reporter.email], "Origin": "Email"}
    owner = ids[case.assignee.email] if case.assignee else admin
    row = rules.create("Case", {**values, "OwnerId": owner}, admin)
    at = case.created_at
    _dated(org, "Case", row, at)
    for number, remark in enumerate(case.remarks, 1):
        # Customers write by mail, which a user files.
        author = ids[remark.author.email] if remark.author.role != "customer" else admin
        said = {"ParentId": row["Id"], "CommentBody": remark.text, "IsPublished": remark.public}
        comment = rules.create("CaseComment", said, author)
        _dated(org, "CaseComment", comment, at + number * _BETWEEN)


def _dated(org: Org, source: str, row: Row, at: datetime) -> None:
    then = stamp(at)
    times = {"CreatedDate": then, "LastModifiedDate": then, "SystemModstamp": then}
    if row.get("ClosedDate"):
        times["ClosedDate"] = then
    org.put(source, {**row, **times})
