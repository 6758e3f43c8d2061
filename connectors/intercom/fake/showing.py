"""Records as the API answers them (Intercom's OpenAPI 2.15 and its examples).

Where a schema and its examples differ, the examples are followed: the attributes of a ticket type
are under `data`.
"""

from __future__ import annotations

from typing import Any

from connectors.intercom.fake.workspace import APP_ID, Row, Workspace


def ticket(workspace: Workspace, row: Row) -> Row:
    """A ticket with its parts."""
    type = workspace.type(row["type"])
    (state,) = (one for one in type["states"] if one["id"] == row["state"])
    parts = row["parts"]
    return {
        "type": "ticket",
        "id": row["id"],
        "ticket_id": row["ticket_id"],
        "ticket_attributes": dict(row["attributes"]),
        "ticket_state": {"type": "ticket_state", **state},
        "ticket_type": ticket_type(type),
        "contacts": {
            "type": "contact.list",
            "contacts": [
                {"type": "contact", "id": id, "external_id": None} for id in row["contacts"]
            ],
        },
        "admin_assignee_id": row["admin"],
        "team_assignee_id": row["team"],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "ticket_parts": {
            "type": "ticket_part.list",
            "ticket_parts": parts,
            "total_count": len(parts),
        },
        "open": state["category"] != "resolved",
        "linked_objects": {"type": "list", "data": [], "total_count": 0, "has_more": False},
        "category": type["category"],
        "is_shared": row["shared"],
    }


def ticket_type(row: Row) -> Row:
    """A ticket type with its attributes and states."""
    return {
        **_type_alone(row),
        "workspace_id": APP_ID,
        "created_at": row["created_at"],
        "updated_at": row["created_at"],
        "ticket_type_attributes": {
            "type": "list",
            "data": [_attribute(row, one, at) for at, one in enumerate(row["attributes"])],
        },
        "ticket_states": {
            "type": "list",
            "data": [{"type": "ticket_state", **one} for one in row["states"]],
        },
    }


def state_list(workspace: Workspace) -> Row:
    """Every state with the ticket types that have it."""
    rows = [
        {
            "type": "ticket_state",
            **state,
            "archived": False,
            "ticket_types": {"type": "list", "data": [_type_alone(type)]},
        }
        for type in workspace.types.values()
        for state in type["states"]
    ]
    return {"type": "list", "data": rows}


def contact(row: Row) -> Row:
    """A contact, with the first ten of its companies."""
    shown = [
        {"type": "company", "id": id, "url": f"/companies/{id}"} for id in row["companies"][:10]
    ]
    return {
        **reference(row),
        "workspace_id": APP_ID,
        "role": row["role"],
        "email": row["email"],
        "phone": row["phone"],
        "name": row["name"],
        "owner_id": row["owner_id"],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "custom_attributes": dict(row["custom"]),
        "companies": {
            "type": "list",
            "data": shown,
            "url": f"/contacts/{row['id']}/companies",
            "total_count": len(row["companies"]),
            "has_more": len(row["companies"]) > len(shown),
        },
    }


def reference(row: Row) -> Row:
    """A contact by its ids."""
    return {"type": "contact", "id": row["id"], "external_id": row["external_id"]}


def company(row: Row, users: int) -> Row:
    """A company; what it has no value of is left out, as in the examples."""
    plan = {"type": "plan", "id": "1", "name": row["plan"]} if row.get("plan") else {}
    told = ("name", "website", "industry", "size", "remote_created_at", "last_request_at")
    return {
        "type": "company",
        "id": row["id"],
        "company_id": row["company_id"],
        "app_id": APP_ID,
        **{name: row[name] for name in told if row.get(name) is not None},
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "monthly_spend": row.get("monthly_spend") or 0,
        "session_count": 0,
        "user_count": users,
        "tags": {"type": "tag.list", "tags": []},
        "segments": {"type": "segment.list", "segments": []},
        "plan": plan,
        "custom_attributes": {n: v for n, v in row["custom"].items() if v is not None},
    }


def data_attribute(row: Row) -> Row:
    """A custom attribute of contacts or companies."""
    return {
        "type": "data_attribute",
        "id": row["id"],
        "model": row["model"],
        "name": row["name"],
        "full_name": row["name"],
        "label": row["name"],
        "description": "",
        "data_type": row["data_type"],
        "api_writable": True,
        "ui_writable": True,
        "messenger_writable": False,
        "custom": True,
        "archived": False,
    }


def me(workspace: Workspace, admin: Row) -> Row:
    """The teammate behind the token, with the workspace."""
    app: dict[str, Any] = {"type": "app", "id_code": APP_ID, "name": "Sandbox"}
    app |= {"created_at": 1734537243, "identity_verification": False, "timezone": "Etc/UTC"}
    app["region"] = workspace.settings.region
    return {**admin, "email_verified": True, "app": app}


def _type_alone(row: Row) -> Row:
    return {
        "type": "ticket_type",
        "id": row["id"],
        "name": row["name"],
        "description": "",
        "icon": "🎟",
        "archived": False,
        "category": row["category"],
    }


def _attribute(type: Row, row: Row, order: int) -> Row:
    return {
        "type": "ticket_type_attribute",
        "id": row["id"],
        "workspace_id": APP_ID,
        "name": row["name"],
        "description": "",
        "data_type": row["data_type"],
        "input_options": row["input_options"],
        "order": order,
        "required_to_create": row["required_to_create"],
        "required_to_create_for_contacts": False,
        "visible_on_create": True,
        "visible_to_contacts": False,
        "default": row["name"].startswith("_default_"),
        "ticket_type_id": int(type["id"]),
        "archived": row.get("archived", False),
        "created_at": type["created_at"],
        "updated_at": type["created_at"],
    }
