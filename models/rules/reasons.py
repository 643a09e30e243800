"""The sentences that explain a match to people, as they are printed in the decision. 说理用语"""

from collections.abc import Iterable, Mapping

from models.rules.logic import Contradiction, Facts, Status
from models.rules.rulebook import Clause, Gate, GateKind, LegalReview, NamedBasis, Premise, ReviewLevel

PROPOSAL = "实施意见五（二）的用语是“可以”：本结果只是提示，是否从轻、减轻或者免于追究由集体审议决定。"
ADVISORY = "本案已由监察机关、司法机关处理或者存在涉嫌犯罪线索，本机关暂停作出减免责决定，本结果只供参考。"
OUT_OF_SCOPE = "不属于本机制的适用范围（非执法行为、本人不负有该项职责或者不在有效期内），不进入条款匹配。"
UNFOUNDED = "被反映的问题经核查不属实，没有责任可免，不进入条款匹配，按反映失实了结。"
SUPPORTING = "本项实质上是对依法履职的描述，单独成立时结论是未发现执法过错，与其他条款同时成立时只作补强。"
MANDATORY_REVIEW = "本项与上位法存在冲突，即使要件齐备也只能建议送法制审核，不能直接作为免责依据。"

ANSWERS = {Status.ESTABLISHED: "属实", Status.REFUTED: "不实", Status.UNPROVEN: "未证明"}
_FOUND = {Status.ESTABLISHED: "成立", Status.REFUTED: "不成立", Status.UNPROVEN: "未证明"}
_OTHERWISE = {
    Status.ESTABLISHED: "假如前提具备，本项要件成立，可以补证或者转而考虑从轻、减轻。",
    Status.UNPROVEN: "假如前提具备，本项要件也还缺证明。",
}
_REVIEW_LEVELS = {
    ReviewLevel.MANDATORY: "必须送法制审核",
    ReviewLevel.CONDITIONAL: "应当送法制审核",
    ReviewLevel.ADVICE: "建议送法制审核",
}


def statement(question: str) -> str:
    """A fact question as the statement it asks about: 是否挽回了损失？ -> 挽回了损失."""
    return question.replace("是否", "", 1).rstrip("？?")


def quoted(facts: Iterable[str], questions: Mapping[str, str], known: Facts) -> str:
    """The facts as statements with what was found, e.g. “……”（属实）、“……”（未证明）."""
    return "、".join(
        f"“{statement(questions[fact])}”（{ANSWERS[known.get(fact, Status.UNPROVEN)]}）" for fact in facts
    )


def _sentence(text: str) -> str:
    return text if text.endswith(("。", "？", "！")) else f"{text}。"


def gate(gate: Gate, status: Status, facts: str) -> str:
    """One gate: what was found and, when it takes effect, the consequence."""
    consequence = gate.consequence if status is not Status.UNPROVEN else gate.if_unproven
    acts = gate.consequence and (status is Status.REFUTED) == (gate.kind is GateKind.SCOPE)
    tail = _sentence(consequence) if consequence and (acts or status is Status.UNPROVEN) else ""
    return f"{gate.zh}：{_FOUND[status]}。{facts}。{tail}"


def elements(clause: Clause, facts: str) -> str:
    return f"{clause.label}的要件均已查明：{facts}。"


def unproven(clause: Clause, facts: str) -> str:
    return f"{clause.label}的要件尚缺证明：{facts}。请补充核实，在此之前不作有利或者不利的推定。"


def refuted(clause: Clause, facts: str) -> str:
    return f"{clause.label}的要件不成立：{facts}。"


def excluded(clause: Clause, facts: str, *, why: str) -> str:
    return _sentence(f"{clause.label}因下列事实被排除：{facts}。{why}")


def not_applicable(clause: Clause) -> str:
    return f"经核实，事项不涉及{clause.label}所列的执法环节，本项不适用。"


def held(facts: str) -> str:
    return f"五（二）首句“严格……履行法定职责”的前提尚未核清：{facts}。请先完成履职清单核对。"


def blocked(clause: Clause, facts: str, *, premise: Premise, otherwise: Status) -> str:
    head = f"{clause.label}以五（二）首句“严格……履行法定职责”为前提（{premise.zh}），该前提不具备：{facts}。"
    return head + _OTHERWISE.get(otherwise, "")


def barred(clause: Clause, gate: Gate, facts: str) -> str:
    source = gate.sources[0].ref
    basis = f"实施意见未列明，由{source}推出" if gate.inferred else source
    return f"因“{gate.zh}”（{basis}）不得适用{clause.label}免于追究：{facts}。"


def weighs_against(gate: Gate) -> str:
    return f"“{gate.zh}”已查明成立，不阻断从轻减轻，但应当作为从重或者不予减轻的权衡因素。"


def provisional(facts: str) -> str:
    return f"暂定成立，作出决定前还须逐项查清：{facts}。"


def human_only(clause: Clause) -> str:
    return f"{clause.label}是兜底条款，只能由人适用，并须写明法律、法规、规章或者文件的名称、条号和该规定自身的要件。"


def named_basis(basis: NamedBasis) -> str:
    return f"可以考虑的明文依据：{basis.zh}（{basis.basis}）。"


def supports_clearing(clause: Clause) -> str:
    return f"反映不属实，不作免责决定；{clause.label}所列的履职要求经核对已经做到，可以作为澄清正名的依据。"


def displaced(better: list[Clause]) -> str:
    names = "、".join(clause.label for clause in better)
    return f"{names}更为具体且同样成立，优先考虑；本项留存备查。"


def rivals(others: list[Clause]) -> str:
    names = "、".join(clause.label for clause in others)
    return f"本项与{names}所指的情形互相排斥，同时成立说明事实尚未分清，请法制审核择一确认并写明理由。"


def legal_review(review: LegalReview, checks: str) -> str:
    basis = f"依据：{'、'.join(review.basis)}。" if review.basis else ""
    ask = f"请一并核实：{checks}。" if checks else ""
    return f"{_REVIEW_LEVELS[review.level]}：{_sentence(review.why)}{basis}{ask}"


def contradiction(clash: Contradiction, questions: Mapping[str, str]) -> str:
    why = "；".join(clash.why)
    return f"认定自相矛盾：“{statement(questions[clash.fact])}”依不同记录既属实又不实（{why}），按未证明处理，请核实后更正其一。"
