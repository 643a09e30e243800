"""The last day of a work item as a calendar entry: the same facts as the notice, and none more. 日程"""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from icalendar import Alarm, Calendar, Event

from models.rules.deadlines import ONE_DAY
from notifications.messages import INSTRUCTIONS, Context

_NINE_THE_DAY_BEFORE = timedelta(hours=-15)  # from the midnight on which the last day begins


def entry(context: Context, item_id: str, *, now: datetime) -> bytes:
    """An iCalendar file (RFC 5545) for a work item with a last day; empty where there is none.

    The same item has the same UID, so a later notice of it corrects the entry instead of adding one.
    """
    if context.item is None or context.due_on is None:
        return b""
    event = Event()
    event.add("uid", f"work-item-{item_id}@{urlsplit(context.link).hostname or 'zhaodan'}")
    event.add("dtstamp", now.astimezone(UTC))
    # A later notice counts as the newer one for every calendar that compares.
    event.add("sequence", int(now.timestamp()) // 60)
    event.add("dtstart", context.due_on)
    event.add("dtend", context.due_on + ONE_DAY)
    event.add("summary", f"照单：{context.item.zh}最迟办理日，{context.case_number}")
    event.add("description", INSTRUCTIONS[context.item])
    event.add("status", "TENTATIVE" if context.provisional else "CONFIRMED")
    event.add("transp", "TRANSPARENT")
    if context.link:
        event.add("url", context.link)
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", f"照单：{context.item.zh}，明天是最迟办理日")
    alarm.add("trigger", _NINE_THE_DAY_BEFORE)
    event.add_component(alarm)
    calendar = Calendar()
    calendar.add("prodid", "-//Zhaodan//照单//ZH")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(event)
    return calendar.to_ical()
