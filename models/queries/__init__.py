"""All reads of pages and API, each with the reader's rights applied. 查询"""

from models.queries.asked import ItemPage, candidates, item_page
from models.queries.cases import (
    CasePage,
    CaseRow,
    RespondentRow,
    TimelineRow,
    case_page,
    case_row,
    count_cases,
    documents,
    evidence,
    list_cases,
    respondents,
    timeline,
)
from models.queries.inbox import ItemRow, draft_of, inbox, inbox_count, notices_to
from models.queries.paging import COUNTED, MOST, BadCursor, Page
from models.queries.portal import NoticeRow, published_notice, published_notices
from models.queries.rights import (
    answerable,
    case_facts,
    may_read,
    narrow,
    own_respondent,
    seen_case,
    seen_document,
    seen_evidence,
    seen_item,
    visible,
)
from models.queries.weighed import clauses_of, decisions_of, outcomes_open
from models.queries.worksheets import worksheets

__all__ = [
    "COUNTED",
    "MOST",
    "BadCursor",
    "CasePage",
    "CaseRow",
    "ItemPage",
    "ItemRow",
    "NoticeRow",
    "Page",
    "RespondentRow",
    "TimelineRow",
    "answerable",
    "candidates",
    "case_facts",
    "case_page",
    "case_row",
    "clauses_of",
    "count_cases",
    "decisions_of",
    "documents",
    "draft_of",
    "evidence",
    "inbox",
    "inbox_count",
    "item_page",
    "list_cases",
    "may_read",
    "narrow",
    "notices_to",
    "outcomes_open",
    "own_respondent",
    "published_notice",
    "published_notices",
    "respondents",
    "seen_case",
    "seen_document",
    "seen_evidence",
    "seen_item",
    "timeline",
    "visible",
    "worksheets",
]
