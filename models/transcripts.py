"""The shape of an interview and of an expert opinion as they are taken down. 笔录和论证意见"""

from datetime import date
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from models.answers import FilledLine, FilledText, Line, Name, Shape, Text


class Exchange(Shape):
    """One question of an interview and what was answered. 问答"""

    question: FilledText
    answer: FilledText


class NewInterview(Shape):
    """谈话笔录: who was asked, when and where, that the rights were told, every question with its answer."""

    person: Name = Field(description="被谈话人姓名")
    capacity: Literal["respondent", "witness", "party", "other"] = Field(
        description="respondent 被核查执法人员，witness 知情人，party 行政相对人，other 其他"
    )
    unit: Line = ""
    place: FilledLine
    began_at: AwareDatetime
    ended_at: AwareDatetime
    second: FilledLine = Field(description="另一名调查人员的用户名")
    recorder: Line = ""
    rights_told: bool = Field(description="已出示证件、告知权利义务和申请回避的权利")
    exchanges: Annotated[list[Exchange], Field(min_length=1, max_length=300)]
    corrections: Text = Field("", description="被谈话人核对后要求更正、补充的内容")
    signed: bool = Field(description="被谈话人逐页签名；拒绝的为否")
    refusal: Text = Field("", description="拒绝签名的，注明的情况")


class Expert(Shape):
    """One who was asked for an opinion. 论证专家"""

    name: Name
    unit: FilledLine
    title: Line = ""


class NewExpertOpinion(Shape):
    """专业论证意见: the question put, who answered it, why, and who held otherwise."""

    question: FilledText
    experts: Annotated[list[Expert], Field(min_length=1, max_length=15)]
    no_ties: bool = Field(description="各专家与本案均没有应当回避的关系，并已书面确认")
    reasoning: FilledText
    opinion: FilledText
    dissent: Text = Field("", description="不同意见，没有的不填")
    formed_on: date
