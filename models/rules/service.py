"""How a paper reaches whom it concerns, and on which day it counts as served: that of the receipt, not of the entry. 送达

After article 82 of the procedure for administrative punishments of market regulation, which binds only those cases and
is followed here by analogy. How long a public notice must hang is no rule of ours: the edition of the handbook says it.
"""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum

from models.rules.errors import Incomplete

PUBLISHED_PERIOD = "published-service"  # id of the period in the handbook
WITNESSES = 2


class Service(StrEnum):
    """How a paper was served. 送达方式"""

    ELECTRONIC = "electronic"
    PAPER = "paper"
    REFUSED = "refused"
    LEFT = "left"
    PUBLISHED = "published"

    @property
    def zh(self) -> str:
        """As it stands on the receipt."""
        return _ZH[self]


_ZH = {
    Service.ELECTRONIC: "电子送达",
    Service.PAPER: "直接送达",
    Service.REFUSED: "拒收",
    Service.LEFT: "留置送达",
    Service.PUBLISHED: "公告送达",
}


def check_service(
    method: Service,
    *,
    on: date,
    signed_on: date,
    today: date,
    witnesses: Sequence[str],
    scans: Sequence[int],
    reason: str,
) -> None:
    """Whether the receipt carries the service. Raises Incomplete saying what is missing."""
    if on > today:
        raise Incomplete(f"送达日期 {on} 晚于今天；请按送达回证上注明的日期填写。")
    if on < signed_on:
        raise Incomplete(f"送达日期 {on} 早于决定签发之日 {signed_on}；请按送达回证上注明的日期填写。")
    seen = len(set(witnesses)) == WITNESSES
    if method is Service.PAPER and not scans:
        raise Incomplete("直接送达须附本人签收的送达回证；请先把回证扫描件登记为证据，再填写其证据编号。")
    if method is Service.REFUSED and not (seen and reason):
        raise Incomplete("拒收须写明拒收事由和两名见证人的姓名；没有见证人的，请改按留置送达登记。")
    if method is Service.LEFT and not (seen or reason):
        raise Incomplete("留置送达须写明两名见证人的姓名；没有见证人的，须写明原因。请补充后再提交。")
    if method is Service.PUBLISHED and not reason:
        raise Incomplete("公告送达须写明原因和经过：为何下落不明或者无法以其他方式送达，在何处公告。")
