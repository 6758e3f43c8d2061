# ruff: noqa: F821 - the shell gives `env`
"""Seeds an Odoo from inside: run by `odoo shell`, which gives `env`. Writes its JSON to a file.

A key field on each kind of record, a group that lets a plain account read the field history, a
project `App` with two stages, and three people: `syncline` with the rights a sync needs, `ann` and
`bob`, who work here. Texts are
nobody's secret: the server listens on loopback and is thrown away.
"""

import json
import os
from pathlib import Path

from odoo.fields import Command, Datetime

MODELS = ("project.task", "project.project", "crm.lead", "res.partner")
RIGHTS = (
    "base.group_user",
    "base.group_partner_manager",
    "project.group_project_manager",
    "sales_team.group_sale_manager",
)
EXPIRY = Datetime.to_datetime("2037-01-01")

for name in MODELS:
    model = env["ir.model"]._get(name)
    env["ir.model.fields"].create(
        {
            "model_id": model.id,
            "name": "x_syncline_key",
            "field_description": "Syncline key",
            "ttype": "char",
            "state": "manual",
            "index": True,
            "copied": False,
        }
    )

history = env["res.groups"].create({"name": "Reads the field history"})
for name in ("mail.tracking.value", "ir.model.fields"):
    env["ir.model.access"].create(
        {
            "name": f"{name} for the field history",
            "model_id": env["ir.model"]._get(name).id,
            "group_id": history.id,
            "perm_read": True,
        }
    )

# Stages of projects are a feature that somebody has to switch on.
env.ref("base.group_user").implied_ids |= env.ref("project.group_project_stages")

stages = [{"name": name, "user_id": False} for name in ("To Do", "In Progress")]
columns = env["project.task.type"].create(
    [{**stage, "sequence": place} for place, stage in enumerate(stages)]
)
env["project.project"].create({"name": "App", "type_ids": [Command.set(columns.ids)]})

# What belongs to another company is hidden from the people of the first.
admin = env.ref("base.user_admin")
admin.company_ids |= env["res.company"].create({"name": "Other Company"})

keys = {}
for login in ("syncline", "ann", "bob"):
    groups = [env.ref(right).id for right in RIGHTS]
    groups += [history.id] if login == "syncline" else []
    user = (
        env["res.users"]
        .with_context(no_reset_password=True)
        .create(
            {
                "name": login.title(),
                "login": login,
                "email": f"{login}@example.test",
                "group_ids": [Command.set(groups)],
            }
        )
    )
    generator = env["res.users.apikeys"].with_user(user)
    keys[login] = generator.sudo()._generate("rpc", "tests", EXPIRY)

generator = env["res.users.apikeys"].with_user(admin)
keys["admin"] = generator._generate("rpc", "tests", EXPIRY)
env.cr.commit()
Path(os.environ["SYNCLINE_SEED_OUTPUT"]).write_text(json.dumps({"api_keys": keys}), "utf-8")
