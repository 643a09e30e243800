"""Cases: registering, lists, the file with its papers and evidence. 案件"""

import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import FileResponse, PlainTextResponse

from api.deps import (
    ActorDep,
    KeyDep,
    ReadingDep,
    RequestHashDep,
    Said,
    SessionDep,
    VersionDep,
    check_csrf,
    clock,
    etag,
    once,
    signed_before_form,
    wake_after_commit,
    writing,
)
from api.errors import Damaged
from api.read_log import ReadLogDep, note_case, note_object
from api.uploads import Upload, receive_file
from api.views import (
    CaseList,
    CasePageView,
    CaseView,
    ClauseView,
    DocumentView,
    EvidenceView,
    ReaderView,
    RespondentView,
    SignedDecisionView,
    WeighingView,
    document_view,
    evidence_added,
    item_view,
    registered,
)
from models.accounts import Signed
from models.answers import EditionChosen, NewCase, NewEvidence, NewLevel
from models.casework import add_evidence, open_case, repin_edition, set_case_level, set_document_level
from models.certificates import find
from models.database import register
from models.files import store
from models.queries import (
    MOST,
    Search,
    case_page,
    case_row,
    clauses_of,
    count_cases,
    decisions_of,
    documents,
    file_of,
    forms_of,
    list_cases,
    readers_of,
    seen_case,
    seen_document,
    seen_evidence,
    standstills_of,
    weighing_of,
)
from models.readings import ReadKind
from models.rules.confidentiality import Level
from models.rules.deadlines import beijing_day
from models.rules.errors import NotFound, NotPermitted
from models.rules.lifecycle import Stage, State
from models.rules.permissions import Action, may
from models.settings import settings

router = APIRouter(prefix="/api", tags=["案件"])

CaseId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$", description="案件编号（不是案号）")]
PaperForm = Literal["docx", "pdf", "docx.p7s", "pdf.p7s"]
MEDIA_TYPES: Mapping[str, str] = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pdf": "application/pdf",
    "docx.p7s": "application/pkcs7-signature",
    "pdf.p7s": "application/pkcs7-signature",
}
RowId = Annotated[int, Path(ge=1, le=2**31 - 1)]
Cursor = Annotated[str | None, Query(max_length=300, description="上一页给出的 next")]
Limit = Annotated[int, Query(ge=1, le=MOST)]
PAPER_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox"
_EXAMPLE = {
    "organ": "zj-yx",
    "title": "某公司分公司登记被撤销一案涉及的登记审查履职问题",
    "category": "licensing",
    "source": "review-or-litigation",
    "conduct_on": "2020-08-17",
    "narrative": "登记人员于2020年8月17日准予登记；后经判决，登记因申请材料虚假被撤销。",
    "respondents": [{"username": "zhou.kai", "post": "reviewer", "unit": "云溪区市场监督管理局城南分局"}],
    "allegations": [{"text": "审查时未能发现材料系伪造", "username": "zhou.kai"}],
}


def _with_example(openapi: dict[str, Any]) -> dict[str, Any]:
    return {"requestBody": {"content": {"application/json": {"example": openapi}}}}


@router.post("/cases", summary="登记案件", status_code=201, openapi_extra=_with_example(_EXAMPLE))
def post_case(
    body: NewCase, actor: ActorDep, session: SessionDep, request_hash: RequestHashDep, key: KeyDep = None
) -> Response:
    """由登记员登记线索：编号、按行为发生日确定手册版次、列明被核查人员，并产生第一项待办。"""

    def act() -> Said:
        case = open_case(session, body, actor=actor, now=clock())
        wake_after_commit(session, case.id)
        return 201, registered(case, case_row(session, case.id))

    return once(session, actor, act, key=key, request_hash=request_hash)


def searched(
    q: Annotated[str, Query(max_length=200, description="案号、案件名称或者被核查人员姓名")] = "",
    stage: Stage | None = None,
    state: State | None = None,
    organ: Annotated[str, Query(max_length=32, description="机关代码")] = "",
) -> Search:
    """What a list of cases is asked for; what no register can hold is taken out of it."""
    return Search(words=q.replace("\0", ""), stage=stage, state=state, organ=organ.replace("\0", ""))


SearchDep = Annotated[Search, Depends(searched)]


@router.get("/cases", summary="案件列表")
def get_cases(
    actor: ActorDep,
    session: ReadingDep,
    search: SearchDep,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> CaseList:
    """您可以查看的案件，新登记的在前；检索和筛选只在您可以查看的范围内进行。"""
    page = list_cases(session, actor, search=search, after=cursor, limit=limit)
    return CaseList(
        cases=[CaseView.model_validate(row) for row in page.rows],
        count=count_cases(session, actor, search=search),
        next=page.next,
    )


@router.get("/cases/{case_id}", summary="查看案件")
def get_case(
    case_id: CaseId, actor: ActorDep, session: ReadingDep, log: ReadLogDep, response: Response
) -> CasePageView:
    """案件的内容；被核查人员只看到与本人有关的部分。"""
    page = case_page(session, actor, case_id)
    case = page.case
    note_case(log, actor, case_id, page.facts)
    clauses = [] if page.narrow else clauses_of(session, case)
    decisions = decisions_of(session, case, respondent=page.own)
    response.headers["ETag"] = etag(case.version)
    return CasePageView(
        case=CaseView.model_validate(page.row),
        narrative="" if page.narrow else case.narrative,
        harm="" if page.narrow else case.harm,
        conduct_on=case.conduct_on,
        edition=case.edition,
        edition_reason=case.edition_reason,
        conclusion="" if page.narrow else case.conclusion,
        my_parts=sorted(page.mine),
        narrow=page.narrow,
        may_add_evidence=page.may_add_evidence,
        may_request_identity=page.may_request_identity,
        may_set_level=page.may_set_level,
        may_see_readers=page.may_see_readers,
        may_pin=page.may_pin,
        respondents=[RespondentView.model_validate(row) for row in page.respondents],
        allegations=[said.text for said in page.allegations],
        items=[item_view(row) for row in page.items],
        standstills=[
            f"『{one.kind.zh}』{one.said}"
            for one in standstills_of(session, case, page.facts, actor, on=beijing_day(clock()))
        ],
        evidence=[EvidenceView.model_validate(row) for row in page.evidence],
        clauses=[ClauseView.model_validate(row) for row in clauses],
        decisions=[SignedDecisionView.model_validate(row) for row in decisions],
    )


@router.post("/cases/{case_id}/edition", summary="改用手册版次")
def post_edition(
    case_id: CaseId,
    body: EditionChosen,
    actor: ActorDep,
    session: SessionDep,
    version: VersionDep,
    request_hash: RequestHashDep,
    key: KeyDep = None,
) -> Response:
    """由法制审核人员在提交审核意见之前，在行为时的版次和现行更为从宽的版次之间选择；条款随即重新匹配。

    必须带 If-Match（查看案件得到的 ETag）。已经适用的版次再次提交，不会有任何改动。
    """

    def act() -> Said:
        case = repin_edition(
            session,
            case_id,
            body.edition,
            body.reason,
            actor=actor,
            now=clock(),
            expect_version=version,
        )
        wake_after_commit(session, case.id)
        return 200, registered(case, case_row(session, case.id))

    return once(session, actor, act, key=key, request_hash=request_hash)


@router.get("/cases/{case_id}/weighing", summary="条款论证")
def get_weighing(
    case_id: CaseId, actor: ActorDep, session: ReadingDep, log: ReadLogDep
) -> list[WeighingView]:
    """每名人员：免责与问责对照，条款逐要件的说理，改变结果还要查明什么。只供有权查阅案卷的人员。"""
    _, facts = seen_case(session, actor, case_id, action=Action.SEE_FILE)
    note_case(log, actor, case_id, facts)
    return [WeighingView.model_validate(row) for row in weighing_of(session, actor, case_id)]


@router.get("/cases/{case_id}/readings", summary="查阅记录")
def get_readings(case_id: CaseId, actor: ActorDep, session: ReadingDep, log: ReadLogDep) -> list[ReaderView]:
    """何人在何日以何身份查阅过案卷。分管负责人随时可以查看；被核查人员在决定送达之后查看。"""
    log.flush()
    return [ReaderView.model_validate(row) for row in readers_of(session, actor, case_id)]


@router.get("/cases/{case_id}/documents", summary="文书目录")
def get_documents(case_id: CaseId, actor: ActorDep, session: ReadingDep) -> list[DocumentView]:
    """您可以查看的文书。"""
    _, facts = seen_case(session, actor, case_id)
    papers = documents(session, actor, case_id, facts)
    forms = forms_of(session, (paper.id for paper in papers))
    return [document_view(paper, forms) for paper in papers]


@router.post("/cases/{case_id}/level", summary="调整案件密级")
def post_case_level(
    case_id: CaseId,
    body: NewLevel,
    actor: ActorDep,
    session: SessionDep,
    request_hash: RequestHashDep,
    key: KeyDep = None,
) -> Response:
    """由分管负责人写明理由后调整；提高后，知悉上限不够的人员不再看到此案。"""

    def act() -> Said:
        case = set_case_level(session, case_id, body, actor=actor, now=clock())
        return 200, {"case": case.id, "level": case.level, "level_zh": Level(case.level).zh}

    return once(session, actor, act, key=key, request_hash=request_hash)


@router.post("/documents/{document_id}/level", summary="调整文书密级")
def post_document_level(
    document_id: RowId,
    body: NewLevel,
    actor: ActorDep,
    session: SessionDep,
    request_hash: RequestHashDep,
    key: KeyDep = None,
) -> Response:
    """由分管负责人写明理由后调整；案件的密级更高的，按案件。"""

    def act() -> Said:
        paper = set_document_level(session, document_id, body, actor=actor, now=clock())
        return 200, {"document": paper.id, "level": paper.level, "level_zh": Level(paper.level).zh}

    return once(session, actor, act, key=key, request_hash=request_hash)


@router.get("/documents/{document_id}", summary="查看文书", response_class=FileResponse)
def get_document(document_id: RowId, actor: ActorDep, session: ReadingDep, log: ReadLogDep) -> FileResponse:
    """文书的内容；校验值不符的不予提供。"""
    paper = seen_document(session, actor, document_id)
    note_object(log, session, actor, paper.case_id, kind=ReadKind.DOCUMENT, object_id=document_id)
    return stored_file(paper.sha256, "text/html; charset=utf-8", f"{paper.title}.html", inline=True)


@router.get("/documents/{document_id}/certificate", summary="下载留存证明", response_class=PlainTextResponse)
def get_certificate(
    document_id: RowId, actor: ActorDep, session: ReadingDep, log: ReadLogDep
) -> PlainTextResponse:
    """反对意见留存证明中经签名的部分，纯文本；凭公钥即可核验，可以作为证据提交。"""
    paper = seen_document(session, actor, document_id)
    if paper.kind != "dissent-certificate" or not store().verify(paper.sha256):
        raise NotFound
    with store().open(paper.sha256) as file:
        armour = find(file.read().decode())
    if armour is None:  # made out before certificates were signed
        raise NotFound
    note_object(log, session, actor, paper.case_id, kind=ReadKind.DOCUMENT, object_id=document_id)
    headers = {"Content-Disposition": f'attachment; filename="certificate-{document_id}.txt"'}
    return PlainTextResponse(f"{armour}\n", headers=headers | {"Cache-Control": "no-store"})


@router.get("/documents/{document_id}/{form}", summary="下载文书", response_class=FileResponse)
def get_rendition(
    document_id: RowId, form: PaperForm, actor: ActorDep, session: ReadingDep, log: ReadLogDep
) -> FileResponse:
    """同一份文书的 Word、PDF 文件，或者其电子签名（PKCS#7，与文件分离）；还没有制作的，返回 404。"""
    paper = seen_document(session, actor, document_id)
    sha256 = file_of(session, document_id, form)
    note_object(log, session, actor, paper.case_id, kind=ReadKind.DOCUMENT, object_id=document_id)
    return stored_file(sha256, MEDIA_TYPES[form], f"{paper.title}.{form}", inline=False)


@router.get("/evidence/{evidence_id}", summary="下载证据", response_class=FileResponse)
def get_evidence(evidence_id: RowId, actor: ActorDep, session: ReadingDep, log: ReadLogDep) -> FileResponse:
    """证据文件；校验值不符的不予提供。"""
    piece = seen_evidence(session, actor, evidence_id)
    note_object(log, session, actor, piece.case_id, kind=ReadKind.EVIDENCE, object_id=evidence_id)
    return stored_file(piece.sha256, piece.media_type, piece.file_name, inline=False)


def stored_file(sha256: str, media_type: str, name: str, *, inline: bool) -> FileResponse:
    """A file of the store, checked against its hash, that can do nothing in the reader's browser. Raises Damaged."""
    files = store()
    files.open(sha256).close()
    if not files.verify(sha256):
        raise Damaged
    return FileResponse(
        files.path(sha256),
        media_type=media_type,
        filename=name,
        content_disposition_type="inline" if inline else "attachment",
        headers={"Content-Security-Policy": PAPER_POLICY, "Cache-Control": "no-store", "X-SHA256": sha256},
    )


_EVIDENCE_FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["kind", "collected_by", "file"],
                    "properties": {
                        "kind": {"type": "string", "example": "书证"},
                        "collected_by": {"type": "string", "example": "罗颖"},
                        "proves": {"type": "string", "example": "申请材料齐全、符合法定形式"},
                        "formed_on": {"type": "string", "format": "date", "description": "材料形成日期"},
                        "file": {"type": "string", "format": "binary", "description": "放在表单最后"},
                    },
                }
            }
        },
    }
}


@router.post("/cases/{case_id}/evidence", summary="提交证据", status_code=201, openapi_extra=_EVIDENCE_FORM)
def post_evidence(
    case_id: CaseId,
    request: Request,
    signed: Annotated[Signed, Depends(signed_before_form)],
    key: KeyDep = None,
) -> Response:
    """提交一份证据：说明字段在前，文件在后；文件边收边存盘，按校验值保管。"""
    upload, meta = take_evidence(request, signed, case_id)
    with writing(request) as session:
        return _enter(session, signed, case_id, upload, meta=meta, key=key)


def take_evidence(request: Request, signed: Signed, case_id: str) -> tuple[Upload, NewEvidence]:
    """Stream an evidence file to the store, when the sender may hand it in and the form is in order.

    For API and pages alike; call from the endpoint's own thread. Raises NotFound, NotPermitted, ForgeryRefused,
    Incomplete, WrongType, TooLarge and pydantic.ValidationError.
    """
    with register().reading() as session:
        _, facts = seen_case(session, signed.actor, case_id)
    ruling = may(signed.actor, Action.ADD_EVIDENCE, facts)
    if not ruling.ok:
        raise NotPermitted(ruling.why)
    chosen = settings()
    metas: list[NewEvidence] = []

    def check(fields: Mapping[str, str]) -> None:
        check_csrf(signed, request.headers.get("x-csrf-token") or fields.get("csrf", ""))
        metas.append(NewEvidence.model_validate({k: v for k, v in fields.items() if k != "csrf"}))

    upload = receive_file(
        request,
        store(),
        limit=chosen.evidence_max_mb * 1024 * 1024,
        types=frozenset(kind.strip() for kind in chosen.evidence_types.split(",")),
        check=check,
    )
    return upload, metas[0]


def _enter(
    session: SessionDep, signed: Signed, case_id: str, upload: Upload, *, meta: NewEvidence, key: str | None
) -> Response:
    said = [case_id, upload.stored.sha256, upload.file_name, upload.media_type, meta.model_dump(mode="json")]

    def act() -> Said:
        row = add_evidence(
            session,
            case_id,
            meta,
            upload.stored,
            file_name=upload.file_name,
            media_type=upload.media_type,
            actor=signed.actor,
            now=clock(),
        )
        return 201, evidence_added(row)

    # The boundary of a form differs each time it is sent; what counts is what the form says.
    request_hash = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
    return once(session, signed.actor, act, key=key, request_hash=request_hash)
