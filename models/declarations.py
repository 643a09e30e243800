"""The shape of what people put on record outside a case: kin, absences, deposits in advance. 申报和留存"""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from models.answers import FilledText, Line, Shape
from models.rules.ties import Kinship


class KinDeclared(Shape):
    """亲属关系申报（公务员法第七十四条）"""

    to: Annotated[Line, Field(min_length=1)]  # username
    relation: Kinship


class NewDeposit(Shape):
    """在先留存：书面请示、非职责任务告知、紧急情况报告"""

    kind: Literal["inquiry", "not-our-duty", "emergency"]
    to: Line  # username of the superior
    title: Annotated[Line, Field(min_length=1)]
    text: FilledText
    paper_sha256: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")] = ""


class NewSubstitution(Shape):
    """外出和代理：谁在哪些日子不在岗，由谁代理"""

    person: Line = ""  # username of who is away; empty: oneself
    substitute: Line = ""  # username; empty: nobody stands in
    first_day: date
    last_day: date  # included
    why: Literal["leave", "travel", "training", "other"]
    reason: Annotated[Line, Field(max_length=200)] = ""


class DepositReply(Shape):
    """对在先留存的答复"""

    text: FilledText


class DepositAttached(Shape):
    """将在先留存提交为本案证据"""

    deposit: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
