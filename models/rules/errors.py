"""Every way a case can refuse to move. 业务异常

    CaseworkError
    ├── NotFound        查无此项
    ├── NotPermitted    无权办理
    │   └── Recused     应当回避
    ├── Conflict        与案件现状冲突
    │   ├── WrongStage  环节不符
    │   ├── AlreadyDone 已办理且结论不同
    │   ├── Stale       页面已过时
    │   └── Locked      已移送，本机关暂停处理
    └── Incomplete      材料或事实不全

A message says what, why and what next; `code` is stable and part of the API.
"""


class CaseworkError(Exception):
    """The case cannot move this way. 案件不能这样办理"""

    code = "casework"

    def __init__(self, message: str = "") -> None:
        # The docstring is the default message, so that no refusal is ever silent.
        super().__init__(message or (self.__doc__ or "").strip())


class NotFound(CaseworkError):
    """查无此项，请核对编号；也可能您无权查看。"""

    code = "not-found"


class NotPermitted(CaseworkError):
    """您没有办理此事项的权限；如确需办理，请联系案件承办机构。"""

    code = "not-permitted"


class Recused(NotPermitted):
    """您与本案有应当回避的关系，不能参与办理。"""

    code = "recused"


class Conflict(CaseworkError):
    """与案件现状冲突，请刷新后再办。"""

    code = "conflict"


class WrongStage(Conflict):
    """案件所处环节不符，此事项现在不能办理。"""

    code = "wrong-stage"


class AlreadyDone(Conflict):
    """此事项已经办理，且与本次提交的内容不同；如需更正，请申请退回。"""

    code = "already-done"


class Stale(Conflict):
    """您看到的页面已过时，请刷新后重新提交；您填写的内容没有保存到案件。"""

    code = "stale"


class Locked(Conflict):
    """案件已移送，其他机关答复前本机关不得作出处理（同一行为不重复处理）。"""

    code = "locked"


class Incomplete(CaseworkError):
    """材料或事实不全，请补充后再提交。"""

    code = "incomplete"
