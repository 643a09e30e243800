"""`zhaodan retry-notices`: what a channel refused goes out again. 补发通知"""

import argparse
from datetime import UTC, datetime

from models.database import register
from notifications.outbox import send_due
from zhaodan.running import Command


def retry_notices(_: argparse.Namespace) -> int:
    """Send again what a channel refused. 补发通知"""
    sent = send_due(register(), now=lambda: datetime.now(UTC))
    print(f"补发成功 {sent.delivered} 条，仍失败 {sent.failed} 条。")
    return 0


COMMANDS = {
    "retry-notices": Command(retry_notices),
}
