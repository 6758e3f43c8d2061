"""The frame that fakes of tools are written to; `docs/sandbox.md` says how.

A fake is a tool in a process of its own on loopback, with the vendor's API, a memory, a clock and
a page for people. The frame serves it, keeps the log, and makes things go wrong on demand.
"""

from __future__ import annotations

from syncline.sandbox.administering import carry_out
from syncline.sandbox.calls import Answered, BadJson, Call, Endpoint, answer
from syncline.sandbox.clock import ToolClock
from syncline.sandbox.company import Account_, Case, CaseRemark, Company, Employee
from syncline.sandbox.fake import Fake, Field, Refusal, Remark, Row, Sheet, Shown
from syncline.sandbox.forms import BadForm
from syncline.sandbox.hooks import Hooks
from syncline.sandbox.memory import State, Table
from syncline.sandbox.serving import serving

__all__ = [
    "Account_",
    "Answered",
    "BadForm",
    "BadJson",
    "Call",
    "Case",
    "CaseRemark",
    "Company",
    "Employee",
    "Endpoint",
    "Fake",
    "Field",
    "Hooks",
    "Refusal",
    "Remark",
    "Row",
    "Sheet",
    "Shown",
    "State",
    "Table",
    "ToolClock",
    "answer",
    "carry_out",
    "serving",
]
