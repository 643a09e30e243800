"""The settings as README prints them. 设置一览"""

from models.settings import Settings


def settings_table() -> str:
    """A Markdown table of every setting: its name in the environment, its default, what it means."""
    rows = ["| Setting | Default | Meaning |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = f"`{field.default}`" if field.default != "" else "(empty)"
        rows.append(f"| `ZHAODAN_{name.upper()}` | {default} | {field.description} |")
    return "\n".join(rows)
