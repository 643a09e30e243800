"""The only writers of a case: every act of a person or of the office, one transaction and one event each. 办案

`office` holds what the office writes back about its own work and is used by `tasks` alone.
"""

from models.casework import office
from models.casework.answering import answer_work_item, record_absence, save_draft
from models.casework.chain import Broken, verify_all, verify_chain
from models.casework.confidentiality import set_case_level, set_document_level
from models.casework.depositing import Paper, attach_deposit, file_deposit, reply_deposit, verify_deposits
from models.casework.handling import handle_case, handle_item
from models.casework.holding import resume_due
from models.casework.identity import open_identity, request_identity, rule_on_identity
from models.casework.kin import declare_kin, end_kin
from models.casework.numbers import number_paper, paper_number, reserve_number, take_number, void_number
from models.casework.opening import add_evidence, open_case
from models.casework.pinning import pin_step
from models.casework.record import item_facts
from models.casework.reminding import remind
from models.casework.repinning import repin_edition
from models.casework.replay import Replayed, replay
from models.casework.standing_still import Standstill, keepers_of, standstills, tell_standstills, to_tell
from models.casework.substituting import end_substitution, name_substitute
from models.casework.transcribing import take_interview, take_opinion

__all__ = [
    "Broken",
    "Paper",
    "Replayed",
    "Standstill",
    "add_evidence",
    "answer_work_item",
    "attach_deposit",
    "declare_kin",
    "end_kin",
    "end_substitution",
    "file_deposit",
    "handle_case",
    "handle_item",
    "item_facts",
    "keepers_of",
    "name_substitute",
    "number_paper",
    "office",
    "open_case",
    "open_identity",
    "paper_number",
    "pin_step",
    "record_absence",
    "remind",
    "reply_deposit",
    "repin_edition",
    "replay",
    "request_identity",
    "reserve_number",
    "rule_on_identity",
    "resume_due",
    "save_draft",
    "set_case_level",
    "set_document_level",
    "standstills",
    "take_number",
    "tell_standstills",
    "to_tell",
    "take_interview",
    "take_number",
    "take_opinion",
    "verify_all",
    "verify_chain",
    "verify_deposits",
    "void_number",
]
