"""The words that the sandbox's company is made of: Bramble, which makes planning software."""

from __future__ import annotations

DOMAIN = "bramble.example"

STAFF = (
    ("Ada Lindqvist", "developer"),
    ("Mateo Herrera", "support"),
    ("Priya Raman", "product"),
    ("Jonas Weber", "developer"),
    ("Chiara Bianchi", "support"),
    ("Tomasz Nowak", "developer"),
    ("Leila Haddad", "support"),
    ("Samuel Okafor", "developer"),
    ("Ingrid Solberg", "product"),
    ("Daniel Cohen", "support"),
    ("Mei Tanaka", "developer"),
    ("Rosa Fernández", "support"),
)

FIRST_NAMES = (
    "Alice", "Bruno", "Carmen", "Dieter", "Elif", "François", "Grace", "Hassan", "Irina", "João",
    "Katarina", "Liam", "Maja", "Nils", "Olga", "Paolo", "Qing", "Renée", "Stefan", "Tove", "Umar",
    "Vera", "William", "Yusuf", "Zofia",
)  # fmt: skip
LAST_NAMES = (
    "Andersen", "Bauer", "Costa", "Dubois", "Eriksson", "Fischer", "García", "Horvat", "Ivanova",
    "Jensen", "Kowalski", "Laurent", "Müller", "Novák", "O’Brien", "Petrov", "Quinn", "Rossi",
    "Silva", "Tamm", "Usman", "Virtanen", "Wagner", "Yilmaz", "Zhang",
)  # fmt: skip

ACCOUNTS = (
    ("Northwind Logistics", "northwind.example", "enterprise", 182_000),
    ("Harbour & Sons", "harbourandsons.example", "standard", 14_400),
    ("Kestrel Airways", "kestrel.example", "enterprise", 240_000),
    ("Café Lumière", "lumiere.example", "starter", 1_800),
    ("Polder Energy", "polder.example", "enterprise", 131_000),
    ("Stone Bridge Clinic", "stonebridge.example", "standard", 22_800),
    ("Vesper Games", "vesper.example", "standard", 31_200),
    ("Tallgrass Foods", "tallgrass.example", "standard", 18_000),
    ("Meridian Museum", "meridian.example", "starter", 2_400),
    ("Oakfield Council", "oakfield.example", "enterprise", 96_000),
    ("Lindgren Möbel", "lindgren.example", "standard", 27_600),
    ("Bluefin Fisheries", "bluefin.example", "starter", 3_600),
)

BROKEN = (
    "Exporting {thing} stops at 99 percent",
    "{Thing} cannot be saved",
    "{Thing} show the wrong time",
    "Searching {thing} finds nothing",
    "Printing {thing} cuts off the last column",
    "{Thing} load slowly",
    "{Thing} are shown twice",
    "Error 500 when opening {thing}",
    "Notifications about {thing} arrive late",
    "Filters on {thing} are forgotten",
)
WANTED = (
    "Share {thing} with people outside the company",
    "Keyboard shortcuts for {thing}",
    "Import {thing} from a spreadsheet",
    "Archive {thing} that are finished",
    "Colours for {thing}",
)
ASKED = (
    "How do we give a colleague access to {thing}?",
    "Where do deleted {thing} go?",
    "Can {thing} be copied between workspaces?",
)
THINGS = (
    "reports", "invoices", "shift plans", "calendars", "dashboards", "time sheets", "templates",
    "customer lists", "project plans", "attachments", "budgets", "forms",
)  # fmt: skip
CONDITIONS = (
    "since the last update", "for large teams", "in Safari", "on the phone", "when offline",
    "across time zones", "after a password change", "with umlauts in names", "at the month’s end",
    "for guests", "in dark mode", "over a slow line",
)  # fmt: skip

OPENINGS = (
    "Hello, we noticed this on Monday and it has happened every day since.",
    "This blocks two of our teams. A workaround would already help.",
    "It is not urgent, but our people ask about it every week.",
    "We are preparing our yearly audit and depend on this.",
    "It worked until a few days ago; nothing changed on our side.",
)
DETAILS = (
    "Steps: open the workspace, choose the second tab, then press Save & close.",
    "We tried another browser (Firefox 128) and a new account: the same.",
    "The message reads: “Something went wrong (code < 0)”.",
    "About {count} people are affected, most of them in the warehouse.",
    "It happens with more than {count} rows; with fewer everything is fine.",
    "Expected: the change is there after reloading. Seen: the old value is back.",
)
CLOSINGS = (
    "Thank you for looking into it – {name}",
    "Kind regards, {name}",
    "Please call me if anything is unclear. {name}",
)
PUBLIC_REMARKS = (
    "Thank you for the report. We can see it too and are working on it.",
    "Could you tell us which browser and version you use?",
    "A fix is being tested. We will write as soon as it is out.",
    "It is Chrome on Windows, the newest version.",
)
INTERNAL_REMARKS = (
    "Reproduced on staging with 12 000 rows; it is the pager.",
    "Third report this week. Raising the priority.",
    "Looks like the cache is keyed by user and not by workspace.",
    "Renewal is next month: please keep the account manager informed.",
)
LABELS = ("export", "mobile", "performance", "billing", "onboarding", "security", "calendar")
