"""What may be put to a superior in advance, and how its answer stands. 在先留存"""

from datetime import date, datetime
from enum import StrEnum

from models.rules.deadlines import beijing_day


class DepositKind(StrEnum):
    """What is deposited, by the clause of the exemption list that later asks for it. 留存种类"""

    INQUIRY = "inquiry"
    NOT_OUR_DUTY = "not-our-duty"
    EMERGENCY = "emergency"

    @property
    def zh(self) -> str:
        """As people call it."""
        return {
            DepositKind.INQUIRY: "书面请示",
            DepositKind.NOT_OUR_DUTY: "非职责任务告知",
            DepositKind.EMERGENCY: "紧急情况报告",
        }[self]

    @property
    def clause(self) -> str:
        """The place in the opinion."""
        return {
            DepositKind.INQUIRY: "实施意见五（二）2（7）",
            DepositKind.NOT_OUR_DUTY: "实施意见五（二）2（13）",
            DepositKind.EMERGENCY: "实施意见五（二）2（3）",
        }[self]

    @property
    def deadline(self) -> str:
        """The period of reply in the edition."""
        return f"deposit-{self.value}"


class Standing(StrEnum):
    """How the answer stands. 答复情况"""

    WAITING = "waiting"
    ANSWERED = "answered"
    LATE = "late"
    UNANSWERED = "unanswered"

    @property
    def zh(self) -> str:
        """In a sentence."""
        return {
            Standing.WAITING: "尚在答复期内",
            Standing.ANSWERED: "已在答复期内答复",
            Standing.LATE: "答复期届满后才答复",
            Standing.UNANSWERED: "答复期届满未答复",
        }[self]


def standing_of(due_on: date, replied_at: datetime | None, now: datetime) -> Standing:
    """How the answer stands at a moment: silence is proved by the end of the period, nothing else."""
    if replied_at is not None:
        return Standing.LATE if beijing_day(replied_at) > due_on else Standing.ANSWERED
    return Standing.UNANSWERED if beijing_day(now) > due_on else Standing.WAITING
