"""What keeps somebody out of a case without anybody having to apply for it. 应当回避的关系

Kin: 公务员法 74、76. Who handled or approved the matter itself would judge an act of one's own: 公务员法 76（二）.
"""

from enum import StrEnum

KIN = "与被核查人员有申报的亲属关系，应当回避"
INVOLVED = "经办、审核或者批准过本案所涉事项，应当回避"


class Kinship(StrEnum):
    """How two people who serve are related. 亲属关系（公务员法第七十四条）"""

    SPOUSE = "spouse"
    LINEAL = "lineal"
    COLLATERAL = "collateral"
    AFFINITY = "affinity"

    @property
    def zh(self) -> str:
        """The relation in the words of the law."""
        return {
            "spouse": "夫妻关系",
            "lineal": "直系血亲关系",
            "collateral": "三代以内旁系血亲关系",
            "affinity": "近姻亲关系",
        }[self]
