"""Seeds an Odoo from inside: run by `odoo shell`, which gives `env`. Writes its JSON to a file.

A key field on each kind of record, a group that lets a plain account read the field history, and
three people: `syncline` with the rights a sync needs, `ann` and `bob`, who work here. Texts are
nobody's secret: the server listens on loopback and is thrown away.
"""

import json
import os
from datetime import datetime
from pathlib import Path

MODELS = ("project.task", "project.project", "crm.lead", "res.partner")
RIGHTS = (
    "base.group_user",
    "base.group_partner_manager",
    "project.group_project_manager",
    "sales_team.group_sale_salesman_all_leads",
)

for name in MODELS:
    model = env["ir.model"]._get(name)  # noqa: F821 - given by the shell
    env["ir.model.fields"].create(  # noqa: F821
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

history = env["res.groups"].create({"name": "Reads the field history"})  # noqa: F821
for name in ("mail.tracking.value", "ir.model.fields"):
    env["ir.model.access"].create(  # noqa: F821
        {
            "name": f"{name} for the field history",
            "model_id": env["ir.model"]._get(name).id,  # noqa: F821
            "group_id": history.id,
            "perm_read": True,
        }
    )

keys = {}
for login in ("syncline", "ann", "bob"):
    groups = [env.ref(right).id for right in RIGHTS]  # noqa: F821
    groups += [history.id] if login == "syncline" else []
    user = (
        env["res.users"]  # noqa: F821
        .with_context(no_reset_password=True)
        .create(
            {
                "name": login.title(),
                "login": login,
                "email": f"{login}@example.test",
                "group_ids": [(6, 0, groups)],
            }
        )
    )
    generator = env["res.users.apikeys"].with_user(user)  # noqa: F821
    keys[login] = generator.sudo()._generate("rpc", "tests", datetime(2037, 1, 1))

admin = env.ref("base.user_admin")  # noqa: F821
generator = env["res.users.apikeys"].with_user(admin)  # noqa: F821
keys["admin"] = generator._generate("rpc", "tests", datetime(2037, 1, 1))
env.cr.commit()  # noqa: F821
Path(os.environ["SYNCLINE_SEED_OUTPUT"]).write_text(json.dumps({"api_keys": keys}), "utf-8")
